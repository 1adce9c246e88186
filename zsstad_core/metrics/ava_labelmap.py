"""Read AVA's label maps: pbtxt in both dialects, or csv. Imports no pandas, because every plan reads the classes."""

import csv
import re
from collections.abc import Iterator
from pathlib import Path

from zsstad_core.errors import DataError, MissingFileError

_BLOCK = re.compile(r"\b(item|label)\s*\{")
_ENTRY = re.compile(r"""\b(name|label_id|id)\s*:\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|(\S+))""")


def read_labelmap(path: Path) -> dict[int, str]:
    """Action names by their numbers, rising.

    pbtxt, as `item { name: "..." id: 1 }` or `label { name: "..." label_id: 1 label_type: ... }`, or a csv with the
    columns label_id and label_name. Raises MissingFileError, and DataError naming file and line.
    """
    if not path.is_file():
        raise MissingFileError(f"{path}: no such file")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not UTF-8 text ({error})") from error
    named = list(_pbtxt(path, text) if _BLOCK.search(text) else _label_csv(path, text))
    names: dict[int, str] = {}
    for line, number, name in named:
        if not number.isdecimal() or int(number) < 1:
            raise DataError(f"{path}:{line}: id is {number}; AVA's actions are numbered from 1")
        if int(number) in names or name in names.values():
            raise DataError(f'{path}:{line}: {number} "{name}" is there twice, by its number or its name')
        names[int(number)] = name
    if not names:
        raise DataError(f"{path}: names no action; a label map is a pbtxt of items, or a csv label_id,label_name")
    return dict(sorted(names.items()))


def _pbtxt(path: Path, text: str) -> Iterator[tuple[int, str, str]]:
    """Line, number and name of each block in braces."""
    for block in re.finditer(
        r"\{[^{}]*\}", re.sub(r'"[^"\n]*"', lambda name: name[0].replace("{", "(").replace("}", ")"), text)
    ):
        line = text.count("\n", 0, block.start()) + 1
        found = {
            entry[1]: entry[2] or entry[3] or entry[4] for entry in _ENTRY.finditer(text, block.start(), block.end())
        }
        number = found.get("id") or found.get("label_id")
        if not number or not found.get("name"):
            raise DataError(f"{path}:{line}: this entry must have a name and an id (or label_id)")
        yield line, number, re.sub(r"\\(.)", r"\1", found["name"])


def _label_csv(path: Path, text: str) -> Iterator[tuple[int, str, str]]:
    reader = csv.reader(text.splitlines())
    header = [cell.strip() for cell in next(reader, [])]
    if not {"label_id", "label_name"} <= set(header):
        raise DataError(f"{path}:1: neither a pbtxt nor a csv with the columns label_id and label_name")
    number, name = header.index("label_id"), header.index("label_name")
    for row in reader:
        if not any(row):
            continue
        if len(row) != len(header):
            raise DataError(f"{path}:{reader.line_num}: has {len(row)} cells, the header {len(header)}")
        yield reader.line_num, row[number].strip(), row[name].strip()
