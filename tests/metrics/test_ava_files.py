"""AVA's files with every trap that the real ones and other people's have."""

from pathlib import Path

import pytest

from zsstad_core.errors import DataError, MissingFileError
from zsstad_core.metrics.ava_files import read_boxes, read_exclusions, read_keyframes, read_labelmap
from zsstad_core.metrics.ava_rows import video_names

ROW = "a,0902,0.1,0.2,0.5,0.9,12"


def write(path: Path, text: str) -> Path:
    path.write_bytes(text.encode())
    return path


@pytest.fixture
def file(tmp_path: Path):
    return lambda text: write(tmp_path / "boxes.csv", text)


PLAIN = [["a", 902, 0.1, 0.2, 0.5, 0.9, 12], ["b", 904, 0.0, 0.0, 1.0, 1.0, 80]]


@pytest.mark.parametrize(
    "text",
    [
        "a,0902,0.1,0.2,0.5,0.9,12\nb,904,0,0,1,1,80\n",
        "a,0902,0.1,0.2,0.5,0.9,12\r\nb,904,0,0,1,1,80\r\n",
        "a\t0902\t0.1\t0.2\t0.5\t0.9\t12\nb\t904\t0\t0\t1\t1\t80",
        "\ufeffvideo_id,middle_frame_timestamp,x1,y1,x2,y2,action_id\na,902,0.1,0.2,0.5,0.9,12\nb,904,0,0,1,1,80\n",
        '"a",902,0.1,0.2,0.5,0.9,12\n\n b , 904,0,0,1,1, 80\n\n',
        "a,902,0.1,0.2,0.5,0.9,12.0\nb,903\nc,901,,,,,\nb,904,0,0,1,1,80\n",
    ],
    ids=["plain", "CRLF", "tabs", "header and mark", "quotes, blanks, empty lines", "keyframes without boxes"],
)
def test_a_file_says_the_same_however_it_is_written(file, text: str) -> None:
    rows = read_boxes(file(text), scores=False)
    assert (
        rows[["video", "second", "x1", "y1", "x2", "y2", "action_id"]].astype({"video": "str"}).to_numpy().tolist()
        == PLAIN
    )
    assert rows["person_id"].tolist() == [-1, -1]


def test_the_eighth_cell_is_a_person_of_the_groundtruth_and_a_score_of_detections(file) -> None:
    mixed = file(f"{ROW},7\n{ROW}\n")
    assert read_boxes(mixed, scores=False)["person_id"].tolist() == [7, -1]
    assert read_boxes(file(f"{ROW},0.123456789012345678\n"), scores=True)["score"].tolist() == [0.123456789012345678]
    assert read_boxes(file(f"{ROW}\n{ROW}\n"), scores=True)["score"].tolist() == [1, 1]


def test_rows_keep_their_order_and_lines(file) -> None:
    rows = read_boxes(file(f"video,second,x1,y1,x2,y2,action\nb,5\nz,9,0,0,1,1,1\n\n{ROW}\n"), scores=False)
    assert list(zip(rows["video"], rows["line"], strict=True)) == [("z", 3), ("a", 5)]


def test_a_video_may_have_any_name(file) -> None:
    rows = read_boxes(file("NA,902,0,0,1,1,1\n-5KQ66BBWC4,902,0,0,1,1,1\n1e5,902,0,0,1,1,1\n"), scores=False)
    assert list(rows["video"]) == ["NA", "-5KQ66BBWC4", "1e5"]


