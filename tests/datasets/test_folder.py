"""A folder of one's own videos: nobody's video is mistaken for another, and a slip in the annotation is told."""

import json
from pathlib import Path

import pandas as pd
import pytest

from tests.datasets.made_folder import HEADER, ROWS, VIDEOS, open_folder, write_csv, write_videos
from zsstad_core.errors import DataError, MissingFileError, SettingsError
from zsstad_core.metrics.video_map import has_tubes
from zsstad_core.tables import BOX


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_videos(tmp_path)
    write_csv(tmp_path)
    return tmp_path


def ids(folder) -> list[str]:
    return [source.video_id for source in folder.videos()]


def test_videos_are_found_at_any_depth_with_any_ending(root: Path):
    write_videos(root, [".hidden.mp4", ".cache/x.mp4", "notes.txt", "clip.avi.part"])
    folder = open_folder(root, labels=["reading", "walking"])
    assert ids(folder) == VIDEOS
    assert folder.videos()[0].path == root / VIDEOS[0]
    assert (folder.missing(), folder.unlisted()) == ([], [])


def test_a_folder_that_is_linked_into_itself_is_seen_once(root: Path):
    (root / "other/loop").symlink_to(root)
    assert ids(open_folder(root)) == VIDEOS


def test_linked_folders_count(root: Path, tmp_path_factory: pytest.TempPathFactory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    write_videos(elsewhere, ["far.mov"])
    (root / "linked").symlink_to(elsewhere)
    assert "linked/far.mov" in ids(open_folder(root))


def test_without_annotation_all_is_test_and_nothing_is_known(root: Path):
    folder = open_folder(root, labels=["opening a door", "reading"])
    assert folder.official_split() == dict.fromkeys(VIDEOS, "test")
    assert folder.classes == ("opening a door", "reading")
    assert folder.annotation_files() == []
    assert folder.groundtruth().empty


def test_the_annotation_brings_labels_parts_and_boxes(root: Path):
    folder = open_folder(root, annotation="boxes.csv")
    assert folder.classes == ("reading", "walking")
    assert folder.official_split() == dict(zip(VIDEOS, ["train", "test", "train", "test"], strict=True))
    rows = folder.groundtruth()
    clip = rows[rows.video_id == "clip.avi"]
    assert clip[["frame", "box", "class_name"]].values.tolist() == [
        [0, 0, "reading"],
        [0, 1, "walking"],
        [1, 1, "walking"],
    ]
    assert clip.iloc[0][BOX].tolist() == [10, 10, 30, 40]


def test_a_person_keeps_one_number_through_the_video_and_2_comes_before_10(root: Path):
    rows = open_folder(root, annotation="boxes.csv").groundtruth()
    assert rows[rows.video_id == "clip.avi"].groupby("class_name").box.unique().map(list).to_dict() == {
        "reading": [0],
        "walking": [1],
    }


def test_a_person_may_do_two_things_at_once(root: Path):
    rows = open_folder(root, annotation="boxes.csv").groundtruth()
    both = rows[rows.video_id == "other/clip.avi"]
    assert (list(both.class_name), set(both.box)) == (["reading", "walking"], {0})


def test_without_names_equal_boxes_of_a_frame_are_one_person_and_nobody_is_followed_to_the_next(root: Path):
    rows = ["clip.avi,0,1,1,9,9,reading", "clip.avi,0,1,1,9,9,walking", "clip.avi,0,20,1,29,9,walking"]
    write_csv(root, [*rows, "clip.avi,1,1,1,9,9,reading"], "video,frame,x1,y1,x2,y2,label")
    found = open_folder(root, annotation="boxes.csv").groundtruth()
    assert list(found.box) == [0, 0, 1, 2]
    assert not has_tubes(found)
    write_csv(root)
    assert has_tubes(open_folder(root, annotation="boxes.csv").groundtruth())


def test_the_order_of_rows_decides_nothing_where_persons_are_named(root: Path):
    forward = open_folder(root, annotation="boxes.csv").groundtruth()
    write_csv(root, ROWS[::-1])
    pd.testing.assert_frame_equal(open_folder(root, annotation="boxes.csv").groundtruth(), forward)


def test_json_windows_lines_and_a_byte_order_mark_say_the_same_as_plain_csv(root: Path):
    plain = open_folder(root, annotation="boxes.csv").groundtruth()
    entries = [dict(zip(HEADER.split(","), row.split(","), strict=True)) for row in ROWS]
    numbers = [{**entry, **{name: float(entry[name]) for name in ("frame", *BOX)}} for entry in entries]
    (root / "boxes.json").write_text(json.dumps(numbers))
    pd.testing.assert_frame_equal(open_folder(root, annotation="boxes.json").groundtruth(), plain)
    write_csv(root, ROWS, "\ufeff" + HEADER, "\r\n")
    pd.testing.assert_frame_equal(open_folder(root, annotation="boxes.csv").groundtruth(), plain)


def test_a_person_whose_action_is_not_given_is_a_box_without_a_label(root: Path):
    write_csv(root, ["clip.avi,0,1,1,9,9"], "video,frame,x1,y1,x2,y2")
    rows = open_folder(root, annotation="boxes.csv", labels=["reading", "walking"]).groundtruth()
    assert rows.class_name.tolist() == [""]


def test_a_list_may_say_which_videos_are_for_training(root: Path):
    (root / "train.txt").write_text("clip.avi\n\na day/at the sea.MP4\n")
    folder = open_folder(root, labels=["reading", "walking"], train_list="train.txt")
    assert [name for name, part in folder.official_split().items() if part == "train"] == [
        "a day/at the sea.MP4",
        "clip.avi",
    ]
    assert folder.annotation_files() == [root / "train.txt"]


@pytest.mark.fault(24)
def test_an_annotated_video_that_is_not_here_is_missing_and_keeps_its_boxes(root: Path):
    (root / "a day/night/lamp.webm").unlink()
    folder = open_folder(root, annotation="boxes.csv")
    assert folder.missing() == ["a day/night/lamp.webm"]
    assert folder.official_split()["a day/night/lamp.webm"] == "test"
    assert (folder.groundtruth().video_id == "a day/night/lamp.webm").sum() == 2


ROW = "clip.avi,0,10,10,30,40"
WRONG_ROWS = [
    ("clip.avi,1.5,10,10,30,40", "frame is 1.5; it must be a whole number from 0"),
    ("clip.avi,-1,10,10,30,40", "frame is -1; it must be a whole number from 0"),
    ("clip.avi,0,10,10,nan,40", "x2 is 'nan'; it must be a finite number"),
    ("clip.avi,0,10,10,,40", "x2 is ''; it must be a finite number"),
    ("clip.avi,0,30,10,20,40", "must have x1 < x2 and y1 < y2 (are these width and height?)"),
    ("clip.avi,0,0.1,0.2,0.5,0.9", "must be in pixels (are these fractions of the frame?)"),
    ("clip.avi,0,10,10,30", "has 5 cells, the header 6"),
    (",0,10,10,30,40", "names no video"),
    ("clip,0,10,10,30,40", "video is 'clip'; it must be its path in the folder, 'clip.avi'"),
    ("lamp.webm,0,10,10,30,40", "it must be its path in the folder, 'a day/night/lamp.webm'"),
    (r"other\clip.avi,0,10,10,30,40", "it must be its path in the folder, 'other/clip.avi'"),
    (ROW, "says the same as"),
]


@pytest.mark.fault(35)
@pytest.mark.parametrize(("row", "words"), WRONG_ROWS)
def test_a_wrong_row_is_named_with_its_line(root: Path, row: str, words: str):
    write_csv(root, [ROW, row], "video,frame,x1,y1,x2,y2")
    with pytest.raises(DataError) as caught:
        open_folder(root, annotation="boxes.csv").groundtruth()
    assert str(caught.value).startswith(f"{root}/boxes.csv:3: ")
    assert words in str(caught.value)


@pytest.mark.fault(35)
@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("clip.avi,0,10,10,30,40", "the header lacks video, frame, x1"),
        ("video;frame;x1;y1;x2;y2", "(columns are separated by commas)"),
        ("video,frame,x,y,x2,y2", "the header lacks x1, y1"),
        ("video,frame,x1,y1,x2,y2,lable", "unknown column 'lable' (did you mean label?)"),
        ("video,frame,x1,y1,x2,y2,x1", "column x1 is there twice"),
    ],
)
def test_a_wrong_header_is_not_guessed_at(root: Path, header: str, words: str):
    write_csv(root, [], header)
    with pytest.raises(DataError) as caught:
        open_folder(root, annotation="boxes.csv").groundtruth()
    assert str(caught.value).startswith(f"{root}/boxes.csv:1: ")
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("rows", "line", "words"),
    [
        ([f"{ROW},1,reading,train", "clip.avi,1,10,10,30,40,1,reading,test"], 3, "part is test; "),
        ([f"{ROW},1,reading,train", f"{ROW},,walking,train"], 3, "some boxes name a person and some do not"),
        ([f"{ROW},1,reading,", "clip.avi,0,11,10,30,40,1,walking,"], 3, "person 1 has another box in this frame"),
        ([f"{ROW},1,reading,Train"], 2, "part is 'Train'; it must be train or test"),
    ],
)
def test_rows_that_contradict_each_other_are_refused_with_the_later_line(root: Path, rows, line: int, words: str):
    write_csv(root, rows)
    with pytest.raises(DataError) as caught:
        open_folder(root, annotation="boxes.csv").groundtruth()
    assert str(caught.value).startswith(f"{root}/boxes.csv:{line}: ")
    assert words in str(caught.value)


