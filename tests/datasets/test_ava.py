"""AVA: which videos there are, who stands where in which second, and every trap of its csv files."""

import random
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.datasets.made_ava import (
    EXCLUDED,
    FOLDER,
    GONE,
    RATES,
    SECONDS,
    TEST,
    TRAIN,
    names,
    open_ava,
    rows,
    write_annotation,
    write_labelmap,
    write_places,
)
from zsstad_core.errors import DataError, MissingFileError, SettingsError
from zsstad_core.splits import load_split
from zsstad_core.tables import BOX
from zsstad_core.unplaced import UNPLACED

ONE = "trn_pal_000,0902,0.1,0.2,0.3,0.6,12,1"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_annotation(tmp_path)
    write_places(tmp_path)
    return tmp_path


def of_train(root: Path, *lines: str, ending: str = "\n", **changed: object) -> pd.DataFrame:
    """The ground truth of a training csv of these lines."""
    (root / "ava_train_v2.2.csv").write_bytes("".join(f"{line}{ending}" for line in lines).encode())
    found = open_ava(root, **changed).groundtruth()
    return found[found["video_id"].isin(TRAIN)].reset_index(drop=True)


# ---- videos


def test_videos_of_both_csvs_are_listed_with_their_parts(root: Path):
    ava = open_ava(root)
    assert [source.video_id for source in ava.videos()] == sorted(RATES)
    assert ava.official_split() == dict(
        sorted({**dict.fromkeys(TRAIN, "train"), **dict.fromkeys([*TEST, GONE], "test")}.items())
    )
    assert ava.videos()[0].path == root / "videos" / FOLDER


@pytest.mark.fault(24)
def test_a_video_that_was_never_downloaded_keeps_its_ground_truth(root: Path):
    ava = open_ava(root)
    assert ava.missing() == [GONE]
    assert set(ava.groundtruth().query("video_id == @GONE")["frame"]) == {UNPLACED + second for second in SECONDS}


def test_a_video_without_annotation_is_told_of_and_left_alone(root: Path):
    (root / "videos/not_in_csv0.mp4").touch()
    (root / "videos/trn_pal_000.mkv.part").touch()
    assert open_ava(root).unlisted() == ["not_in_csv0"]


@pytest.mark.fault(31)
def test_one_video_in_two_containers_is_refused(root: Path):
    (root / "videos/trn_pal_000.mp4").touch()
    with pytest.raises(DataError, match=r"trn_pal_000\.mkv and trn_pal_000\.mp4 are the same video"):
        open_ava(root).videos()


def test_a_video_in_both_parts_would_be_trained_on_and_tested_and_is_refused(root: Path):
    write_annotation(root, val=rows([*TEST, "trn_pal_000"]))
    with pytest.raises(DataError, match=r"ava_val_v2\.2\.csv: names trn_pal_000, as ava_train_v2\.2\.csv does"):
        open_ava(root).official_split()


@pytest.mark.parametrize(
    "lacking", ["ava_train_v2.2.csv", "ava_action_list_v2.2.pbtxt", "ava_val_excluded_timestamps_v2.2.csv"]
)
def test_a_file_that_is_not_there_is_named(root: Path, lacking: str):
    (root / lacking).unlink()
    with pytest.raises(MissingFileError, match=lacking):
        open_ava(root)


def test_a_folder_without_one_known_video_says_what_was_expected(root: Path):
    (root / "empty").mkdir()
    with pytest.raises(MissingFileError, match=r"no video that .* names; expected VIDEO_ID\.mkv"):
        open_ava(root, videos="empty").videos()


def test_frames_are_found_by_the_name_that_the_settings_give(root: Path):
    source = open_ava(root, frame_files="img_{number}.jpg", fps=25.0).videos()[0]
    assert (source.frame_name, source.fps) == (r"img_(\d+)\.jpg", 25.0)
    with pytest.raises(ValueError, match=r"it must have \{number\} once"):
        open_ava(root, frame_files="frame.jpg")


# ---- persons


def test_a_person_with_several_actions_is_one_box_with_several_rows(root: Path):
    found = open_ava(root).groundtruth().query("video_id == 'trn_pal_000'")
    keyframe = found[found["frame"] == UNPLACED + 902]
    by_box = {box: set(of_box["class_name"]) for box, of_box in keyframe.groupby("box")}
    assert by_box == {0: {"action 12", "action 17", "action 80"}, 1: {"action 11", "action 59"}}
    assert len(keyframe[BOX].drop_duplicates()) == 2


