"""Read boxes of any dataset from a CSV or Parquet file, to evaluate results of another program.

Columns, by name and in any order; others are not read:

    video, class      names
    frame             a whole number, counted alike in both files
    x1, y1, x2, y2    pixels, or fractions of the frame, alike in both files
    score             in a file of detections; the higher the better
    tube              in a file of tubes, annotated or linked already: which boxes of a class belong together in a video
"""

import csv
from pathlib import Path

import numpy as np
import pandas as pd

from zsstad_core.errors import DataError, MissingFileError
from zsstad_core.plain_text import open_text, read_rows
from zsstad_core.tables import BOX

_LARGEST = 2**31


def read_table(path: Path, scores: bool, tubes: bool | None = None) -> pd.DataFrame:
    """The boxes of a file in its order.

    scores: whether boxes have a score. tubes: whether they must have a tube; None reads the column if it is there.

    Columns: video_id, class_name (categorical), frame (int64), x1, y1, x2, y2 (float64), score (float64), tube
    (categorical). Raises MissingFileError, and DataError naming file, line (in Parquet the row, from 1) and value.
    """
    if not path.is_file():
        raise MissingFileError(f"{path}: no such file")
    numbers = ["frame", *BOX, *(["score"] if scores else [])]
    names = ["video", "class", *(["tube"] if tubes else [])]
    match path.suffix.lower():
        case ".parquet":
            cells, where = _from_parquet(path, names + numbers, tubes is None), f"{path}: row "
        case ".csv" | ".tsv" | ".txt":
            cells, where = _from_csv(path, names, numbers, tubes is None), f"{path}:"
        case _:
            raise DataError(f"{path}: boxes come as .csv or .parquet")
    return _check(cells, numbers, where)


def _from_csv(path: Path, names: list[str], numbers: list[str], optional_tube: bool) -> pd.DataFrame:
    """The cells of the columns, as numbers if each cell of a column of numbers is one; the index is the line."""
    with open_text(path) as stream:
        first = stream.readline()
    separator = "\t" if "\t" in first and "," not in first else ","
    header = [cell.strip() for cell in next(csv.reader([first], delimiter=separator), [])]
    names = names + (["tube"] if optional_tube and "tube" in header else [])
    _must_have(f"{path}:1", header, names + numbers)
    try:
        with open_text(path) as stream:
            cells = pd.read_csv(
                stream,
                sep=separator,
                header=None,
                names=[*header, "too many"],
                index_col=False,
                skiprows=1,
                dtype=dict.fromkeys([*header, "too many"], "category") | dict.fromkeys(numbers, "float64"),
                skip_blank_lines=False,
                skipinitialspace=True,
                keep_default_na=False,
                na_values={column: [""] for column in [*header, "too many"]},
            )
        whole = cells["too many"].isna().all() and cells[names + numbers].notna().all(axis=None)
        if whole:
            return cells[names + numbers].set_axis(pd.RangeIndex(2, 2 + len(cells)))
    except ValueError:  # pandas' own errors too: text where a number is expected, or a broken line
        pass
    return _from_cells(path, separator, header, names + numbers)


def _from_cells(path: Path, separator: str, header: list[str], columns: list[str]) -> pd.DataFrame:
    """The cells as text, from a file that has an empty line, a missing cell, or text where a number is expected."""
    rows, lines = [], []
    numbered = read_rows(path, separator)
    next(numbered)
    for line, row in numbered:
        if not any(cell.strip() for cell in row):
            continue
        if len(row) != len(header):
            raise DataError(f"{path}:{line}: has {len(row)} cells, the header {len(header)}")
        rows.append([cell.strip() for cell in row])
        lines.append(line)
    return pd.DataFrame(rows, index=lines, columns=header, dtype=object)[columns]


def _from_parquet(path: Path, columns: list[str], optional_tube: bool) -> pd.DataFrame:
    try:
        cells = pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: not a readable Parquet file ({error})") from error
    columns = columns + (["tube"] if optional_tube and "tube" in cells else [])
    _must_have(str(path), [str(column) for column in cells.columns], columns)
    return cells[columns].set_axis(pd.RangeIndex(1, 1 + len(cells)))


def _must_have(where: str, header: list[str], columns: list[str]) -> None:
    wrong = [column for column in columns if header.count(column) != 1]
    if wrong:
        raise DataError(
            f"{where}: must have each of the columns {', '.join(columns)} once (not so: {', '.join(wrong)})"
        )


def _check(cells: pd.DataFrame, numbers: list[str], where: str) -> pd.DataFrame:
    """`cells` as the table that evaluators read. Raises DataError naming the first cell that breaks a rule."""
    rows = pd.DataFrame(
        {column: pd.to_numeric(cells[column], errors="coerce").astype("float64") for column in numbers},
        index=cells.index,
    )
    problems = [(column, ~np.isfinite(rows[column]), "it must be a finite number") for column in numbers]
    frame = rows["frame"]
    bad_frame = np.isfinite(frame) & ((frame < 0) | (frame % 1 != 0) | (frame >= _LARGEST))
    problems.append(("frame", bad_frame, "it must be a whole number from 0"))
    if "score" not in numbers:
        problems += [(low, rows[low] > rows[high], f"it must not be greater than {high}") for low, high in _SIDES]
    for column in cells.columns.difference(numbers):
        names = cells[column].astype("category")
        categories = pd.Index([str(name).strip() for name in names.cat.categories])
        nameless = names.isna() | names.isin(names.cat.categories[categories == ""])
        problems.append((column, nameless, "it must be a name"))
        rows[column] = names.astype("str").str.strip().astype("category")
    for column, broken, rule in problems:
        if broken.any():
            line = broken.index[broken.to_numpy().argmax()]
            raise DataError(f"{where}{line}: {column} is {_quote(cells[column].loc[line])}; {rule}")
    named = rows.rename(columns={"video": "video_id", "class": "class_name"}).astype({"frame": "int64"})
    return named.reset_index(drop=True)


_SIDES = (("x1", "x2"), ("y1", "y2"))


def _quote(cell: object) -> str:
    return repr(cell) if isinstance(cell, str) else str(cell)
