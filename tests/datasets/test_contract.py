from pathlib import Path

import pytest

from tests.datasets import made_ava, made_folder, made_ucf101_24
from tests.datasets.contract import DatasetContract
from tests.datasets.made_jhmdb import TRAIN_AND_TEST, annotation, write_clips, write_masks, write_pickle
from zsstad_core.datasets import DATASETS
from zsstad_core.settings import datasets as settings
from zsstad_core.settings.datasets import Datasets
from zsstad_core.settings.pipeline import Settings


class TestJhmdb(DatasetContract):
    @pytest.fixture(params=["JHMDB-GT.pkl", "puppet_mask"])
    def chosen(self, tmp_path: Path, request: pytest.FixtureRequest) -> Settings:
        write_pickle(tmp_path, annotation())
        write_masks(tmp_path)
        write_clips(tmp_path, TRAIN_AND_TEST)
        jhmdb = settings.Jhmdb(root=str(tmp_path), groundtruth=request.param)
        return Settings(dataset="jhmdb", datasets=Datasets(jhmdb=jhmdb))


class TestUcf101_24(DatasetContract):
    @pytest.fixture
    def chosen(self, tmp_path: Path) -> Settings:
        made_ucf101_24.write_all(tmp_path)
        return Settings(dataset="ucf101_24", datasets=Datasets(ucf101_24=settings.Ucf101_24(root=str(tmp_path))))


class TestFolder(DatasetContract):
    published_splits = False

    @pytest.fixture
    def chosen(self, tmp_path: Path) -> Settings:
        made_folder.write_videos(tmp_path)
        made_folder.write_csv(tmp_path)
        folder = settings.Folder(root=str(tmp_path), annotation="boxes.csv")
        return Settings(dataset="folder", datasets=Datasets(folder=folder))


class TestAva(DatasetContract):
    @pytest.fixture
    def chosen(self, tmp_path: Path) -> Settings:
        made_ava.write_annotation(tmp_path, val=made_ava.rows(made_ava.TEST))
        made_ava.write_places(tmp_path)
        return Settings(dataset="ava", split="3", datasets=Datasets(ava=settings.Ava(root=str(tmp_path))))


class TestStickworld(DatasetContract):
    @pytest.fixture
    def chosen(self, stickworld: settings.Stickworld) -> Settings:
        return Settings(dataset="stickworld", datasets=Datasets(stickworld=stickworld))


def test_no_dataset_is_without_its_contract() -> None:
    assert {name.removeprefix("Test").lower() for name in globals() if name.startswith("Test")} == set(DATASETS)
