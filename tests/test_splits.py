"""Label splits: an unseen class that slips into training makes every zero-shot number wrong."""

import hashlib
from pathlib import Path

import pytest

from zsstad_core.datasets.jhmdb import CLASSES
from zsstad_core.errors import DataError, MissingFileError, SettingsError
from zsstad_core.splits import first_name, load_split, published_splits, refuse_empty

TOY = ("a", "b", "c", "brush_hair")


@pytest.mark.parametrize("split", [1, 2, 3, 4])
def test_seen_and_unseen_part_the_classes(split: int):
    labels = load_split("jhmdb", split, CLASSES)
    assert labels == load_split("jhmdb", str(split), CLASSES)
    assert labels.name == f"jhmdb-{split}"
    assert len(labels.unseen) == 6
    assert sorted(labels.seen + labels.unseen) == list(CLASSES)
    assert labels.seen == tuple(name for name in CLASSES if name not in labels.unseen)


def test_split_1_is_the_published_one_and_75_25_is_another_name_of_it():
    assert load_split("jhmdb", 1, CLASSES).unseen == ("clap", "sit", "wave", "throw", "pullup", "catch")
    assert load_split("jhmdb", "75/25", CLASSES).unseen == load_split("jhmdb", 1, CLASSES).unseen
    assert (first_name("jhmdb", "75/25"), first_name("jhmdb", "50/50-0")) == ("1", "50/50-0")
    assert published_splits("jhmdb") == ["1", "2", "3", "4"]  # a list once


@pytest.mark.parametrize("split", [1, 2, 3, 4])
def test_lists_equal_the_published_label_files(realdata: Path, split: int):
    folder = realdata / f"annotations/st_clip_zs_jhmdb/label_splits/label_split_{split}"
    labels = load_split("jhmdb", split, CLASSES)
    assert list(labels.unseen) == (folder / "test_label.txt").read_text().split()
    assert set(labels.seen) == set((folder / "train_label.txt").read_text().split())


# ---- splits that are no list


def test_full_supervision_sees_everything_and_all_unseen_nothing():
    full, none = load_split("jhmdb", "full", CLASSES), load_split("jhmdb", "all-unseen", CLASSES)
    assert (full.seen, full.unseen) == (CLASSES, ())
    assert (none.seen, none.unseen) == ((), CLASSES)


def test_leaving_a_class_out_leaves_out_that_one():
    labels = load_split("jhmdb", "without-kick_ball", CLASSES)
    assert labels.unseen == ("kick_ball",)
    assert labels.seen == tuple(name for name in CLASSES if name != "kick_ball")
    with pytest.raises(SettingsError, match=r"kick ball is no class of jhmdb \(did you mean kick_ball\?\)"):
        load_split("jhmdb", "without-kick ball", CLASSES)


def test_a_draw_is_the_same_everywhere_and_always():
    """These lists are what people will have published: they must never change."""
    assert load_split("jhmdb", "50/50-0", CLASSES).unseen == (
        *("brush_hair", "climb_stairs", "kick_ball", "pour", "pullup", "run"),
        *("shoot_gun", "sit", "stand", "walk", "wave"),
    )
    assert load_split("jhmdb", "75/25-1", CLASSES).unseen == ("golf", "pour", "pullup", "run", "throw", "wave")


@pytest.mark.parametrize(("percent", "count"), [(50, 11), (25, 6)])
@pytest.mark.parametrize("seed", [0, 7])
def test_a_draw_follows_the_rule_that_the_page_states(percent: int, count: int, seed: int):
    ranked = sorted((hashlib.sha256(f"{seed} {name}".encode()).hexdigest(), name) for name in CLASSES)
    labels = load_split("jhmdb", f"{100 - percent}/{percent}-{seed}", CLASSES)
    assert set(labels.unseen) == {name for _, name in ranked[:count]}
    assert sorted(labels.unseen + labels.seen) == list(CLASSES)
    assert load_split("jhmdb", f"{100 - percent}/{percent}-{seed}", CLASSES[::-1]).unseen == labels.unseen[::-1]


def test_draws_of_different_seeds_differ():
    assert len({load_split("jhmdb", f"50/50-{seed}", CLASSES).unseen for seed in range(20)}) == 20


# ---- a user's own file


def own(folder: Path, text: str, name: str = "", classes: tuple[str, ...] = TOY):
    file = folder / "mine.yaml"
    file.write_text(text)
    return load_split("toy", f"{file}{name}", classes)


def test_a_file_of_lists_is_chosen_from_by_name(tmp_path: Path):
    text = "one: [a, b]\ntwo: {seen: [c], unseen: [a]}\n"
    assert own(tmp_path, text, ":one").seen == ("c", "brush_hair")
    two = own(tmp_path, text, ":two")
    assert (two.seen, two.unseen) == (("c",), ("a",))  # b and brush_hair are in neither
    with pytest.raises(SettingsError, match=r"it must be one of .*mine\.yaml:one, .*mine\.yaml:two"):
        own(tmp_path, text)


