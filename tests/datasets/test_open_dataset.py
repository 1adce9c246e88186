"""Opening a dataset by name: quickly, and with a hint where the name is wrong."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.datasets.made_jhmdb import annotation, write_clips, write_pickle
from zsstad_core.datasets import open_dataset
from zsstad_core.errors import SettingsError
from zsstad_core.settings.datasets import Datasets, Jhmdb
from zsstad_core.settings.pipeline import Settings

ALL = "jhmdb, ucf101_24, ava, folder, stickworld"


@pytest.mark.parametrize("name", ["JHMDB", "j-hmdb", "jhmbd"])
def test_a_misspelt_dataset_gets_a_hint(name: str):
    with pytest.raises(SettingsError, match=rf'dataset is "{name}"; it must be one of {ALL} \(did you mean jhmdb\?\)'):
        open_dataset(name, Settings())


def test_an_unlike_name_gets_the_list():
    with pytest.raises(SettingsError, match=rf'dataset is "kinetics"; it must be one of {ALL}$'):
        open_dataset("kinetics", Settings())


def test_a_plan_lists_videos_without_loading_pandas_or_a_decoder(tmp_path: Path):
    write_pickle(tmp_path, annotation())
    write_clips(tmp_path, ["wave/a_clip"])
    assert len(open_dataset("jhmdb", Settings(datasets=Datasets(jhmdb=Jhmdb(root=str(tmp_path))))).videos()) == 1
    code = (
        "import sys; from zsstad_core.datasets import open_dataset\n"
        "from zsstad_core.settings.datasets import *; from zsstad_core.settings.pipeline import *\n"
        f"jhmdb = open_dataset('jhmdb', Settings(datasets=Datasets(jhmdb=Jhmdb(root={str(tmp_path)!r}))))\n"
        "print(len(jhmdb.videos()), len(jhmdb.missing()), len(jhmdb.official_split()))\n"
        "print(sorted({'av', 'PIL', 'pandas', 'scipy', 'torch'} & set(sys.modules)))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.splitlines() == ["1 7 8", "[]"]
