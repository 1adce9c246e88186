"""Label splits: an unseen class that slips into training makes every zero-shot number wrong."""

from pathlib import Path

import pytest

from zsstad_core.datasets.jhmdb import CLASSES
from zsstad_core.errors import DataError, SettingsError
from zsstad_core.splits import load_split


@pytest.mark.parametrize("split", [1, 2, 3, 4])
def test_seen_and_unseen_part_the_classes(split: int):
    labels = load_split("jhmdb", split, CLASSES)
    assert labels.name == f"jhmdb-{split}"
    assert len(labels.unseen) == 6
    assert sorted(labels.seen + labels.unseen) == list(CLASSES)
    assert labels.seen == tuple(name for name in CLASSES if name not in labels.unseen)


def test_split_1_is_the_published_one():
    assert load_split("jhmdb", 1, CLASSES).unseen == ("clap", "sit", "wave", "throw", "pullup", "catch")


@pytest.mark.parametrize("split", [1, 2, 3, 4])
def test_lists_equal_the_published_label_files(realdata: Path, split: int):
    folder = realdata / f"annotations/st_clip_zs_jhmdb/label_splits/label_split_{split}"
    labels = load_split("jhmdb", split, CLASSES)
    assert list(labels.unseen) == (folder / "test_label.txt").read_text().split()
    assert set(labels.seen) == set((folder / "train_label.txt").read_text().split())


@pytest.mark.parametrize("split", [0, 5])
def test_an_unknown_split_is_refused_with_those_that_exist(split: int):
    with pytest.raises(SettingsError, match=rf"split is {split}; jhmdb has 1, 2, 3, 4"):
        load_split("jhmdb", split, CLASSES)


def test_a_dataset_without_splits_is_named():
    with pytest.raises(SettingsError, match='dataset "kinetics" has no label splits; those of jhmdb, stickworld exist'):
        load_split("kinetics", 1, ["a"])


@pytest.mark.fault(37)
@pytest.mark.parametrize(
    ("unseen", "words"),
    [
        ("[a, kick ball]", "split 1: kick ball: not among the classes of toy"),
        ("[a, 7]", "split 1: 7: not among the classes"),
        ("[a, b, a]", "split 1: a: named twice"),
        ("[]", "split 1: no class is unseen"),
        ("", "split 1: no class is unseen"),
        ("[a, b, c]", "split 1: no class is seen"),
    ],
)
def test_a_wrong_list_is_refused(tmp_path: Path, unseen: str, words: str):
    (tmp_path / "toy.yaml").write_text(f"1: {unseen}\n")
    with pytest.raises(DataError, match=rf"toy\.yaml: {words}"):
        load_split("toy", 1, ["a", "b", "c"], tmp_path)