def test_keyframes_without_a_box_are_known(file) -> None:
    keyframes = read_keyframes(file(f"{ROW}\n{ROW}\nb,903\nb,904,,,,,,\n"))
    assert list(zip(keyframes["video"], keyframes["second"], strict=True)) == [("a", 902), ("b", 903), ("b", 904)]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("a,902,214.0,0.2,230.0,0.9,12", r"x1 is 214\.0; AVA boxes are fractions of the frame from 0 to 1 \(are these"),
        ("a,902,0.1,0.2,0.5,1.5,12", r"y2 is 1\.5; AVA boxes are fractions"),
        ("a,902,0.6,0.2,0.5,0.9,12", r"x1 is 0\.6; it must not be greater than x2"),
        ("a,902,0.1,0.2,0.5,0.9,0", "action_id is 0; AVA's actions are numbered from 1"),
        ("a,902,0.1,0.2,0.5,0.9,1.5", r"action_id is 1\.5; it must be a whole number"),
        ("a,902,0.1,0.2,0.5,0.9,12,0.87", r"person id is 0\.87; it must be a whole number \(is this a file of det"),
        ("a,902.5,0.1,0.2,0.5,0.9,12", r"second is 902\.5; it must be a whole number from 0"),
        ("a,-1,0.1,0.2,0.5,0.9,12", "second is -1; it must be a whole number from 0"),
        ("a,902,0.1,0.2,0.5,0.9", "has 6 cells; a row has 7 or 8, or 2 for a keyframe without boxes"),
        ("a,902,0.1,0.2,0.5,0.9,12,1,1", "has 9 cells"),
        ("a,902,0.1,0.2,,0.9,12", "x2 is ''; it must be a finite number"),
        ("a,902,0.1,nan,0.5,0.9,12", "y1 is 'nan'; it must be a finite number"),
        ("a,902,0.1,zero,0.5,0.9,12", "y1 is 'zero'; it must be a finite number"),
        (",902,0.1,0.2,0.5,0.9,12", "has no video"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(file, row: str, message: str) -> None:
    with pytest.raises(DataError, match=rf"boxes\.csv:3: {message}"):
        read_boxes(file(f"{ROW}\n{ROW}\n{row}\n{ROW}\n"), scores=False)


def test_a_score_that_is_missing_or_no_number_is_named_with_its_line(file) -> None:
    with pytest.raises(DataError, match=r"boxes\.csv:2: has no score, but other rows do; score every detection"):
        read_boxes(file(f"{ROW},0.5\n{ROW}\n"), scores=True)
    for text in (f"{ROW},nan\n", f"{ROW},0.5\n{ROW},inf\n"):
        with pytest.raises(DataError, match=r"the last cell is '(nan|inf)'; it must be a finite number"):
            read_boxes(file(text), scores=True)


def test_a_detected_box_may_stray_but_not_be_in_pixels(file) -> None:
    assert len(read_boxes(file("a,902,-0.02,0.2,1.03,0.9,12,0.5\n"), scores=True)) == 1
    with pytest.raises(DataError, match=r"boxes\.csv:1: x2 is 230\.0; AVA boxes are fractions"):
        read_boxes(file("a,902,0,0.2,230,0.9,12,0.5\n"), scores=True)


def test_seconds_out_of_range_are_refused_where_the_range_is_known(file) -> None:
    path = file(f"{ROW}\na,1799,0.1,0.2,0.5,0.9,12\n")
    assert len(read_boxes(path, scores=False)) == 2
    with pytest.raises(DataError, match=r"boxes\.csv:2: second is 1799; keyframes lie in 902 to 1798"):
        read_boxes(path, scores=False, seconds=(902, 1798))


def test_exclusions_are_keyframes_alone(file) -> None:
    excluded = read_exclusions(file("a,0903\r\na,0903\r\n"))
    assert list(zip(excluded["video"], excluded["second"], strict=True)) == [("a", 903)]
    with pytest.raises(DataError, match=r"boxes\.csv:2: has a box; an excluded keyframe is video,second alone"):
        read_exclusions(file(f"a,903\n{ROW}\n"))


def test_empty_and_missing_files(file, tmp_path: Path) -> None:
    assert read_boxes(file(""), scores=True).empty
    with pytest.raises(MissingFileError, match="no such file"):
        read_boxes(tmp_path / "gone.csv", scores=True)
    (tmp_path / "latin.csv").write_bytes(b"caf\xe9,902,0,0,1,1,1\n")
    with pytest.raises(DataError, match=r"latin\.csv:1: byte 0xe9 is not UTF-8"):
        read_boxes(tmp_path / "latin.csv", scores=False)


def test_a_label_map_reads_the_same_in_all_its_formats(tmp_path: Path) -> None:
    for text in (
        'item {\n  name: "sit {down} (a, b)"\n  id: 11\n}\nitem {\n  name: "bend/bow"\n  id: 1\n}\n',
        'label {\n  name: "bend/bow"\n  label_id: 1\n  label_type: PERSON_MOVEMENT\n}\r\n'
        'label { label_id: 11 name: "sit {down} (a, b)" }',
        'label_id,label_name,label_type\n1,bend/bow,X\n11,"sit {down} (a, b)",Y\n',
    ):
        path = write(tmp_path / "map.txt", text)
        assert read_labelmap(path) == {1: "bend/bow", 11: "sit {down} (a, b)"}, text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            'item {\n  name: "sit"\n  id: 1\n}\nitem {\n  name: "run"\n  id: 1\n}\n',
            r'map\.txt:5: 1 "run" is there twice',
        ),
        ('item {\n  name: "sit"\n}\n', r"map\.txt:1: this entry must have a name and an id"),
        ('item {\n  name: "sit"\n  id: 0\n}\n', r"map\.txt:1: id is 0; AVA's actions are numbered from 1"),
        ("sit\nrun\n", r"map\.txt:1: neither a pbtxt nor a csv"),
    ],
)
def test_a_wrong_label_map_is_named_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_labelmap(write(tmp_path / "map.txt", text))