def test_an_entry_of_json_is_named_by_its_number(root: Path):
    good = {"video": "clip.avi", "frame": 0, "x1": 1, "y1": 1, "x2": 9, "y2": 9}
    for entry, words in (
        (3, "is 3; expected an object"),
        ({**good, "x1": None}, "x1 is ''"),
        ({"a": 1}, "header lacks"),
    ):
        (root / "boxes.json").write_text(json.dumps([good, entry]))
        with pytest.raises(DataError) as caught:
            open_folder(root, annotation="boxes.json").groundtruth()
        assert str(caught.value).startswith(f"{root}/boxes.json: entry 2: ")
        assert words in str(caught.value)


def test_an_annotation_of_other_videos_is_refused(root: Path):
    write_csv(root, ["holiday.mp4,0,10,10,30,40"], "video,frame,x1,y1,x2,y2")
    with pytest.raises(DataError, match=r"names no video that is in the folder \(first: 'holiday\.mp4'"):
        open_folder(root, annotation="boxes.csv").official_split()


def decoded(frames: int, width: int = 64, height: int = 48) -> pd.DataFrame:
    row = {"video_id": "other/clip.avi", "frames": frames, "width": width, "height": height}
    return pd.DataFrame([row])


def test_what_the_decoded_video_cannot_have_is_refused_with_file_and_line(root: Path):
    folder = open_folder(root, annotation="boxes.csv")
    folder.refuse_impossible(decoded(4))
    line = rf"{root}/boxes\.csv:8: "
    with pytest.raises(
        DataError, match=line + r"frame is 3; other/clip\.avi has frames 0 to 2; are yours numbered from 1\?"
    ):
        folder.refuse_impossible(decoded(3))
    with pytest.raises(DataError, match=line + r"box \[5\.0, 5\.0, 25\.0, 45\.0\] stands outside the picture of 4x48"):
        folder.refuse_impossible(decoded(4, width=4))


