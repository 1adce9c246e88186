"""Files of class texts: a YAML mapping of class to text, or to a list of texts. Names and texts are read as written.

brush_hair: brush hair
catch: [a person catches a ball, someone with both hands up and a ball in the air]
"""

from pathlib import Path

import yaml

from zsstad_core.errors import DataError


def read_texts(file: Path) -> tuple[dict[str, list[str]], dict[str, int]]:
    """Texts by class, and the line that each class stands on. Raises DataError naming file and line."""
    try:
        node = yaml.compose(file.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = f":{error.problem_mark.line + 1}" if error.problem_mark else ""
        raise DataError(f"{file}{line}: not valid YAML: {error.problem}") from error
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise DataError(f"{file}: not readable: {' '.join(str(error).split())}; it must be YAML in UTF-8") from error
    if not isinstance(node, yaml.MappingNode):
        raise DataError(f"{file}: no class texts; write CLASS: text, or CLASS: [text, text]")
    texts: dict[str, list[str]] = {}
    lines: dict[str, int] = {}
    for key, value in node.value:
        name, line = str(key.value), key.start_mark.line + 1
        if name in texts:
            raise DataError(f"{file}:{line}: {name} stands twice (first in line {lines[name]}); keep one")
        texts[name], lines[name] = _texts(value, f"{file}:{line}: {name}"), line
    return texts, lines


def _texts(node: yaml.Node, where: str) -> list[str]:
    items = node.value if isinstance(node, yaml.SequenceNode) else [node]
    texts = [str(item.value).strip() if isinstance(item, yaml.ScalarNode) else "" for item in items]
    if not texts or not all(texts):
        raise DataError(f"{where}: a text, or a list of texts, is due here; put one with a colon or comma in quotes")
    return texts
