"""What every dataset must hold, whatever its files look like. test_contract.py makes it run for each."""

import subprocess
import sys
from itertools import count

import pytest

from zsstad_core.datasets import open_dataset
from zsstad_core.datasets.base import Dataset
from zsstad_core.errors import SettingsError
from zsstad_core.settings.pipeline import Settings
from zsstad_core.splits import load_split
from zsstad_core.tables import BOX, COLUMNS


class DatasetContract:
    """Needs a fixture `chosen`: settings whose dataset is there, with all its clips."""

    published_splits = True
    """Whether there are numbered label splits of its classes, which a user's own data has not."""

    @pytest.fixture
    def dataset(self, chosen: Settings) -> Dataset:
        return open_dataset(chosen.dataset, chosen)

    def test_classes_are_named_once(self, dataset: Dataset) -> None:
        assert len(set(dataset.classes)) == len(dataset.classes) > 1
        assert all(name and name == name.strip() for name in dataset.classes)

    def test_videos_are_there_sorted_and_named_once(self, dataset: Dataset) -> None:
        ids = [source.video_id for source in dataset.videos()]
        assert ids
        assert ids == sorted(set(ids))
        assert all(source.path.exists() for source in dataset.videos())

    def test_every_wanted_video_is_on_disk_or_missing(self, dataset: Dataset) -> None:
        here, missing = {source.video_id for source in dataset.videos()}, dataset.missing()
        assert missing == sorted(missing)
        assert here.isdisjoint(missing)
        assert here | set(missing) == dataset.official_split().keys()
        assert dataset.official_split().keys().isdisjoint(dataset.unlisted())

    def test_there_is_something_to_train_and_something_to_test_on(self, dataset: Dataset) -> None:
        official = dataset.official_split()
        assert list(official) == sorted(official)
        assert set(official.values()) == {"train", "test"}

    def test_ground_truth_is_the_table_of_that_name(self, dataset: Dataset) -> None:
        rows = dataset.groundtruth()
        assert dict(rows.dtypes.astype(str)) == COLUMNS["groundtruth"]
        assert rows["decoded"].all()
        assert (rows["frame"] >= 0).all()
        assert ((rows["x1"] < rows["x2"]) & (rows["y1"] < rows["y2"])).all()

    def test_ground_truth_is_of_every_wanted_video_and_of_known_classes(self, dataset: Dataset) -> None:
        rows = dataset.groundtruth()
        assert set(rows["video_id"]) == dataset.official_split().keys()
        assert set(rows["class_name"]) <= set(dataset.classes)

    def test_a_person_has_one_box_in_a_frame_and_each_class_once(self, dataset: Dataset) -> None:
        rows = dataset.groundtruth()
        person = ["video_id", "frame", "box"]
        assert not rows.duplicated([*person, "class_name"]).any()
        assert (rows.groupby(person)[BOX].nunique() == 1).all(axis=None)

    def test_annotation_files_are_there(self, dataset: Dataset) -> None:
        files = dataset.annotation_files()
        assert files
        assert all(path.is_file() for path in files)

    def test_a_second_look_sees_the_same(self, chosen: Settings, dataset: Dataset) -> None:
        again = open_dataset(chosen.dataset, chosen)
        assert again.videos() == dataset.videos()
        assert again.official_split() == dataset.official_split()
        assert again.groundtruth().equals(dataset.groundtruth())

    def test_label_splits_are_of_its_classes(self, chosen: Settings, dataset: Dataset) -> None:
        for split in count(1):
            try:
                labels = load_split(chosen.dataset, split, dataset.classes)
            except SettingsError:
                break
            assert sorted((*labels.seen, *labels.unseen)) == sorted(dataset.classes)
        assert (split > 1) == self.published_splits

    def test_a_plan_lists_it_without_pandas_a_decoder_or_anything_that_draws(self, chosen: Settings) -> None:
        code = (
            "import sys; from zsstad_core.datasets import open_dataset\n"
            "from zsstad_core.settings.pipeline import Settings\n"
            f"chosen = Settings.model_validate_json({chosen.model_dump_json()!r})\n"
            "dataset = open_dataset(chosen.dataset, chosen)\n"
            "print(len(dataset.videos()), dataset.missing(), len(dataset.official_split()), bool(dataset.unlisted()))\n"
            "print(sorted({'av', 'PIL', 'cv2', 'pandas', 'pyarrow', 'scipy', 'torch'} & set(sys.modules)))"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        here = len(open_dataset(chosen.dataset, chosen).videos())
        assert done.stdout.splitlines() == [f"{here} [] {here} False", "[]"]
