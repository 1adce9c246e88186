"""UCF101-24: which clips there are, which are test, and which boxes belong to one tube."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.datasets.made_ucf101_24 import (
    CLIPS,
    TEST,
    TRAIN,
    open_ucf,
    pyannot,
    write_all,
    write_clips,
    write_final_annots,
    write_pyannot,
)
from zsstad_core.datasets.ucf101_24 import CLASSES
from zsstad_core.errors import DataError, MissingFileError
from zsstad_core.splits import load_split
from zsstad_core.tables import BOX

BASKETBALL = "Basketball/v_Basketball_g01_c01"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_all(tmp_path)
    return tmp_path


def ids(ucf) -> list[str]:
    return [source.video_id for source in ucf.videos()]


def test_clips_are_listed_with_their_files_and_parts(root: Path):
    ucf = open_ucf(root)
    assert ids(ucf) == CLIPS
    assert ucf.videos()[0].path == root / f"videos/{CLIPS[0]}.avi"
    assert ucf.official_split() == {**dict.fromkeys(TRAIN, "train"), **dict.fromkeys(TEST, "test")}
    assert (ucf.missing(), ucf.unlisted()) == ([], [])
    assert ucf.annotation_files() == [root / "pyannot.pkl", root / "testlist01.txt"]
    assert len(CLASSES) == 24


def test_a_box_near_the_right_edge_does_not_wrap_at_255(root: Path):
    rows = open_ucf(root).groundtruth()
    tube = rows[(rows.video_id == BASKETBALL) & (rows.box == 0)]
    assert pyannot()[BASKETBALL]["annotations"][0]["boxes"].dtype == np.uint8
    np.testing.assert_array_equal(tube[BOX], [[200 + i, 100, 300 + i, 220] for i in range(4)])


def test_frames_start_at_zero_and_a_gap_between_tubes_has_no_box(root: Path):
    rows = open_ucf(root).groundtruth()
    clip = rows[rows.video_id == BASKETBALL]
    assert list(zip(clip.frame, clip.box, strict=True)) == [(2, 0), (3, 0), (4, 0), (5, 0), (9, 1), (10, 1), (11, 1)]


def test_two_persons_of_a_frame_keep_their_own_tube_numbers(root: Path):
    rows = open_ucf(root).groundtruth()
    clip = rows[rows.video_id == "SalsaSpin/v_SalsaSpin_g01_c01"]
    assert clip.groupby("box").frame.agg(["min", "max"]).values.tolist() == [[5, 14], [5, 12]]
    assert (clip[clip.box == 1].x1 >= 250).all()
    assert (clip[clip.box == 0].x2 < 100).all()


def test_both_forms_of_the_annotation_answer_the_same(root: Path):
    by_pickle, by_mat = open_ucf(root), open_ucf(root, groundtruth="finalAnnots.mat")
    assert by_mat.official_split() == by_pickle.official_split()
    assert by_mat.videos() == by_pickle.videos()
    pd.testing.assert_frame_equal(by_mat.groundtruth(), by_pickle.groundtruth())


def test_the_training_list_agrees_with_what_the_test_list_leaves(root: Path):
    with_both = open_ucf(root, train_list="trainlist01.txt")
    assert with_both.official_split() == open_ucf(root).official_split()
    assert with_both.annotation_files()[1:] == [root / "testlist01.txt", root / "trainlist01.txt"]


def test_official_lists_of_all_101_classes_with_windows_line_ends_are_read(root: Path):
    lines = ["ApplyEyeMakeup/v_ApplyEyeMakeup_g01_c01.avi", "", *(f"{name}.avi" for name in TEST)]
    lines.append("Basketball/v_Basketball_g99_c01.avi")  # dropped by the correction of the annotation
    (root / "testlist01.txt").write_bytes("\r\n".join(lines).encode("utf-8-sig"))
    assert [name for name, part in open_ucf(root).official_split().items() if part == "test"] == sorted(TEST)


@pytest.mark.parametrize("suffix", [".avi", ".mp4"])
def test_both_containers_are_found_and_the_same_clip_in_both_is_refused(root: Path, suffix: str):
    write_clips(root / "again", CLIPS, suffix)
    assert ids(open_ucf(root, videos="again/videos")) == CLIPS
    write_clips(root, CLIPS[:1], ".mp4")
    with pytest.raises(DataError, match=rf"{CLIPS[0]} is there as \.\w+ and in another container"):
        open_ucf(root).videos()


def test_frames_in_folders_are_jpg_as_the_field_has_them(root: Path):
    (root / "rgb-images" / CLIPS[0]).mkdir(parents=True)
    [source] = open_ucf(root, videos="rgb-images").videos()
    assert (source.path, source.fps) == (root / "rgb-images" / CLIPS[0], 25.0)
    assert source.frame_name == r"(\d+)\.jpg"


@pytest.mark.fault(24)
def test_a_clip_that_is_not_on_disk_is_missing_but_keeps_its_ground_truth(root: Path):
    (root / f"videos/{BASKETBALL}.avi").unlink()
    ucf = open_ucf(root)
    assert ucf.missing() == [BASKETBALL]
    assert ucf.official_split()[BASKETBALL] == "test"
    assert (ucf.groundtruth().video_id == BASKETBALL).sum() == 7


def test_the_other_77_classes_on_disk_are_left_alone_but_told_of(root: Path):
    write_clips(root, ["ApplyEyeMakeup/v_ApplyEyeMakeup_g01_c01", "Basketball/v_Basketball_g99_c01"])
    ucf = open_ucf(root)
    assert ids(ucf) == CLIPS
    assert ucf.unlisted() == ["ApplyEyeMakeup/v_ApplyEyeMakeup_g01_c01", "Basketball/v_Basketball_g99_c01"]


def test_a_small_run_takes_the_first_clips_on_disk_of_each_class_and_part(root: Path):
    (root / f"videos/{TRAIN[0]}.avi").unlink()
    ucf = open_ucf(root, clips_per_class=1)
    assert ids(ucf) == sorted([*TEST, TRAIN[1]])
    assert ucf.missing() == []
    assert set(ucf.groundtruth().video_id) == set(ids(ucf))


def broken(change) -> dict:
    content = pyannot()
    change(content[BASKETBALL]["annotations"][0], content)
    return content


BREAKAGES = [
    (lambda tube, _: tube.update(label=3), "is of class 3 (from 0); its clip's is 0"),
    (lambda tube, _: tube.update(ef=7), "boxes are shape (4, 4) of uint8; expected numbers [5, 4]"),
    (lambda tube, _: tube.update(sf=18, ef=22), "frames 18 to 22 (excluded) are not in the clip's 20"),
    (lambda tube, _: tube.update(boxes=tube["boxes"] * np.array([1, 1, 0, 1], np.uint8)), "with an area"),
]


@pytest.mark.fault(34)
@pytest.mark.parametrize(("change", "words"), BREAKAGES)
@pytest.mark.parametrize("groundtruth", ["pyannot.pkl", "finalAnnots.mat"])
def test_a_wrong_tube_is_named_with_its_clip(root: Path, change, words: str, groundtruth: str):
    write_pyannot(root, broken(change))
    write_final_annots(root, broken(change))
    with pytest.raises(DataError) as caught:
        open_ucf(root, groundtruth=groundtruth).groundtruth()
    assert str(caught.value).startswith(f"{root / groundtruth}: {BASKETBALL} tube 0: ")
    assert words in str(caught.value)


@pytest.mark.parametrize("name", ["Kayaking/v_Kayaking_g01_c01", "v_Basketball_g01_c01", "Basketball/../x", 3])
def test_a_name_that_is_no_clip_of_the_dataset_is_refused(root: Path, name: object):
    write_pyannot(root, {**pyannot(), name: pyannot()[BASKETBALL]})
    with pytest.raises(DataError, match=r"pyannot\.pkl: .* is not a clip of UCF101-24; expected CLASS/NAME"):
        open_ucf(root).official_split()


def test_another_file_under_the_annotations_name_is_refused(root: Path):
    write_pyannot(root, {"labels": ["a"], "gttubes": {}})
    with pytest.raises(
        DataError, match=r"pyannot\.pkl: labels: .*expected annotations \(label, sf, ef, boxes\) and numf"
    ):
        open_ucf(root).official_split()
    (root / "finalAnnots.mat").write_bytes(b"MATLAB 5.0 MAT-file, but cut")
    with pytest.raises(DataError, match=r"finalAnnots\.mat: not a readable mat file"):
        open_ucf(root, groundtruth="finalAnnots.mat").official_split()


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([TEST[0], TEST[0]], f"testlist01.txt:2: {TEST[0]} is listed twice (first in line 1)"),
        (
            [TEST[0], "", "v_Basketball_g01_c01.avi"],
            "testlist01.txt:3: 'v_Basketball_g01_c01.avi'; expected CLASS/NAME",
        ),
        ([f"{TEST[0]} 1 2"], "testlist01.txt:1: "),
        (["basketball/v_Basketball_g01_c01"], "testlist01.txt:1: class basketball; UCF101-24 spells it Basketball"),
        (["Salsa_Spin/v_SalsaSpin_g01_c01"], "testlist01.txt:1: class Salsa_Spin; UCF101-24 spells it SalsaSpin"),
        (["ApplyEyeMakeup/v_ApplyEyeMakeup_g01_c01.avi"], "testlist01.txt: names no clip that pyannot.pkl annotates"),
    ],
)
def test_a_wrong_line_of_a_list_is_named(root: Path, lines: list[str], words: str):
    (root / "testlist01.txt").write_text("\n".join(lines))
    with pytest.raises(DataError) as caught:
        open_ucf(root).official_split()
    assert str(caught.value).startswith(f"{root}/{words}")


def test_a_clip_in_both_lists_is_never_trained_on_and_tested(root: Path):
    (root / "trainlist01.txt").write_text("\n".join([*TRAIN, TEST[1]]))
    with pytest.raises(DataError, match=rf"trainlist01\.txt:3: {TEST[1]} is in testlist01\.txt:2 too"):
        open_ucf(root, train_list="trainlist01.txt").official_split()


def test_a_cut_training_list_is_not_taken_for_the_whole(root: Path):
    (root / "trainlist01.txt").write_text(TRAIN[0])
    with pytest.raises(DataError, match=rf"trainlist01\.txt: 1 annotated clips are neither .*\(first: {TRAIN[1]}\)"):
        open_ucf(root, train_list="trainlist01.txt").official_split()


def test_what_is_missing_is_named_with_its_setting(root: Path):
    with pytest.raises(MissingFileError, match=r"nowhere: no such folder \(datasets\.ucf101_24\.root\)"):
        open_ucf(root / "nowhere")
    with pytest.raises(MissingFileError, match=r"gt\.pkl: no annotation there \(datasets\.ucf101_24\.groundtruth\)"):
        open_ucf(root, groundtruth="gt.pkl").annotation_files()
    with pytest.raises(MissingFileError, match=r"other\.txt: no such list \(datasets\.ucf101_24\.test_list\)"):
        open_ucf(root, test_list="other.txt").official_split()
    with pytest.raises(
        MissingFileError, match=r"clips: no such folder \(datasets\.ucf101_24\.videos\); expected CLASS"
    ):
        open_ucf(root, videos="clips").videos()


def test_the_four_label_splits_part_the_24_classes():
    splits = [load_split("ucf101_24", split, CLASSES) for split in (1, 2, 3, 4)]
    assert [len(split.unseen) for split in splits] == [6, 6, 6, 6]
    assert sorted(name for split in splits for name in split.unseen) == sorted(CLASSES)
    assert load_split("ucf101_24", "75/25", CLASSES).unseen == splits[0].unseen
    assert splits[0].unseen[:2] == ("IceDancing", "FloorGymnastics")
