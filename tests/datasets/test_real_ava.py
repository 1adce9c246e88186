"""The real annotation files of AVA, read whole."""

from pathlib import Path

import pytest

from tests.datasets.made_ava import UNSEEN
from zsstad_core.datasets.ava import Ava
from zsstad_core.settings import datasets as settings
from zsstad_core.splits import load_split
from zsstad_core.tables import BOX
from zsstad_core.unplaced import UNPLACED

LABELMAPS = ["ava_action_list_v1.0.pbtxt", "ava_action_list_v2.0_80classes.csv"]


def ava(realdata: Path, tmp_path: Path, val: str, labelmap: str = LABELMAPS[0]) -> Ava:
    (tmp_path / "train.csv").write_text("a_video_0000,0902,0.1,0.1,0.2,0.2,12,0\n")
    folder = realdata / "annotations" / "ava"
    none = {"excluded_train": None, "excluded_val": None}
    chosen = settings.Ava(
        root=str(tmp_path), train="train.csv", val=str(folder / val), labelmap=str(folder / labelmap), **none
    )
    return Ava(chosen)


@pytest.mark.parametrize(
    ("name", "videos", "rows", "persons", "keyframes", "classes", "first"),
    [
        ("ava_val_v2.1_pose_only_AVA-II.csv", 64, 93_400, 93_393, 50_029, 14, 902),
        ("ava_test_v1.0.csv", 38, 41_425, 18_824, 10_140, 76, 904),
    ],
)
def test_every_row_becomes_a_row(
    realdata: Path, tmp_path: Path, name, videos, rows, persons, keyframes, classes, first
):
    dataset = ava(realdata, tmp_path, name)
    assert sum(part == "test" for part in dataset.official_split().values()) == videos
    found = dataset.groundtruth()
    found = found[found["video_id"] != "a_video_0000"]
    assert len(found) == rows
    assert len(found.drop_duplicates(["video_id", "frame", "box"])) == persons
    assert len(found.drop_duplicates(["video_id", "frame"])) == keyframes
    assert found["class_name"].nunique() == classes
    assert (found["frame"].min(), found["frame"].max()) == (UNPLACED + first, UNPLACED + 1798)
    assert found[BOX].to_numpy().max() <= 1


def test_a_row_of_the_file_stands_in_the_table(realdata: Path, tmp_path: Path):
    found = ava(realdata, tmp_path, "ava_test_v1.0.csv").groundtruth()
    person = found[(found["video_id"] == "053oq2xB3oU") & (found["frame"] == UNPLACED + 907) & (found["x1"] > 0.73)]
    assert set(person["class_name"]) == {"sit", "watch (a person)"}
    assert person["box"].nunique() == 1


@pytest.mark.fault(36)
@pytest.mark.parametrize("labelmap", LABELMAPS)
@pytest.mark.parametrize("split", UNSEEN)
def test_the_names_of_a_label_split_are_those_of_its_published_numbers(realdata: Path, tmp_path: Path, split, labelmap):
    dataset = ava(realdata, tmp_path, "ava_test_v1.0.csv", labelmap)
    assert load_split("ava", split, dataset.classes).unseen == tuple(dataset.classes[i - 1] for i in UNSEEN[split])


@pytest.mark.fault(36)
def test_the_60_classes_leave_out_20_and_are_told_apart_from_the_80(realdata: Path, tmp_path: Path):
    labelmap = "ava_action_list_v2.1_for_activitynet_2018.pbtxt.txt"
    dataset = ava(realdata, tmp_path, "ava_test_v1.0.csv", labelmap)
    assert len(dataset.classes) == 60
    kept = len(dataset.groundtruth()) - 1
    notes = dataset.groundtruth().attrs["notes"]
    assert notes == [f"ava_test_v1.0.csv: {41_425 - kept} rows left out, of actions that {labelmap} lacks"]