@pytest.mark.parametrize(
    ("text", "seen", "unseen"),
    [
        ("mine: [c, a]", ("b", "brush_hair"), ("c", "a")),
        ("unseen: [a]", ("b", "c", "brush_hair"), ("a",)),
        ("seen: [c, a]", ("a", "c"), ("b", "brush_hair")),
        ("seen: [a]\nunseen:\n- c\n", ("a",), ("c",)),
    ],
)
def test_a_file_with_one_split_needs_no_name(tmp_path: Path, text: str, seen: tuple[str, ...], unseen: tuple[str, ...]):
    labels = own(tmp_path, text)
    assert (labels.seen, labels.unseen) == (seen, unseen)


def test_names_are_read_as_they_are_written(tmp_path: Path):
    """YAML would make false of `no` and 1000 of `1_000`."""
    assert own(tmp_path, "1: [no, 1_000]", classes=("no", "1_000", "yes")).unseen == ("no", "1_000")


@pytest.mark.fault(37)
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x:\n- a\n- brush hair\n", r":3: brush hair: not among the classes of toy \(did you mean brush_hair\?\)"),
        ("x: [a, 7]", ":1: 7: not among the classes"),
        ("x:\n- a\n- b\n- a\n", r":4: a: named twice \(first in line 2\)"),
        ("seen: [a]\nunseen: [b,\n a]", ":1: a: both seen and unseen"),
        ("x: []", ":1: no class is unseen; a split needs both .SPLIT=full"),
        ("x:", ":1: no class is unseen"),
        ("x: [a, b, c, brush_hair]", ":1: no class is seen; a split needs both .SPLIT=all-unseen"),
        ("seen: []", ":1: no class is seen"),
        ("x: {sen: [a]}", ":1: sen is neither seen nor unseen"),
        ("x: [a]\nx: [b]", ":2: x stands twice"),
        ("x: [[a]]", ":1: a class name is due here"),
        ("- a\n- b\n", ":1: not a label split"),
        ("x: [a", ":1: not valid YAML"),
        ("", ": holds no label split"),
        ("x: [a]\ny: z", ":2: z is no split of this file"),
    ],
)
def test_a_wrong_list_is_refused_with_its_line(tmp_path: Path, text: str, words: str):
    with pytest.raises(DataError, match=rf"mine\.yaml{words}"):
        own(tmp_path, text, ":x" if text.startswith("x: [a]\n") else "")


def test_a_file_that_is_not_there_is_named(tmp_path: Path):
    with pytest.raises(MissingFileError, match=r"gone\.yaml: no such file"):
        load_split("toy", str(tmp_path / "gone.yaml"), TOY)


def test_a_published_list_is_judged_alike():
    classes = [name for name in CLASSES if name != "clap"]
    with pytest.raises(DataError, match=r"jhmdb\.yaml:\d+: clap: not among the classes of jhmdb"):
        load_split("jhmdb", 1, classes)


# ---- what there is not


@pytest.mark.parametrize("split", [0, 5])
def test_an_unknown_split_is_refused_with_those_that_exist(split: int):
    with pytest.raises(SettingsError, match=rf"split is {split}; jhmdb has 1, 2, 3, 4, 75/25, 50/50-SEED"):
        load_split("jhmdb", split, CLASSES)


def test_a_name_that_is_nearly_right_is_guessed():
    with pytest.raises(SettingsError, match=r'split is "all_unseen"; .* \(did you mean all-unseen\?\)'):
        load_split("jhmdb", "all_unseen", CLASSES)


def test_a_dataset_without_published_lists_has_the_others():
    with pytest.raises(SettingsError, match="split is 1; kinetics has 50/50-SEED"):
        load_split("kinetics", 1, ["a"])
    assert load_split("kinetics", "without-a", ["a", "b"]).unseen == ("a",)


def test_a_class_of_ones_own_list_without_ground_truth_is_refused(tmp_path: Path):
    labels = own(tmp_path, "x: [a, c]")
    refuse_empty(labels, {"a", "c"}, "test")
    with pytest.raises(DataError, match=r"toy-.*: c: unseen, but without ground truth in the test part"):
        refuse_empty(labels, {"a", "b"}, "test")
    with pytest.raises(DataError, match="brush_hair: seen, but without ground truth in the train part"):
        refuse_empty(labels, {"b", "a"}, "train")


def test_of_a_published_list_it_is_not():
    """AVA's unseen classes are rare: one that is not in the part has no number, and the others do."""
    refuse_empty(load_split("jhmdb", 1, CLASSES), set(), "test")
