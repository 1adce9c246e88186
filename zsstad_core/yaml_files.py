"""Read YAML files as nodes that know their lines: label splits, class texts. Values are read as written."""

from pathlib import Path

import yaml

from zsstad_core.errors import DataError
from zsstad_core.plain_text import read_text


def compose(file: Path) -> yaml.Node | None:
    """The root node of the file, each node with its line; None for an empty file. Raises DataError naming file and
    line."""
    try:
        node: yaml.Node | None = yaml.compose(read_text(file), Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = f":{error.problem_mark.line + 1}" if error.problem_mark else ""
        raise DataError(f"{file}{line}: not valid YAML: {error.problem}") from error
    except yaml.YAMLError as error:
        raise DataError(f"{file}: not readable: {' '.join(str(error).split())}; it must be YAML") from error
    return node


def line_of(node: yaml.Node) -> int:
    """The line on which a node begins, from 1."""
    return int(node.start_mark.line) + 1