def test_without_person_ids_equal_boxes_are_one_person(root: Path):
    write_annotation(root, train=rows(TRAIN, person_ids=False))
    found = open_ava(root).groundtruth()
    write_annotation(root)
    pd.testing.assert_frame_equal(found, open_ava(root).groundtruth())


def test_two_persons_at_one_place_stay_two_where_ids_tell_them_apart(root: Path):
    lines = ["trn_pal_000,0902,0.1,0.2,0.3,0.6,12,1", "trn_pal_000,0902,0.1,0.2,0.3,0.6,11,2"]
    assert list(of_train(root, *lines)["box"]) == [0, 1]
    assert list(of_train(root, *(line.rpartition(",")[0] for line in lines))["box"]) == [0, 0]


def test_an_id_at_two_places_is_two_boxes_not_one_with_the_first_ones_place(root: Path):
    found = of_train(root, "trn_pal_000,0902,0.1,0.2,0.3,0.6,12,1", "trn_pal_000,0902,0.5,0.2,0.7,0.6,12,1")
    assert list(found["box"]) == [0, 1]
    np.testing.assert_allclose(found["x1"], [0.1, 0.5])


def test_the_order_of_the_rows_decides_nothing(root: Path):
    straight = open_ava(root).groundtruth()
    shuffled = rows(TRAIN)
    random.Random(1).shuffle(shuffled)
    write_annotation(root, train=shuffled)
    pd.testing.assert_frame_equal(open_ava(root).groundtruth(), straight)


@pytest.mark.fault(35)
@pytest.mark.parametrize(
    ("lines", "ending"),
    [
        ([ONE], "\r\n"),
        (["video_id,timestamp,x1,y1,x2,y2,action_id,person_id", ONE], "\n"),
        ([ONE.replace(",", "\t")], "\n"),
        (["\ufeff" + ONE], "\n"),
        (["trn_pal_000,902,0.1,0.2,0.3,0.6,12,1"], "\n"),
        (["", ONE, ""], "\n"),
    ],
    ids=["CRLF", "header", "TAB", "BOM", "second without zero", "empty lines"],
)
def test_a_csv_as_other_programs_write_it_reads_the_same(root: Path, lines: list[str], ending: str):
    plain = of_train(root, ONE)
    assert len(plain) == 1
    pd.testing.assert_frame_equal(of_train(root, *lines, ending=ending), plain)
    assert [name for name, part in open_ava(root).official_split().items() if part == "train"] == ["trn_pal_000"]


# ---- what is refused, with its line


@pytest.mark.fault(34)
@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("trn_pal_000,0902,19.2,14.4,57.6,43.2,12,1", r":2: x1 is 19\.2; AVA boxes are fractions .*are these pixels"),
        ("trn_pal_000,0902,0.3,0.2,0.3,0.6,12,1", r":2: box 0\.3, 0\.2, 0\.3, 0\.6 has no area"),
        ("trn_pal_000,0902,0.1,0.6,0.3,0.2,12,1", r":2: y1 is 0\.6; it must not be greater than y2"),
        ("trn_pal_000,0902,0.1,0.2,nan,0.6,12,1", r":2: x2 is 'nan'"),
    ],
)
def test_a_bad_row_is_refused_with_its_line(root: Path, line: str, said: str):
    with pytest.raises(DataError, match=rf"ava_train_v2\.2\.csv{said}"):
        of_train(root, ONE, line)


@pytest.mark.fault(35)
@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("trn_pal_000,0901,0.1,0.2,0.3,0.6,12,1", r":2: second is 901; keyframes lie in 902 to 1798"),
        ("trn_pal_000,1799,0.1,0.2,0.3,0.6,12,1", r":2: second is 1799; keyframes lie in 902 to 1798"),
        ("trn_pal_000,0902,0.1,0.2,0.3,0.6,81,1", r":2: action_id is 81; AVA's actions are numbered from 1 to 80"),
        ("trn_pal_000,0902,0.1,0.2,0.3,0.6,0,1", r":2: action_id is 0; "),
        ("trn_pal_000,0902,0.1,0.2,0.3,12", r":2: has 6 cells"),
        (ONE, r":2: trn_pal_000 second 902 has this box with action 12 already"),
    ],
)
def test_what_a_row_must_not_say_is_refused_with_its_line(root: Path, line: str, said: str):
    with pytest.raises(DataError, match=rf"ava_train_v2\.2\.csv{said}"):
        of_train(root, ONE, line)


