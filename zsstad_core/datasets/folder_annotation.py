"""Read the annotation of a folder of videos: boxes in CSV or JSON, and a list of training videos. Imports no pandas.

    video, frame, x1, y1, x2, y2    path below the folder; number from 0; pixels of the decoded frame, half-open
    person                          a number or a name, the same in all frames of a video, so that the person's boxes
                                    are a tube. Without it there are no tubes, and rows of a frame with the very same
                                    box are one person
    label                           the action; a person who does several actions has a row for each; empty: unknown
    part                            train or test, the same in all rows of a video; empty: test

The first six columns must be there, in any order, with a header; a column with another name is refused, since its name
may be misspelt. JSON is a list of objects with these keys.
"""

import math
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from zsstad_core.datasets.base import Part
from zsstad_core.errors import DataError, MissingFileError, did_you_mean
from zsstad_core.lookalikes import lookalikes, refuse_lookalikes, refuse_pairs
from zsstad_core.plain_text import read_json, read_lines, read_rows

_BOX = ("x1", "y1", "x2", "y2")
_NEEDED = ("video", "frame", *_BOX)
_COLUMNS = (*_NEEDED, "person", "label", "part")


class Box(NamedTuple):
    """A row of the annotation; `where` is its file and line (in JSON the entry, from 1). Empty text: not given."""

    where: str
    video: str
    frame: int
    xyxy: tuple[float, float, float, float]
    person: str
    label: str
    part: Part | None


def read_annotation(file: Path, on_disk: Collection[str]) -> list[Box]:
    """All boxes of a file, in its order. Videos that are not on disk are kept; they count as missing.

    Raises MissingFileError, and DataError naming file, line and value of the first row that breaks a rule.
    """
    if not file.is_file():
        raise MissingFileError(f"{file}: no such file (datasets.folder.annotation)")
    match file.suffix.lower():
        case ".csv":
            cells = _read_csv(file)
        case ".json":
            cells = _read_json(file)
        case _:
            raise DataError(f"{file}: an annotation comes as .csv or .json (datasets.folder.annotation)")
    boxes = [_box(where, row) for where, row in cells]
    _refuse_lookalikes(boxes, on_disk)
    _refuse_misspelt_videos(boxes, on_disk, file)
    _refuse_contradictions(boxes)
    return boxes


def read_train_list(file: Path, known: Collection[str]) -> set[str]:
    """The videos of a list, one per line. Raises MissingFileError, and DataError naming file and line."""
    if not file.is_file():
        raise MissingFileError(f"{file}: no such list (datasets.folder.train_list)")
    listed: set[str] = set()
    for number, line in enumerate(read_lines(file), start=1):
        name = line.strip()
        if name in listed:
            raise DataError(f"{file}:{number}: {name} is listed twice")
        if name and name not in known:
            raise DataError(f"{file}:{number}: {name} is no video of the folder{did_you_mean(name, known)}")
        if name:
            listed.add(name)
    return listed


