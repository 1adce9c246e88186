"""Boxes from a file instead of a detector: ST-CLIP's JSON, or the columns of table `boxes` in CSV or Parquet."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from zsstad_core.datasets.published_boxes import read_published
from zsstad_core.errors import DataError, MissingFileError
from zsstad_core.lookalikes import refuse_lookalikes
from zsstad_core.plain_text import read_rows
from zsstad_core.tables import BOX, table

_NUMBERS = ["frame", *BOX, "score"]
_COLUMNS = ["video_id", *_NUMBERS, "what"]
_FRAME_RULE = "must be a whole number from 0"
_CORNERS = "; boxes are two corners, not x, y, width, height"
_SHOWN = 5


@dataclass(frozen=True)
class BoxFile:
    """Table `boxes` of some videos, and how many boxes of the file are not in it."""

    boxes: pd.DataFrame
    dropped: int
    """Boxes without area (ST-CLIP's file has three), of any video."""
    unmatched: int
    """Boxes of other videos."""


def read_boxes(path: Path, videos: Sequence[str]) -> BoxFile:
    """The boxes of `videos` in a file, numbered within each frame: persons first, then objects, each by falling score,
    equal scores in the file's order.

    `.json` is the detection file of ST-CLIP, with `jhmdb_test_gt_min.json` beside it. `.csv` (UTF-8,
    with a header) and `.parquet` hold video_id, frame (from 0), x1, y1, x2, y2 (pixels of the frame), score (0 to 1)
    and what (`person` or a COCO class); further columns are not read. Boxes are not clipped here: the frame's size is
    unknown.

    Raises MissingFileError, and DataError naming file, line (in Parquet the row, from 1) and value of the first
    problems.
    """
    if not path.is_file():
        raise MissingFileError(f"{path}: no such file (detector.boxes_from)")
    dropped = 0
    match path.suffix.lower():
        case ".json":
            rows, dropped = read_published(path, videos)
        case ".csv":
            rows = _check(*_read_csv(path), f"{path}:")
        case ".parquet":
            rows = _check(*_read_parquet(path), f"{path}: row ")
        case _:
            raise DataError(f"{path}: boxes come as .json (ST-CLIP's), .csv or .parquet")
    refuse_lookalikes("video_id", rows.video_id.unique(), str(path), videos, "the dataset")
    known = rows.video_id.isin(videos)
    return BoxFile(number_boxes(rows[known]), dropped, int((~known).sum()))


def number_boxes(rows: pd.DataFrame) -> pd.DataFrame:
    """Table `boxes` from rows without `box`: persons first, then objects, by falling score, then in the given order."""
    videos, _ = pd.factorize(rows.video_id, sort=True)
    order = np.lexsort((-rows.score.to_numpy(float), rows.what != "person", rows.frame, videos))  # stable
    rows = rows.iloc[order]
    return table("boxes", rows.assign(box=rows.groupby(["video_id", "frame"]).cumcount()))


def _read_csv(path: Path) -> tuple[pd.DataFrame, list[int]]:
    """The cells of a CSV file as text, and the number of the line on which each row ends."""
    rows, lines = [], []
    numbered = read_rows(path)
    _, header = next(numbered, (1, []))
    _refuse_other_columns(path, header)
    for line, row in numbered:
        if len(row) not in (0, len(header)):
            raise DataError(f"{path}:{line}: has {len(row)} cells, the header {len(header)}")
        if row:
            rows.append(row)
            lines.append(line)
    return pd.DataFrame(rows, columns=header, dtype=object)[_COLUMNS], lines


def _read_parquet(path: Path) -> tuple[pd.DataFrame, list[int]]:
    try:
        rows = pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: not a readable Parquet file ({error})") from error
    _refuse_other_columns(path, list(rows.columns))
    return rows[_COLUMNS].reset_index(drop=True), list(range(1, len(rows) + 1))


def _refuse_other_columns(path: Path, header: list[str]) -> None:
    wrong = [column for column in _COLUMNS if header.count(column) != 1]
    if wrong:
        raise DataError(
            f"{path}: must have each of the columns {', '.join(_COLUMNS)} once (not so: {', '.join(wrong)})"
        )


def _is_name(cell: object) -> bool:
    return isinstance(cell, str) and cell.strip() == cell != ""


def _is_lower_name(cell: object) -> bool:
    return _is_name(cell) and cell == str(cell).lower()


def _quote(cell: object) -> str:
    return repr(cell) if isinstance(cell, str) else str(cell)


def _check(cells: pd.DataFrame, lines: Sequence[int], where: str) -> pd.DataFrame:
    """`cells` with numbers as numbers. Raises DataError listing the first cells that break a rule."""
    rows = cells.assign(**{column: pd.to_numeric(cells[column], errors="coerce") for column in _NUMBERS})
    with np.errstate(over="ignore"):  # a number beyond float32 becomes infinite, and is refused as such
        rows = rows.astype(dict.fromkeys(_NUMBERS, "float64")).astype(dict.fromkeys(BOX, "float32"))
    finite = {column: np.isfinite(rows[column]) for column in _NUMBERS}
    rules = [
        ("video_id", ~cells.video_id.map(_is_name), "must be a name without spaces around it"),
        ("what", ~cells.what.map(_is_lower_name), "must be a name in lower case, without spaces around it"),
        *((column, ~finite[column], "must be a finite number") for column in _NUMBERS),
        ("frame", finite["frame"] & ((rows.frame < 0) | (rows.frame % 1 != 0) | (rows.frame >= 2**31)), _FRAME_RULE),
        ("score", finite["score"] & ~rows.score.between(0, 1), "must be from 0 to 1"),
        ("x2", finite["x1"] & finite["x2"] & (rows.x2 <= rows.x1), f"must be greater than x1{_CORNERS}"),
        ("y2", finite["y1"] & finite["y2"] & (rows.y2 <= rows.y1), f"must be greater than y1{_CORNERS}"),
    ]
    problems = sorted(
        (int(i), f"{column} is {_quote(cells[column].iloc[i])}; it {rule}")
        for column, broken, rule in rules
        for i in np.flatnonzero(broken)
    )
    if problems:
        shown = [f"{where}{lines[i]}: {text}" for i, text in problems[:_SHOWN]]
        more = [f"and {len(problems) - _SHOWN} more"] if len(problems) > _SHOWN else []
        raise DataError("\n".join(shown + more))
    if len(rows) and (rows[["x2", "y2"]] <= 1).all(axis=None):
        raise DataError(
            f"{where}{lines[0]}: x2 is {rows.x2[0]}; boxes must be in pixels (all are fractions of the frame)"
        )
    return rows