@pytest.mark.fault(36)
def test_a_label_map_with_other_numbers_than_avas_is_refused(root: Path):
    write_labelmap(root / "ava_action_list_v2.2.pbtxt", {1: "one", 81: "another"})
    with pytest.raises(DataError, match="id is 81; AVA's actions are numbered from 1 to 80"):
        open_ava(root)


# ---- what is left out, and counted


def test_excluded_seconds_are_left_out_of_their_video_alone(root: Path):
    _, second = EXCLUDED
    found = open_ava(root).groundtruth()
    assert UNPLACED + second not in set(found.query("video_id == 'tst_ntsc_00'")["frame"])
    assert UNPLACED + second in set(found.query("video_id == @FOLDER")["frame"])
    assert found.attrs["notes"] == ["ava_val_v2.2.csv: 6 rows left out, of excluded seconds"]
    whole = open_ava(root, excluded_val=None).groundtruth()
    assert len(whole) == len(found) + 6


@pytest.mark.fault(36)
def test_a_map_of_60_classes_leaves_out_the_others_and_says_so(root: Path):
    sixty = {number: name for number, name in names().items() if number not in (17, 44)}
    write_labelmap(root / "ava_action_list_v2.2.pbtxt", sixty)
    ava = open_ava(root)
    assert {"action 17", "press"}.isdisjoint(ava.groundtruth()["class_name"])
    assert any(
        "ava_train_v2.2.csv: 24 rows left out, of actions that ava_action_list_v2.2.pbtxt lacks" in note
        for note in ava.groundtruth().attrs["notes"]
    )
    with pytest.raises(DataError, match="press: not among the classes of ava"):
        load_split("ava", 3, ava.classes)


# ---- classes and label splits


def test_an_action_has_the_type_of_its_number(root: Path):
    ava = open_ava(root)
    kinds = [ava.class_types[name] for name in ava.classes]
    assert kinds == ["pose"] * 14 + ["object"] * 49 + ["person"] * 17


@pytest.mark.parametrize(("split", "pose", "thing", "person"), [(1, 9, 36, 17), (2, 12, 43, 13), (3, 14, 44, 16)])
def test_a_label_split_leaves_as_many_seen_classes_as_the_paper_counts(
    root: Path, split: int, pose: int, thing: int, person: int
):
    ava = open_ava(root)
    kinds = [ava.class_types[name] for name in load_split("ava", split, ava.classes).seen]
    assert [kinds.count(kind) for kind in ("pose", "object", "person")] == [pose, thing, person]
    with pytest.raises(SettingsError, match="split is 4; ava has 1, 2, 3"):
        load_split("ava", 4, ava.classes)


def test_a_csv_of_avas_kind_with_other_seconds_is_read_where_the_settings_name_them(root: Path):
    with pytest.raises(DataError, match=r"second is 12; .* \(datasets\.ava\.first_second and last_second; --seconds\)"):
        of_train(root, ONE.replace("0902", "0012"))
    lines = [ONE.replace("0902", second) for second in ("0000", "0012", "2400")]
    write_annotation(root, train=lines, val=[line.replace("trn_pal_000", "tst_ntsc_00") for line in lines])
    ava = open_ava(root, first_second=0, last_second=2400, start=0.0)
    assert sorted(set(ava.groundtruth()["frame"])) == [UNPLACED, UNPLACED + 12, UNPLACED + 2400]
    pts = np.arange(0, 20, 1 / 25)  # 20 seconds at 25 a second
    assert ava.keyframes.choose(pts).seconds.tolist() == list(range(21))
    assert ava.keyframes.choose(pts).keyframes.tolist() == [*range(0, 500, 25), 499]
    with pytest.raises(DataError, match=r"second is 2400; keyframes lie in 0 to 2399"):
        open_ava(root, first_second=0, last_second=2399).groundtruth()
    with pytest.raises(ValueError, match="last_second is 3; it must not be before first_second"):
        open_ava(root, first_second=4, last_second=3)