def test_labels_are_asked_for_where_none_are_known(root: Path):
    with pytest.raises(SettingsError, match=r"datasets\.folder\.labels names 0 actions; name two or more"):
        _ = open_folder(root).classes
    with pytest.raises(SettingsError, match=r'datasets\.folder\.labels: "reading"; each label must be there once'):
        _ = open_folder(root, labels=["reading", "walking", "reading"]).classes


def test_an_annotated_label_that_the_settings_do_not_name_is_refused(root: Path):
    with pytest.raises(DataError, match=r"boxes\.csv:3: label is 'reading'; datasets\.folder\.labels does not name it"):
        _ = open_folder(root, annotation="boxes.csv", labels=["walking", "swimming"]).classes


def test_a_wrong_list_of_training_videos_is_named(root: Path):
    (root / "train.txt").write_text("clip.avi\nother/clap.avi\n")
    with pytest.raises(
        DataError, match=r"train\.txt:2: other/clap\.avi is no video .*\(did you mean other/clip\.avi\?\)"
    ):
        open_folder(root, train_list="train.txt").official_split()
    with pytest.raises(DataError, match=r"boxes\.csv: has a part column, and .* keep one of them"):
        open_folder(root, annotation="boxes.csv", train_list="train.txt").official_split()


def test_what_is_missing_is_named_with_its_setting(root: Path, tmp_path_factory: pytest.TempPathFactory):
    with pytest.raises(MissingFileError, match=r"nowhere: no such folder \(datasets\.folder\.root\)"):
        open_folder(root / "nowhere")
    with pytest.raises(MissingFileError, match=r"gt\.csv: no such file \(datasets\.folder\.annotation\)"):
        open_folder(root, annotation="gt.csv").groundtruth()
    (root / "notes.txt").touch()
    with pytest.raises(DataError, match=r"notes\.txt: an annotation comes as \.csv or \.json"):
        open_folder(root, annotation="notes.txt").groundtruth()
    with pytest.raises(MissingFileError, match=r"holds no video; looked at all depths for names that end in \.3g2"):
        open_folder(tmp_path_factory.mktemp("empty")).videos()
