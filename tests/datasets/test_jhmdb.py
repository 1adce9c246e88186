"""J-HMDB: which clips there are, which are wanted, and where the persons stand."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.datasets.made_jhmdb import (
    TEST,
    TRAIN,
    TRAIN_AND_TEST,
    annotation,
    open_jhmdb,
    tube_of,
    write_clips,
    write_masks,
    write_pickle,
)
from zsstad_core.datasets.jhmdb import CLASSES
from zsstad_core.errors import DataError, MissingFileError
from zsstad_core.tables import BOX


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_pickle(tmp_path, annotation())
    write_masks(tmp_path)
    write_clips(tmp_path, TRAIN_AND_TEST)
    return tmp_path


def ids(jhmdb) -> list[str]:
    return [source.video_id for source in jhmdb.videos()]


def test_clips_are_listed_with_their_files_and_parts(root: Path):
    jhmdb = open_jhmdb(root)
    assert ids(jhmdb) == TRAIN_AND_TEST
    assert jhmdb.videos()[0].path == root / "videos/catch/a_clip.avi"
    assert jhmdb.official_split() == {**dict.fromkeys(TRAIN, "train"), **dict.fromkeys(TEST, "test")}
    assert list(jhmdb.official_split()) == TRAIN_AND_TEST
    assert (jhmdb.missing(), jhmdb.unlisted()) == ([], [])
    assert jhmdb.annotation_files() == [root / "JHMDB-GT.pkl"]
    assert jhmdb.classes == CLASSES
    assert len(CLASSES) == 21


def test_ground_truth_is_numbered_from_zero_and_keeps_the_annotations_coordinates(root: Path):
    rows = open_jhmdb(root).groundtruth()
    assert len(rows) == len(TRAIN_AND_TEST) * 3
    clip = rows[rows.video_id == "wave/b_clip"]
    assert list(clip.frame) == [0, 1, 2]
    np.testing.assert_array_equal(clip[BOX], tube_of("wave/b_clip")[:, 1:])
    assert set(clip.class_name) == {"wave"}
    assert set(rows.box) == {0}
    assert rows.decoded.all()


@pytest.mark.parametrize("official_split", [1, 2])
def test_puppet_masks_answer_as_the_pickle_does(root: Path, official_split: int):
    by_pickle = open_jhmdb(root, official_split=official_split)
    by_masks = open_jhmdb(root, official_split=official_split, groundtruth="puppet_mask")
    assert by_masks.official_split() == by_pickle.official_split()
    assert by_masks.videos() == by_pickle.videos()
    pd.testing.assert_frame_equal(by_masks.groundtruth(), by_pickle.groundtruth())
    assert len(by_masks.annotation_files()) == 21 + len(TRAIN_AND_TEST)


def test_the_other_official_split_swaps_the_parts(root: Path):
    assert open_jhmdb(root, official_split=2).official_split()["catch/a_clip"] == "train"


@pytest.mark.fault(24)
def test_a_clip_that_is_not_on_disk_is_missing_but_keeps_its_ground_truth(root: Path):
    (root / "videos/wave/b_clip.avi").unlink()
    jhmdb = open_jhmdb(root)
    assert jhmdb.missing() == ["wave/b_clip"]
    assert "wave/b_clip" not in ids(jhmdb)
    assert jhmdb.official_split()["wave/b_clip"] == "test"
    assert (jhmdb.groundtruth().video_id == "wave/b_clip").sum() == 3


def test_a_small_run_takes_the_first_clips_on_disk_of_each_class_and_part(root: Path):
    (root / "videos/catch/a_clip.avi").unlink()
    jhmdb = open_jhmdb(root, clips_per_class=1)
    assert ids(jhmdb) == ["catch/b_clip", "catch/d_clip", "wave/a_clip", "wave/b_clip"]
    assert jhmdb.missing() == []
    assert list(jhmdb.official_split()) == ids(jhmdb)
    assert sorted(set(jhmdb.groundtruth().video_id)) == ids(jhmdb)
    assert ids(open_jhmdb(root, clips_per_class=5)) == [name for name in TRAIN_AND_TEST if name != "catch/a_clip"]


def test_a_small_run_reads_only_the_masks_it_needs(root: Path):
    wanted = open_jhmdb(root, groundtruth="puppet_mask", clips_per_class=1)
    (root / "puppet_mask/wave/d_clip/puppet_mask.mat").unlink()
    assert len(wanted.groundtruth()) == 4 * 3
    assert len(wanted.annotation_files()) == 21 + 4
    with pytest.raises(MissingFileError, match=r"wave/d_clip/puppet_mask\.mat: no such mask"):
        open_jhmdb(root, groundtruth="puppet_mask").annotation_files()


def test_a_stray_clip_is_left_alone_but_told_of(root: Path):
    write_clips(root, ["wave/my_own_clip", "dance/another"])
    for name in (".hidden.avi", "._a_clip.avi", "notes.txt", "a_clip.avi.part"):
        (root / "videos/wave" / name).touch()
    (root / "videos/readme.avi").touch()
    jhmdb = open_jhmdb(root)
    assert ids(jhmdb) == TRAIN_AND_TEST
    assert jhmdb.unlisted() == ["dance/another", "wave/my_own_clip"]


def test_folders_of_frames_serve_as_clips(root: Path):
    (root / "frames/wave/b_clip").mkdir(parents=True)
    [source] = open_jhmdb(root, videos="frames").videos()
    assert (source.video_id, source.path, source.fps) == ("wave/b_clip", root / "frames/wave/b_clip", 30.0)


@pytest.mark.fault(31)
def test_a_clip_and_its_frames_side_by_side_are_refused(root: Path):
    (root / "videos/wave/b_clip").mkdir()
    with pytest.raises(DataError, match="wave/b_clip is there as clip and as frames"):
        open_jhmdb(root).videos()


@pytest.mark.fault(31)
def test_names_with_spaces_and_other_scripts_are_names(root: Path):
    content = annotation()
    name = "wave/Привет мир & co_1"
    content["gttubes"][name] = content["gttubes"]["wave/a_clip"]
    content["train_videos"][0] = [*TRAIN, name]
    write_pickle(root, content)
    write_clips(root, [name])
    assert name in ids(open_jhmdb(root))


def test_a_missing_root_is_named(tmp_path: Path):
    with pytest.raises(MissingFileError, match=r"nowhere: no such folder \(datasets\.jhmdb\.root\)"):
        open_jhmdb(tmp_path / "nowhere")


def test_a_missing_folder_of_clips_says_what_was_expected(root: Path):
    with pytest.raises(
        MissingFileError, match=r"clips: no such folder \(datasets\.jhmdb\.videos\); expected CLASS/NAME"
    ):
        open_jhmdb(root, videos="clips").videos()


def test_an_empty_folder_of_clips_says_what_was_expected(root: Path):
    (root / "empty").mkdir()
    with pytest.raises(MissingFileError, match=r"empty: no clip that JHMDB-GT\.pkl names; expected CLASS/NAME\.avi"):
        open_jhmdb(root, videos="empty").videos()
    write_clips(root / "empty", ["wave/zzz"])
    with pytest.raises(MissingFileError, match=r"names \(1 others, such as wave/zzz\); expected"):
        open_jhmdb(root, videos="empty/videos").videos()


def test_a_missing_annotation_says_what_was_expected(root: Path):
    jhmdb = open_jhmdb(root, groundtruth="gt.pkl")
    for ask in (jhmdb.videos, jhmdb.official_split, jhmdb.groundtruth, jhmdb.annotation_files):
        with pytest.raises(
            MissingFileError, match=r"gt\.pkl: no annotation there.*expected JHMDB-GT\.pkl, or the folder"
        ):
            ask()
