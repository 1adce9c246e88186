"""The lines of an AVA csv: separator, header, video names. Imports no pandas, because every plan reads the names.

Cells are separated by commas or tabs, lines end in LF or CRLF. The first line that is not empty is a header if no cell
after its first one is a number; so both readers, of names and of boxes, agree on what a header is.
"""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from zsstad_core.plain_text import open_text, read_rows


class Layout(NamedTuple):
    """How a csv is written. header: the number of the header's line, 0 if there is none."""

    separator: str
    header: int


def layout(path: Path) -> Layout:
    """The layout of a file. Raises MissingFileError, and DataError naming the line of what is no text."""
    with open_text(path) as stream:
        for number, line in enumerate(stream, start=1):
            if line.strip():
                separator = "\t" if "\t" in line and "," not in line else ","
                cells = next(csv.reader([line], delimiter=separator))
                return Layout(separator, number if len(cells) > 1 and not any(map(is_number, cells[1:])) else 0)
    return Layout(",", 0)


def cells_of(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Line number and cells, without blanks around them, of each row that is not empty, without the header."""
    separator, header = layout(path)
    for line, row in read_rows(path, separator):
        cells = [cell.strip() for cell in row]
        if line != header and any(cells):
            yield line, cells


def video_names(path: Path) -> set[str]:
    """The video of every row: some hundred names in hundreds of thousands of rows.

    Raises MissingFileError, and DataError naming file and line.
    """
    separator, header = layout(path)
    with open_text(path) as stream:
        beginnings = {line.partition(separator)[0] for number, line in enumerate(stream, start=1) if number != header}
    if any('"' in beginning for beginning in beginnings):  # a name may hold the separator
        return {cells[0] for _, cells in cells_of(path)}
    return {beginning.strip() for beginning in beginnings} - {""}


def is_number(cell: str) -> bool:
    """Whether a cell is a number, `nan` and `inf` included."""
    try:
        float(cell)
    except ValueError:
        return False
    return True