def test_the_real_files_are_read_whole(realdata: Path) -> None:
    folder = realdata / "annotations/ava"
    validation = read_boxes(folder / "ava_val_v2.1_pose_only_AVA-II.csv", scores=False, seconds=(902, 1798))
    assert (len(validation), validation["video"].nunique(), validation["action_id"].max()) == (93_400, 64, 14)
    test = read_boxes(folder / "ava_test_v1.0.csv", scores=False, seconds=(902, 1798))
    assert (len(test), test["video"].nunique()) == (41_425, 38)
    maps = ["ava_action_list_v1.0.pbtxt", "ava_action_list_v2.0_80classes.csv"]
    first, second = (read_labelmap(folder / name) for name in maps)
    assert first == second
    assert len(first) == 80
    sixty = read_labelmap(folder / "ava_action_list_v2.1_for_activitynet_2018.pbtxt.txt")
    assert len(sixty) == 60
    assert sixty.items() <= first.items()


HEADER = "video_id,middle_frame_timestamp,x1,y1,x2,y2,action_id"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (f"{ROW}\nb,904,0,0,1,1,80\n", {"a", "b"}),
        (f"{HEADER}\n{ROW}\n", {"a"}),
        (f"\n\n{HEADER}\n{ROW}\n", {"a"}),  # the header after empty lines
        ("a,902.0,0,0,1,1,80\nb,904,0,0,1,1,80\n", {"a", "b"}),  # a second that a spreadsheet made a decimal number
        ("a, 902,0,0,1,1,80\n", {"a"}),
        ("a,,0.1,0.2,0.5,0.9,12\n", {"a"}),  # no header: the row is wrong, and refused
        ('"a, b",902,0,0,1,1,80\nb,904,0,0,1,1,80\n', {"a, b", "b"}),
        (f"{HEADER}\r\n\r\n{ROW}\r\n,,,,,,\r\n".replace(",", "\t"), {"a"}),
        ("video,second\n", set()),
        ("", set()),
    ],
)
def test_the_reader_of_names_and_the_reader_of_boxes_agree_on_the_header(file, text: str, names: set[str]) -> None:
    """A plan reads the names alone: a video lost there is never looked for, and its rows are counted as missed."""
    assert video_names(file(text)) == names
    if ",," not in text:
        assert set(read_keyframes(file(text))["video"]) == names
    elif "\t" not in text:
        with pytest.raises(DataError, match=r"boxes\.csv:1: second is ''"):
            read_keyframes(file(text))
