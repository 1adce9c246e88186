"""YAML with numbers as people write them: `2e-4` is a number (YAML 1.1 wants `2.0e-4`)."""

import re
from typing import Any

import yaml

_NUMBER = re.compile(r"^[-+]?[0-9]+(\.[0-9]*)?[eE][-+]?[0-9]+$")


class _Loader(yaml.SafeLoader):
    """The loader whose messages say more."""


class _FastLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """The loader that takes a tenth of the time, where PyYAML was built with libyaml."""


for _loader in (_Loader, _FastLoader):
    _loader.add_implicit_resolver("tag:yaml.org,2002:float", _NUMBER, list("-+0123456789"))


def parse(text: str) -> tuple[yaml.Node | None, Any]:
    """The root node of a text, which knows its line, and the text as plain data; None for an empty text.

    Raises yaml.YAMLError, and ValueError for values that cannot be (a date such as 2001-02-30).
    """
    loader: Any = _FastLoader(text)
    try:
        node = loader.get_single_node()
    except yaml.YAMLError:
        loader = _Loader(text)
        node = loader.get_single_node()
    return node, None if node is None else loader.construct_document(node)
