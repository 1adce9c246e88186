"""Read files of label splits, ours and a user's: names of splits and their classes, each with its line.

    mine: [run, stand]                    # a split and its unseen classes; all others are seen
    halves: {seen: [golf], unseen: [run]}   # or both; a class in neither is left out of training and evaluation
    again: mine                           # another name of a split above

A file may also be a single split, with `seen:` and `unseen:` at its top, of which one may be left out. Names are read
as they are written: `no` is a class, not false.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import yaml

from zsstad_core.errors import DataError, MissingFileError
from zsstad_core.yaml_files import compose, line_of

_GROUPS = {"seen", "unseen"}


class NamedClass(NamedTuple):
    """A class name and the line on which it stands."""

    name: str
    line: int


@dataclass(frozen=True)
class Lists:
    """One split of a file. A group is None if the file leaves it out: it then consists of all other classes.

    line: the line on which the split begins. same_as: the split of which this is another name; it has no groups then.
    """

    line: int
    unseen: tuple[NamedClass, ...] | None = None
    seen: tuple[NamedClass, ...] | None = None
    same_as: str = ""


def read_lists(file: Path) -> dict[str, Lists]:
    """The splits of a file by name; if the file is a single split, by the name "".

    Raises MissingFileError, and DataError naming file and line if the file is not valid.
    """
    if not file.is_file():
        raise MissingFileError(f"{file}: no such file of label splits")
    node = compose(file)
    if node is None:
        raise DataError(f"{file}: holds no label split; write NAME: [unseen classes]")
    entries = _entries(node, file)
    if entries.keys() <= _GROUPS:
        return {"": _groups(node, file)}
    lists = {name: _split(value, file) for name, value in entries.items()}
    for found in lists.values():
        if found.same_as and (found.same_as not in lists or lists[found.same_as].same_as):
            raise DataError(f"{file}:{found.line}: {found.same_as} is no split of this file")
    return lists


def _split(node: yaml.Node, file: Path) -> Lists:
    if isinstance(node, yaml.MappingNode):
        return _groups(node, file)
    if isinstance(node, yaml.ScalarNode) and node.value:
        return Lists(line_of(node), same_as=node.value)
    return Lists(line_of(node), unseen=_names(node, file))


def _groups(node: yaml.Node, file: Path) -> Lists:
    entries = _entries(node, file)
    if strange := [name for name in entries if name not in _GROUPS]:
        raise DataError(f"{file}:{line_of(entries[strange[0]])}: {strange[0]} is neither seen nor unseen")
    names = {name: _names(value, file) for name, value in entries.items()}
    return Lists(line_of(node), unseen=names.get("unseen"), seen=names.get("seen"))


def _entries(node: yaml.Node, file: Path) -> dict[str, yaml.Node]:
    if not isinstance(node, yaml.MappingNode):
        raise DataError(
            f"{file}:{line_of(node)}: not a label split; write NAME: [unseen classes], or seen: and unseen:"
        )
    entries: dict[str, yaml.Node] = {}
    for key, value in node.value:
        name = str(key.value)
        if name in entries:
            raise DataError(f"{file}:{line_of(key)}: {name} stands twice; keep one")
        entries[name] = value
    return entries


def _names(node: yaml.Node, file: Path) -> tuple[NamedClass, ...]:
    if isinstance(node, yaml.ScalarNode) and not node.value:
        return ()
    if not isinstance(node, yaml.SequenceNode):
        raise DataError(f"{file}:{line_of(node)}: a list of class names is due here: [run, stand]")
    for item in node.value:
        if not isinstance(item, yaml.ScalarNode):
            raise DataError(
                f"{file}:{line_of(item)}: a class name is due here; put one with a comma or colon in quotes"
            )
    return tuple(NamedClass(str(item.value), line_of(item)) for item in node.value)
