"""Read a settings file: YAML, in which no key stands twice."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from zsstad_core.errors import MissingFileError, SettingsError
from zsstad_core.plain_text import read_text
from zsstad_core.yaml_text import parse

Tree = dict[str, Any]


def read_settings_file(path: Path) -> tuple[Tree, dict[str, str]]:
    """The file as plain data, and for each dotted key the file and line where it stands.

    Raises MissingFileError, and SettingsError or DataError naming the line.
    """
    if not path.is_file():
        raise MissingFileError(f"{path}: no such settings file; `make settings` writes one with every default")
    text = read_text(path)
    try:
        node, tree = parse(text)
    except yaml.MarkedYAMLError as error:
        line = f":{error.problem_mark.line + 1}" if error.problem_mark else ""
        raise SettingsError(f"{path}{line}: not valid YAML: {error.problem}") from error
    except (ValueError, yaml.YAMLError) as error:
        raise SettingsError(f"{path}: not readable: {' '.join(str(error).split())}; it must be YAML") from error
    if node is None:
        return {}, {}
    if not isinstance(tree, dict):
        raise SettingsError(f"{path}: holds no settings; write them as `key: value`, sections indented")
    return tree, {key: f"{path}:{line}" for key, line in _keys(node, (), path)}


def _keys(node: yaml.Node, prefix: tuple[str, ...], path: Path) -> Iterator[tuple[str, int]]:
    if not isinstance(node, yaml.MappingNode):
        return
    seen: set[str] = set()
    for key, value in node.value:
        name = str(key.value)
        if name in seen:
            raise SettingsError(f"{path}:{key.start_mark.line + 1}: {'.'.join((*prefix, name))} stands twice; keep one")
        seen.add(name)
        yield ".".join((*prefix, name)), key.start_mark.line + 1
        yield from _keys(value, (*prefix, name), path)
