"""Read AVA's files as tables: boxes with action ids (csv), the label map (pbtxt or csv), excluded keyframes (csv).

    video,second,x1,y1,x2,y2,action_id               boxes; fractions of the frame, seconds of the film
    video,second,x1,y1,x2,y2,action_id,person_id     ground truth since v2.1; detections have a score as last cell
    video,second                                     a keyframe without boxes (also with the other cells left empty)

Cells are separated by commas or tabs, lines end in LF or CRLF, the first line may be a header (`ava_rows` says when),
rows come in any order. The first line that breaks a rule is refused by file:line.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from zsstad_core.errors import DataError, MissingFileError
from zsstad_core.metrics.ava_labelmap import read_labelmap
from zsstad_core.metrics.ava_rows import cells_of, is_number, layout
from zsstad_core.plain_text import open_text
from zsstad_core.tables import BOX

__all__ = ["read_boxes", "read_exclusions", "read_keyframes", "read_labelmap"]

_NUMBERS = ["second", *BOX, "action_id", "last"]
_CELLS = ["video", *_NUMBERS, "too many"]
_FRACTIONS = "AVA boxes are fractions of the frame from 0 to 1 (are these pixels?)"
_STRAY = 1.0  # how far a detected box may reach beyond the frame, as a fraction of the frame
_LARGEST = 2**31


def read_boxes(path: Path, scores: bool, seconds: tuple[int, int] | None = None) -> pd.DataFrame:
    """The boxes of an AVA csv in the file's order, one row per (box, action); rows without a box are left out.

    scores: the eighth cell is a detection's score, else a person's number. seconds: the first and the last second that
    a row may name; None allows all from 0.

    Columns: video (categorical), second (int32), x1, y1, x2, y2 (float64, fractions of the frame), action_id (int32),
    score (float64; 1 if no row has a score, as the official tool reads it) or person_id (int64; -1 if the row has no
    number), line (int32, in the file, from 1). An annotated box lies in the frame and may have no area; a detected box
    may reach a frame's size beyond the frame, and may be inside out (evaluators leave such boxes out, as the official
    tool does).

    Raises MissingFileError, and DataError naming file, line and value.
    """
    rows = _rows(path, seconds)
    rows = rows[rows["action_id"].notna()]
    last = rows.pop("last")
    _refuse(rows, path, rows["action_id"] < 1, "action_id", "AVA's actions are numbered from 1")
    stray = _STRAY if scores else 0.0
    for side in BOX:
        _refuse(rows, path, (rows[side] < -stray) | (rows[side] > 1 + stray), side, _FRACTIONS)
    if scores:
        if last.notna().any():
            lacking = rows[last.isna()]
            if len(lacking):
                raise DataError(
                    f"{path}:{lacking['line'].iloc[0]}: has no score, but other rows do; score every detection"
                )
        rows["score"] = last.fillna(1.0)
    else:
        for low, high in (("x1", "x2"), ("y1", "y2")):
            _refuse(rows, path, rows[low] > rows[high], low, f"it must not be greater than {high}")
        strange = last.notna() & (last % 1 != 0)
        if strange.any():
            raise DataError(
                f"{path}:{rows['line'][strange].iloc[0]}: person id is {last[strange].iloc[0]:g}; it must be a whole "
                "number (is this a file of detections?)"
            )
        rows["person_id"] = last.fillna(-1).astype("int64")
    rows["action_id"] = rows["action_id"].astype("int32")
    columns = ["video", "second", *BOX, "action_id", "score" if scores else "person_id", "line"]
    return rows[columns].reset_index(drop=True)


def read_keyframes(path: Path, seconds: tuple[int, int] | None = None) -> pd.DataFrame:
    """Every keyframe that a csv of boxes names, with or without a box: columns video, second; each once."""
    return _rows(path, seconds)[["video", "second"]].drop_duplicates(ignore_index=True)


def read_exclusions(path: Path) -> pd.DataFrame:
    """The keyframes to leave out of an evaluation: columns video, second; each once.

    Raises MissingFileError, and DataError naming file, line and value.
    """
    rows = _rows(path, None)
    boxed = rows["action_id"].notna()
    if boxed.any():
        raise DataError(f"{path}:{rows['line'][boxed].iloc[0]}: has a box; an excluded keyframe is video,second alone")
    return rows[["video", "second"]].drop_duplicates(ignore_index=True)


# ---- rows of numbers


def _rows(path: Path, seconds: tuple[int, int] | None) -> pd.DataFrame:
    """All rows that are not empty: video, second (int32), x1 ... action_id, last (float64, NaN if empty), line."""
    if not path.is_file():
        raise MissingFileError(f"{path}: no such file")
    rows = _read_numbers(path)
    if rows is None:
        rows = _read_text(path)
    first, last = seconds or (0, _LARGEST - 1)
    rule = (
        f"keyframes lie in {first} to {last} (datasets.ava.first_second and last_second; --seconds)"
        if seconds
        else "it must be a whole number from 0"
    )
    second = rows["second"]
    _refuse(rows, path, (second % 1 != 0) | (second < first) | (second > last), "second", rule)
    _refuse(
        rows, path, rows["action_id"].notna() & (rows["action_id"] % 1 != 0), "action_id", "it must be a whole number"
    )
    return rows.assign(second=second.astype("int32"))


def _read_numbers(path: Path) -> pd.DataFrame | None:
    """The rows of a file whose cells are all numbers, except for an empty last column; None for any other file."""
    separator, header = layout(path)
    try:
        with open_text(path) as stream:
            rows = pd.read_csv(
                stream,
                sep=separator,
                header=None,
                names=_CELLS,
                index_col=False,
                skiprows=header,
                dtype={"video": "category", **dict.fromkeys(_NUMBERS, "float64"), "too many": "str"},
                skip_blank_lines=False,
                skipinitialspace=True,
                keep_default_na=False,
                na_values={cell: [""] for cell in _CELLS},
            )
    except (ValueError, OverflowError):  # pandas' own errors too: text where a number is expected, or a broken line
        return None
    numbers = rows[_NUMBERS].to_numpy()
    whole = np.isfinite(numbers[:, :-1]).all() and rows["video"].notna().all() and rows["too many"].isna().all()
    last_column = np.isfinite(numbers[:, -1])
    seven = not last_column.any() and len(next(cells_of(path), (0, []))[1]) == 7
    if not whole or not (last_column.all() or seven) or _has_blanks(rows["video"].cat.categories).any():
        return None
    del rows["too many"]
    return rows.assign(line=np.arange(1 + header, 1 + header + len(rows), dtype=np.int32))


def _has_blanks(names: "pd.Index[str]") -> NDArray[np.bool_]:
    return np.array([name != name.strip() for name in names], bool)


def _read_text(path: Path) -> pd.DataFrame:
    """The rows of any file, cell by cell. Raises DataError naming the first line that is not of the three kinds."""
    columns: dict[str, list[object]] = {cell: [] for cell in ["video", *_NUMBERS, "line"]}
    for line, cells in cells_of(path):
        if len(cells) not in (2, 7, 8):
            raise DataError(
                f"{path}:{line}: has {len(cells)} cells; a row has 7 or 8, or 2 for a keyframe without boxes"
            )
        cells += [""] * (8 - len(cells))
        bare = not any(cells[2:])
        for name, cell in zip(_CELLS[:-1], cells, strict=True):
            if name == "video":
                if not cell:
                    raise DataError(f"{path}:{line}: has no video")
                columns[name].append(cell)
            elif not cell and (name == "last" or (bare and name != "second")):
                columns[name].append(np.nan)
            elif not is_number(cell) or not np.isfinite(float(cell)):
                shown = name if name != "last" else "the last cell"
                raise DataError(f"{path}:{line}: {shown} is {cell!r}; it must be a finite number")
            else:
                columns[name].append(float(cell))
        columns["line"].append(line)
    rows = pd.DataFrame(columns).astype(dict.fromkeys(_NUMBERS, "float64") | {"line": "int32"})
    return rows.assign(video=rows["video"].astype("str").astype("category"))


def _refuse(rows: pd.DataFrame, path: Path, broken: "pd.Series[bool]", column: str, rule: str) -> None:
    if broken.any():
        row = rows[broken].iloc[0]
        value = row[column]
        shown = f"{value:g}" if column in ("second", "action_id") else f"{float(value)}"
        raise DataError(f"{path}:{row['line']}: {column} is {shown}; {rule}")
