"""What pipeline.yaml and docs/settings.md say is what the program does."""

from pathlib import Path

import pytest
import yaml

from tests.conftest import ROOT
from tests.every_setting import SECTIONS, SETTINGS
from zsstad_core import configure, settings_text
from zsstad_core.settings.base import BY_DIGEST, HOW
from zsstad_core.settings.frozen import Detector, Encoder
from zsstad_core.settings.pipeline import Settings


def test_pipeline_yaml_is_what_the_settings_say() -> None:
    text = (ROOT / "pipeline.yaml").read_text()
    assert text == settings_text.as_yaml(), (
        "zsstad_core/settings/ changed: remove pipeline.yaml and run `make settings`"
    )


def test_the_page_of_the_settings_is_what_they_say() -> None:
    text = (ROOT / "docs" / "settings.md").read_text()
    assert text == settings_text.as_markdown(), "zsstad_core/settings/ changed: run `make settings`"


def test_pipeline_yaml_asks_for_the_defaults() -> None:
    assert configure.load(ROOT / "pipeline.yaml") == Settings()


@pytest.mark.parametrize("name", SECTIONS)
def test_every_section_explains_itself(name: str) -> None:
    assert (vars(SECTIONS[name])["__doc__"] or "").strip()


@pytest.mark.parametrize("name", SETTINGS)
def test_every_setting_explains_itself(name: str) -> None:
    explained = SETTINGS[name].description or ""
    assert len(explained) > 10
    assert explained.rstrip().endswith("."), "an explanation is a sentence"


def test_values_that_are_not_the_defaults_survive_the_file(tmp_path: Path) -> None:
    strange = Settings(
        split="without-run",
        device="cuda:1",
        detector=Detector(boxes_from="a: b #c.json", person_score=1e-9, checkpoint="null"),
        encoder=Encoder(template='it\'s "{}": yes', model="2024-01-01"),
        recipes={"a/b": {"training": {"lr": 1e-7}}, "empty": {}},
    )
    (tmp_path / "p.yaml").write_text(settings_text.as_yaml(strange))
    assert configure.load(tmp_path / "p.yaml") == strange


def test_every_setting_stands_in_the_file_and_on_the_page_once() -> None:
    tree = yaml.safe_load(settings_text.as_yaml())
    page = settings_text.as_markdown()
    for name, field in SETTINGS.items():
        value = tree
        for key in name.split("."):
            value = value[key]
        (row,) = [line for line in page.splitlines() if line.startswith(f"| `{name}` |")]
        assert row.count("|") == 4, "a bar inside a cell ends it"
        for mark in (HOW, BY_DIGEST):
            assert row.endswith(f" ({mark}) |") == (mark in field.metadata)


def test_no_line_of_the_file_is_too_long_to_read() -> None:
    text = settings_text.as_yaml()
    assert max(len(line) for line in text.splitlines() if line.lstrip().startswith("#")) <= 120


def test_what_only_says_how_is_not_content() -> None:
    content = Settings().content()
    assert "device" not in content
    assert "batch" not in content["encoder"]
    assert "recipes" not in content
    assert content["training"]["batch"] == 8  # frames a step decide what is learned
