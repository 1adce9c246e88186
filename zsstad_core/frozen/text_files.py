"""Files of class texts: a YAML mapping of class to text, or to a list of texts. Names and texts are read as written.

brush_hair: brush hair
catch: [a person catches a ball, someone with both hands up and a ball in the air]
"""

from pathlib import Path

import yaml

from zsstad_core.errors import DataError
from zsstad_core.yaml_files import compose, line_of


def read_texts(file: Path) -> tuple[dict[str, list[str]], dict[str, int]]:
    """Texts by class, and the line that each class stands on. Raises DataError naming file and line."""
    node = compose(file)
    if not isinstance(node, yaml.MappingNode):
        raise DataError(f"{file}: no class texts; write CLASS: text, or CLASS: [text, text]")
    texts: dict[str, list[str]] = {}
    lines: dict[str, int] = {}
    for key, value in node.value:
        name, line = str(key.value), line_of(key)
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
