"""Boxes in our own columns: every row is either in the table, counted, or named with its line."""

import string
from contextlib import suppress
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zsstad_core.datasets.box_files import number_boxes, read_boxes
from zsstad_core.errors import DataError, MissingFileError
from zsstad_core.tables import BOX, table

HEADER = "video_id,frame,x1,y1,x2,y2,score,what"
VIDEOS = ["wave/a", "wave/b"]


def write(path: Path, *lines: str, header: str = HEADER) -> Path:
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return path


def test_boxes_are_numbered_persons_first_by_falling_score(tmp_path: Path):
    path = write(
        tmp_path / "boxes.csv",
        "wave/b,0,1,2,30,40,0.5,person",
        "wave/a,1,1,2,30,40,0.9,chair",
        "wave/a,1,2,2,30,40,0.3,person",
        "wave/a,1,3,2,30,40,0.7,person",
        "wave/a,0,4,2,30.25,40,1,person",
    )
    read = read_boxes(path, VIDEOS)
    assert (read.dropped, read.unmatched) == (0, 0)
    assert read.boxes[["video_id", "frame", "box", "x1", "what"]].values.tolist() == [
        ["wave/a", 0, 0, 4, "person"],
        ["wave/a", 1, 0, 3, "person"],
        ["wave/a", 1, 1, 2, "person"],
        ["wave/a", 1, 2, 1, "chair"],
        ["wave/b", 0, 0, 1, "person"],
    ]
    assert read.boxes.x2[0] == 30.25


def test_equal_scores_keep_the_files_order(tmp_path: Path):
    lines = [f"wave/a,0,{i},2,30,40,0.5,person" for i in (5, 3, 9, 1)]
    assert list(read_boxes(write(tmp_path / "boxes.csv", *lines), VIDEOS).boxes.x1) == [5, 3, 9, 1]


@settings(max_examples=50)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(VIDEOS),
            st.integers(0, 2),
            st.sampled_from([0.1, 0.5, 0.9]),
            st.sampled_from(["person", "chair"]),
        )
    )
)
def test_numbering_loses_no_box_and_counts_from_zero_in_each_frame(rows):
    frame = pd.DataFrame(rows, columns=["video_id", "frame", "score", "what"])
    frame = frame.assign(x1=np.arange(len(rows), dtype=float), y1=0.0, x2=1e4, y2=1.0)  # x1 tells the rows apart
    numbered = number_boxes(frame)
    assert sorted(numbered.x1) == list(range(len(rows)))
    for _, group in numbered.groupby(["video_id", "frame"]):
        assert list(group.box) == list(range(len(group)))
        keys = [(row.what != "person", -row.score, row.x1) for row in group.itertuples()]
        assert keys == sorted(keys)


def test_our_own_table_comes_back_from_csv_and_parquet(tmp_path: Path):
    rng = np.random.default_rng(0)
    corner, size = rng.uniform(0, 100, (2, 50, 2)).astype(np.float32)
    boxes = number_boxes(
        pd.DataFrame(np.hstack([corner, corner + size + 1]), columns=BOX).assign(
            video_id=rng.choice(VIDEOS, 50), frame=rng.integers(0, 3, 50), score=rng.uniform(size=50), what="person"
        )
    )
    boxes.to_csv(tmp_path / "boxes.csv", index=False)
    boxes.to_parquet(tmp_path / "boxes.parquet")
    for name in ("boxes.csv", "boxes.parquet"):
        pd.testing.assert_frame_equal(read_boxes(tmp_path / name, VIDEOS).boxes, boxes)


def test_boxes_of_other_videos_are_counted(tmp_path: Path):
    path = write(tmp_path / "boxes.csv", "wave/z,0,1,2,30,40,0.5,person", "wave/a,0,1,2,30,40,0.5,person")
    read = read_boxes(path, VIDEOS)
    assert (len(read.boxes), read.unmatched) == (1, 1)


def test_a_file_without_boxes_gives_an_empty_table(tmp_path: Path):
    pd.testing.assert_frame_equal(read_boxes(write(tmp_path / "boxes.csv"), VIDEOS).boxes, table("boxes"))


def test_a_spreadsheets_mark_line_ends_and_empty_lines_lose_nothing(tmp_path: Path):
    path = tmp_path / "boxes.csv"
    path.write_bytes(b"\xef\xbb\xbf" + f'{HEADER}\r\n"wave/a",0,1,2,30,40,0.5,person\r\n\r\n'.encode())
    assert len(read_boxes(path, VIDEOS).boxes) == 1


