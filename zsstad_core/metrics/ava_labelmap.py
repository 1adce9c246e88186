"""Read AVA's label maps: pbtxt in both dialects, or csv. Imports no pandas, because every plan reads the classes."""

from collections.abc import Iterator
from pathlib import Path

from zsstad_core.errors import DataError, MissingFileError
from zsstad_core.lookalikes import difference, look
from zsstad_core.plain_text import read_rows, read_text

_NUMBER, _NAME = "label_id", "label_name"  # the columns of the csv
_FIELDS = {"name": str, "id": int, "label_id": int}


def read_labelmap(path: Path) -> dict[int, str]:
    """Action names by their numbers, rising.

    pbtxt, as `item { name: "..." id: 1 }` or `label { name: "..." label_id: 1 label_type: ... }`, or a csv with the
    columns label_id and label_name. Raises MissingFileError, and DataError naming file and line.
    """
    if not path.is_file():
        raise MissingFileError(f"{path}: no such file")
    names: dict[int, str] = {}
    looks: dict[str, str] = {}
    for line, number, name in _entries(path):
        if number < 1:
            raise DataError(f"{path}:{line}: id is {number}; AVA's actions are numbered from 1")
        if number in names or name in names.values():
            raise DataError(f'{path}:{line}: {number} "{name}" is there twice, by its number or its name')
        if (other := looks.setdefault(look(name), name)) != name:
            raise DataError(f"{path}:{line}: name {name!a} looks like {other!a}, {difference(name, other)}; keep one")
        names[number] = name
    if not names:
        raise DataError(f"{path}: names no action; a label map is a pbtxt of items, or a csv label_id,label_name")
    return dict(sorted(names.items()))


def _entries(path: Path) -> Iterator[tuple[int, int, str]]:
    """Line, number and name of each entry."""
    text = read_text(path)
    first = text.lstrip().partition("\n")[0]
    if _NUMBER in first and _NAME in first:
        return _label_csv(path)
    if "{" not in text and "<" not in text:
        raise DataError(f"{path}:1: neither a pbtxt nor a csv with the columns {_NUMBER} and {_NAME}")
    return _pbtxt(path, text)


def _pbtxt(path: Path, text: str) -> Iterator[tuple[int, int, str]]:
    from zsstad_core.metrics.pbtxt import read_messages  # protobuf's library, which other plans need not import

    for line, kind, fields in read_messages(text, str(path), _FIELDS):
        if kind not in ("item", "label"):
            raise DataError(f"{path}:{line}: {kind} is no entry of a label map; its entries are called item or label")
        number = fields.get("id", fields.get("label_id"))
        if number is None or not fields.get("name"):
            raise DataError(f"{path}:{line}: this entry must have a name and an id (or label_id)")
        yield line, int(number), str(fields["name"])


def _label_csv(path: Path) -> Iterator[tuple[int, int, str]]:
    rows = ((line, [cell.strip() for cell in row]) for line, row in read_rows(path))
    rows = ((line, cells) for line, cells in rows if any(cells))
    line, header = next(rows)
    if not {_NUMBER, _NAME} <= set(header):
        raise DataError(f"{path}:{line}: must have the columns {_NUMBER} and {_NAME}, with commas between")
    number, name = header.index(_NUMBER), header.index(_NAME)
    for line, cells in rows:
        if len(cells) != len(header):
            raise DataError(f"{path}:{line}: has {len(cells)} cells, the header {len(header)}")
        if not cells[number].isdecimal():
            raise DataError(f"{path}:{line}: id is {cells[number]}; AVA's actions are numbered from 1")
        yield line, int(cells[number]), cells[name]
