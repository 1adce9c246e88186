"""What is left out of an import is there when it is asked for."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from zsstad_core import light_imports

ALL = """
import sys
import zsstad_core
import open_clip
import zsstad_core.frozen.detector.mmdet.libraries
import supervision

left_out = [name for name in ("torch._dynamo", "sympy", "timm", "matplotlib", "scipy.optimize") if name in sys.modules]
assert left_out == [], left_out

from torchvision.ops import roi_align as module
asked = sys.modules["torchvision.ops.roi_align"].is_compile_supported
assert "torch._dynamo" not in sys.modules
assert asked("cpu") == sys.modules["torch._dynamo.utils"].is_compile_supported("cpu")

import numpy
from mmdet.models.task_modules.assigners import hungarian_assigner
rows, columns = hungarian_assigner.linear_sum_assignment(numpy.array([[2.0, 1.0], [1.0, 2.0]]))
assert columns.tolist() == [1, 0]
import scipy.optimize
assert scipy.optimize.__file__

zsstad_core.light_imports.import_timm()
assert open_clip.timm_model.TimmModel("test_vit", embed_dim=8, pool="", proj="linear").trunk is not None
import timm
assert timm.__file__
print("all there")
"""


def python(code: str, *, folder: Path = ROOT, path: str = "") -> "subprocess.CompletedProcess[str]":
    words = [sys.executable, "-W", "ignore", "-c", code]
    return subprocess.run(words, cwd=folder, env={"PYTHONPATH": path}, capture_output=True, text=True, check=False)


def test_what_is_left_out_is_imported_when_it_is_called() -> None:
    done = python(ALL)
    assert (done.stdout, done.returncode) == ("all there\n", 0), done.stderr


@pytest.mark.parametrize("needs", ["from timm import models", "import timm.layers"])
def test_a_version_that_cannot_do_without_gets_what_it_needs(tmp_path: Path, needs: str) -> None:
    for name, text in {"timm": "", "open_clip": f"from open_clip import part\n{needs}\n"}.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text(text)
    (tmp_path / "open_clip" / "part.py").write_text("")
    for name in ("models", "layers"):
        (tmp_path / "timm" / f"{name}.py").write_text("")
    code = "import zsstad_core, open_clip, timm; print(open_clip.part.__name__, timm.__file__)"
    done = python(code, folder=tmp_path, path=f"{tmp_path}:{ROOT}")
    assert done.stdout == f"open_clip.part {tmp_path}/timm/__init__.py\n", done.stderr


def test_what_is_missing_for_another_reason_is_missed(tmp_path: Path) -> None:
    (tmp_path / "open_clip").mkdir()
    (tmp_path / "open_clip" / "__init__.py").write_text("import no_such_library")
    done = python("import zsstad_core, open_clip", folder=tmp_path, path=f"{tmp_path}:{ROOT}")
    assert done.stderr.splitlines()[-1] == "ModuleNotFoundError: No module named 'no_such_library'"


def test_installing_twice_does_no_more_than_once() -> None:
    light_imports.install()
    light_imports.install()
    assert sum(type(finder).__module__ == light_imports.__name__ for finder in sys.meta_path) == 1
