"""docs/methods.md has a section for each method, and the settings that it names exist."""

import re

from tests.conftest import ROOT
from tests.every_setting import SETTINGS
from zsstad_core.methods.registry import method, names

PAGE = (ROOT / "docs" / "methods.md").read_text()
SECTIONS = dict(re.findall(r"^## [^\n]*\(`(\w+)`\)\n(.*?)(?=^## )", PAGE, re.M | re.S))


def test_every_method_has_a_section_under_its_title() -> None:
    titles = re.findall(r"^## (.*) \(`(\w+)`\)$", PAGE, re.M)
    assert {name: title.lower() for title, name in titles} == {name: method(name).title.lower() for name in names()}


def test_the_table_says_what_each_method_judges() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| (person|clip)s \|", PAGE, re.M))
    assert rows == {name: method(name).classifies for name in names()}


def test_the_settings_that_are_named_exist() -> None:
    missing = []
    for name, text in SECTIONS.items():
        last_columns = re.findall(r"\|([^|\n]+)\|$", text, re.M)
        fields = [field for cell in last_columns for field in re.findall(r"`([a-z_]+)`", cell)]
        fields += re.findall(r"`([a-z_]+): \w+`", text)
        missing += [f"heads.{name}.{field}" for field in fields if f"heads.{name}.{field}" not in SETTINGS]
    dotted = re.findall(r"`((?:clips|training|scoring|encoder)\.[a-z_.]+)", PAGE)
    missing += [name for name in dotted if name not in SETTINGS]
    assert missing == []
    assert len(dotted) > 5