def _read_csv(file: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    rows = read_rows(file)
    _, header = next(rows, (1, []))
    _refuse_other_columns(header, f"{file}:1")
    for line, row in rows:
        if not row:
            continue
        if len(row) != len(header):
            raise DataError(f"{file}:{line}: has {len(row)} cells, the header {len(header)}")
        yield f"{file}:{line}", dict(zip(header, row, strict=True))


def _read_json(file: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    content = read_json(file)
    if not isinstance(content, list):
        raise DataError(f"{file}: expected a list of objects with {', '.join(_NEEDED)}")
    for number, entry in enumerate(content, start=1):
        where = f"{file}: entry {number}"
        if not isinstance(entry, dict):
            raise DataError(f"{where}: is {entry!r}; expected an object with {', '.join(_NEEDED)}")
        _refuse_other_columns(list(entry), where)
        if isinstance(entry["frame"], bool) or any(isinstance(value, list | dict) for value in entry.values()):
            raise DataError(f"{where}: {entry}; each value must be a number or a text")
        yield where, {key: "" if value is None else value for key, value in entry.items()}


def _refuse_other_columns(header: list[str], where: str) -> None:
    lacking = [name for name in _NEEDED if name not in header]
    if lacking:
        hint = " (columns are separated by commas)" if re.search("[;\t]", "".join(header)) else ""
        raise DataError(
            f"{where}: the header lacks {', '.join(lacking)}{hint}; it must name {', '.join(_NEEDED)} and may name "
            "person, label, part"
        )
    for name in header:
        if name not in _COLUMNS:
            raise DataError(
                f"{where}: unknown column {name!r}{did_you_mean(name, _COLUMNS)}; known are {', '.join(_COLUMNS)}"
            )
        if header.count(name) > 1:
            raise DataError(f"{where}: column {name} is there twice")


def _box(where: str, row: Mapping[str, Any]) -> Box:
    text = {name: str(row.get(name, "")).strip() for name in ("video", "person", "label", "part")}
    frame, xyxy = _number(where, row, "frame"), tuple(_number(where, row, name) for name in _BOX)
    if frame < 0 or frame % 1 or frame >= 2**31:
        raise DataError(f"{where}: frame is {row['frame']}; it must be a whole number from 0")
    x1, y1, x2, y2 = xyxy
    if x2 <= x1 or y2 <= y1:
        hint = " (are these width and height?)" if x2 > 0 and y2 > 0 else ""
        raise DataError(f"{where}: box {list(xyxy)} must have x1 < x2 and y1 < y2{hint}")
    if x2 <= 1 and y2 <= 1:
        raise DataError(f"{where}: box {list(xyxy)} must be in pixels (are these fractions of the frame?)")
    if text["part"] not in ("", "train", "test"):
        raise DataError(f"{where}: part is {text['part']!r}; it must be train or test")
    if not text["video"]:
        raise DataError(f"{where}: names no video")
    part: Part | None = "train" if text["part"] == "train" else "test" if text["part"] else None
    return Box(where, text["video"], int(frame), (x1, y1, x2, y2), text["person"], text["label"], part)


def _number(where: str, row: Mapping[str, Any], name: str) -> float:
    try:
        value = float(row[name])
    except (TypeError, ValueError):
        value = math.nan
    if not math.isfinite(value):
        raise DataError(f"{where}: {name} is {row[name]!r}; it must be a finite number")
    return value


def _refuse_lookalikes(boxes: list[Box], on_disk: Collection[str]) -> None:
    """Refuse names that look the same: a video and one on disk, two missing videos, two labels, two persons of a
    video."""
    videos = {box.video: box.where for box in reversed(boxes)}
    labels = {box.label: box.where for box in reversed(boxes)}
    for video, other in lookalikes(videos, on_disk):
        refuse_lookalikes("video", [video], videos[video], [other], "the folder")
    refuse_pairs("video", (video for video in reversed(videos) if video not in on_disk), videos)
    refuse_pairs("label", reversed(labels), labels)
    persons: dict[str, dict[str, str]] = {}
    for box in boxes:
        persons.setdefault(box.video, {}).setdefault(box.person, box.where)
    for places in persons.values():
        refuse_pairs("person", places, places)


def _refuse_misspelt_videos(boxes: list[Box], on_disk: Collection[str], file: Path) -> None:
    """Refuse a name that is almost that of a video on disk; any other name may belong to a missing video."""
    short = {name.rpartition(".")[0]: name for name in on_disk} | {name.rpartition("/")[2]: name for name in on_disk}
    for box in boxes:
        if box.video not in on_disk:
            meant = box.video.replace("\\", "/").removeprefix("./")
            if meant := meant if meant in on_disk else short.get(meant, ""):
                raise DataError(f"{box.where}: video is {box.video!r}; it must be its path in the folder, {meant!r}")
    if boxes and not any(box.video in on_disk for box in boxes):
        raise DataError(
            f"{file}: names no video that is in the folder (first: {boxes[0].video!r}; in the folder: "
            f"{min(on_disk, default='nothing')!r})"
        )


def _refuse_contradictions(boxes: list[Box]) -> None:
    """Refuse a video in two parts, with some persons named and some not, or with two boxes of a person in a frame."""
    parts: dict[str, Box] = {}
    named: dict[str, Box] = {}
    places: dict[tuple[str, int, str], Box] = {}
    rows: dict[object, Box] = {}
    for box in boxes:
        if (other := parts.setdefault(box.video, box)).part != box.part:
            raise DataError(f"{box.where}: part is {box.part}; {other.where} says {other.part} of the same video")
        if bool((other := named.setdefault(box.video, box)).person) != bool(box.person):
            raise DataError(f"{box.where}: in {box.video} some boxes name a person and some do not ({other.where})")
        if box.person and (other := places.setdefault((box.video, box.frame, box.person), box)).xyxy != box.xyxy:
            raise DataError(f"{box.where}: person {box.person} has another box in this frame ({other.where})")
        if (other := rows.setdefault((*box[1:4], box.person, box.label), box)) is not box:
            raise DataError(f"{box.where}: says the same as {other.where}")