@pytest.mark.fault(34)
@pytest.mark.parametrize(
    ("line", "words"),
    [
        (",0,1,2,30,40,0.5,person", "video_id is ''; it must be a name without spaces around it"),
        ("wave/a,0,1,2,30,40,0.5, ", "what is ' '; it must be a name in lower case, without spaces around it"),
        (
            "wave/a,0,1,2,30,40,0.5,Person",
            "what is 'Person'; it must be a name in lower case, without spaces around it",
        ),
        ("wave/a,one,1,2,30,40,0.5,person", "frame is 'one'; it must be a finite number"),
        ("wave/a,-1,1,2,30,40,0.5,person", "frame is '-1'; it must be a whole number from 0"),
        ("wave/a,1.5,1,2,30,40,0.5,person", "frame is '1.5'; it must be a whole number from 0"),
        ("wave/a,0,nan,2,30,40,0.5,person", "x1 is 'nan'; it must be a finite number"),
        ("wave/a,0,1,2,inf,40,0.5,person", "x2 is 'inf'; it must be a finite number"),
        ("wave/a,0,1,2,1e39,40,0.5,person", "x2 is '1e39'; it must be a finite number"),
        (
            "wave/a,0,1,2,1,40,0.5,person",
            "x2 is '1'; it must be greater than x1; boxes are two corners, not x, y, width, height",
        ),
        (
            "wave/a,0,1,50,30,40,0.5,person",
            "y2 is '40'; it must be greater than y1; boxes are two corners, not x, y, width, height",
        ),
        ("wave/a,0,1,2,30,40,1.5,person", "score is '1.5'; it must be from 0 to 1"),
        ("wave/a,0,1,2,30,40,0.5", "has 7 cells, the header 8"),
        ("wave/a,0,1,2,30,40,0.5,person,9", "has 9 cells, the header 8"),
    ],
)
def test_a_wrong_cell_is_named_with_its_line(tmp_path: Path, line: str, words: str):
    good = "wave/a,0,1,2,30,40,0.5,person"
    with pytest.raises(DataError) as caught:
        read_boxes(write(tmp_path / "boxes.csv", good, "", line, good), VIDEOS)
    assert str(caught.value) == f"{tmp_path / 'boxes.csv'}:4: {words}"


def test_of_many_wrong_cells_the_first_are_shown_and_the_rest_counted(tmp_path: Path):
    with pytest.raises(DataError) as caught:
        read_boxes(write(tmp_path / "boxes.csv", *["wave/a,0,1,2,30,40,2,person"] * 9), VIDEOS)
    lines = str(caught.value).splitlines()
    assert [line.split(":")[1] for line in lines[:5]] == ["2", "3", "4", "5", "6"]
    assert lines[5:] == ["and 4 more"]


def test_a_wrong_row_of_parquet_is_named(tmp_path: Path):
    row = {
        "video_id": "wave/a",
        "frame": 0,
        "x1": 1.0,
        "y1": 2.0,
        "x2": 30.0,
        "y2": 40.0,
        "score": 0.5,
        "what": "person",
    }
    pd.DataFrame([row, {**row, "score": -0.5}]).to_parquet(tmp_path / "boxes.parquet")
    with pytest.raises(DataError, match=r"boxes\.parquet: row 2: score is -0\.5; it must be from 0 to 1"):
        read_boxes(tmp_path / "boxes.parquet", VIDEOS)


@pytest.mark.fault(34)
def test_fractions_of_the_frame_are_not_taken_for_pixels(tmp_path: Path):
    path = write(tmp_path / "boxes.csv", *["wave/a,0,0.1,0.2,0.5,0.6,0.9,person"] * 3)
    with pytest.raises(DataError, match=r"boxes\.csv:2: x2 is 0\.5; boxes must be in pixels"):
        read_boxes(path, VIDEOS)


@pytest.mark.parametrize("header", [HEADER.replace("score", "confidence"), HEADER + ",x1", ""])
def test_wrong_columns_are_named(tmp_path: Path, header: str):
    with pytest.raises(DataError, match=r"boxes\.csv: must have each of the columns video_id, .* once \(not so: "):
        read_boxes(write(tmp_path / "boxes.csv", header=header), VIDEOS)


@pytest.mark.parametrize("name", ["boxes.csv", "boxes.parquet", "boxes.json"])
def test_a_file_of_something_else_is_named(tmp_path: Path, name: str):
    (tmp_path / name).write_bytes(bytes(range(128, 256)))
    with pytest.raises(DataError, match=rf"{name}:(1: byte 0x80 is not UTF-8| not a readable)"):
        read_boxes(tmp_path / name, VIDEOS)


def test_another_kind_of_file_and_a_missing_one_are_named(tmp_path: Path):
    (tmp_path / "boxes.pkl").touch()
    with pytest.raises(DataError, match=r"boxes\.pkl: boxes come as \.json"):
        read_boxes(tmp_path / "boxes.pkl", VIDEOS)
    with pytest.raises(MissingFileError, match=r"boxes\.csv: no such file \(detector\.boxes_from\)"):
        read_boxes(tmp_path / "boxes.csv", VIDEOS)


@given(st.text(string.printable, max_size=60))
def test_no_text_makes_the_reader_fall_over(tmp_path_factory: pytest.TempPathFactory, text: str):
    path = tmp_path_factory.mktemp("boxes") / "boxes.csv"
    path.write_text(f"{HEADER}\n{text}", encoding="utf-8", newline="")
    with suppress(DataError):
        read_boxes(path, VIDEOS)
