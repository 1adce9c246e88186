import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from zsstad_core.errors import MissingFileError, ModelError
from zsstad_core.frozen.detector.mmdet.config import config_files, resolve_config

NANO = "yolox/yolox_nano_8xb8-300e_coco.py"


def names(config: str) -> list[str]:
    return [file.name for file in config_files(config)]


def test_every_parent_of_a_config_is_listed():
    assert names(NANO) == [
        "yolox_nano_8xb8-300e_coco.py",
        "yolox_tiny_8xb8-300e_coco.py",
        "yolox_s_8xb8-300e_coco.py",
        "schedule_1x.py",
        "default_runtime.py",
        "yolox_tta.py",
    ]


def test_the_files_are_those_that_mmengine_reads():
    from mmengine.config import Config

    configs = resolve_config(NANO).parent.parent
    for config in sorted(configs.glob("*/*.py"))[::40]:
        read = Config.fromfile(config, import_custom_modules=False).text
        paths = {Path(line) for line in re.findall(r"^(/.*\.py)$", read, re.MULTILINE)}
        assert {file.resolve() for file in config_files(str(config))} == {path.resolve() for path in paths}


def test_a_plan_lists_configs_without_loading_torch():
    code = (
        "import sys; from zsstad_core.frozen.detector.mmdet.config import config_files;"
        f"config_files({NANO!r}); print({{'torch', 'mmengine', 'mmdet', 'mmcv'}} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_ones_own_config_may_stand_on_mmdets_and_on_a_neighbour(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("neighbour.py").write_text("model = dict()\n")
    Path("own.py").write_text(f"_base_ = ['./neighbour.py', 'mmdet::{NANO}', '../{tmp_path.name}/neighbour.py']\n")
    assert resolve_config("own.py") == Path("own.py")
    assert names("own.py")[:3] == ["own.py", "neighbour.py", "yolox_nano_8xb8-300e_coco.py"]
    assert names("own.py").count("neighbour.py") == 1


def test_a_misspelt_config_suggests_the_right_one():
    with pytest.raises(MissingFileError, match=f"did you mean {NANO}"):
        resolve_config("yolox/yolox_nano_8xb8_300e_coco.py")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("_base_ = 'gone.py'", r"own\.py: `_base_` names gone\.py, but there is no file"),
        ("import os\n_base_ = os.environ['BASE']", r"own\.py:2: `_base_` must be a path or a list of paths"),
        ("with read_base():\n    from .x import *", r"own\.py:1: read_base\(\) is not supported"),
        ("_base_ = 'nosuchpackage::x/y.py'", "nosuchpackage is not installed"),
        ("model = dict(", r"own\.py: not an mmdet config"),
    ],
)
def test_a_parent_that_cannot_be_read_is_said_in_one_line(tmp_path, text, message):
    (tmp_path / "own.py").write_text(text)
    with pytest.raises((ModelError, MissingFileError), match=message) as error:
        config_files(str(tmp_path / "own.py"))
    assert "\n" not in str(error.value)


def test_configs_that_name_each_other_do_not_hang(tmp_path):
    (tmp_path / "a.py").write_text("_base_ = 'b.py'")
    (tmp_path / "b.py").write_text("_base_ = 'a.py'")
    assert [file.name for file in config_files(str(tmp_path / "a.py"))] == ["a.py", "b.py"]
