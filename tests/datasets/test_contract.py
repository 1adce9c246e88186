from pathlib import Path

import pytest

from tests.datasets.contract import DatasetContract
from tests.datasets.made_jhmdb import TRAIN_AND_TEST, annotation, write_clips, write_masks, write_pickle
from zsstad_core import settings
from zsstad_core.datasets import DATASETS
from zsstad_core.settings import Datasets, Settings


class TestJhmdb(DatasetContract):
    @pytest.fixture(params=["JHMDB-GT.pkl", "puppet_mask"])
    def chosen(self, tmp_path: Path, request: pytest.FixtureRequest) -> Settings:
        write_pickle(tmp_path, annotation())
        write_masks(tmp_path)
        write_clips(tmp_path, TRAIN_AND_TEST)
        jhmdb = settings.Jhmdb(root=str(tmp_path), groundtruth=request.param)
        return Settings(dataset="jhmdb", datasets=Datasets(jhmdb=jhmdb))


class TestStickworld(DatasetContract):
    @pytest.fixture
    def chosen(self, stickworld: settings.Stickworld) -> Settings:
        return Settings(dataset="stickworld", datasets=Datasets(stickworld=stickworld))


def test_no_dataset_is_without_its_contract() -> None:
    assert {name.removeprefix("Test").lower() for name in globals() if name.startswith("Test")} == set(DATASETS)
