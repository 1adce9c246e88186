"""Nobody but the registry knows methods by name: what a report, a refusal or the Makefile needs, the method offers.

A name in the code is the name of a setting, a class or a file, in any spelling: `stclip`, `Stclip`, `STCLIP_BOXES`,
`clip_frame`, `ClipFrame`. A paper's system as the source of a fact is written as its authors write it ("as ST-CLIP's
published code does") and is no such name.
"""

import re
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT
from zsstad_core.methods.registry import Heads, names

SEARCHED = ("zsstad_core", "stages", "demo", "Makefile")
REGISTRY = "zsstad_core/methods/registry.py"
TABLES = ("zsstad_core/results/published.yaml",)
"""Data in which methods are named: published rows, and the method of ours that each stands beside."""

SYSTEMS = ("iCLIP", "ST-CLIP", "ActionCLIP")
"""What authors call their systems."""


def pattern(name: str) -> re.Pattern[str]:
    """The name in any spelling as a word, or between underscores and capitals: the parts of an identifier."""
    spelling = "_?".join(name.split("_"))
    return re.compile(rf"(?<![A-Za-z])(?i:{spelling})(?![a-z])")


def named(name: str, text: str) -> list[str]:
    """The lines of a text in which a method is named."""
    if name.replace("_", "") not in text.lower().replace("_", ""):  # quicker than the pattern
        return []
    for system in SYSTEMS:
        text = re.sub(rf"(?<![\w.]){system}(?!\w)", "", text)
    return [line.strip() for line in text.splitlines() if pattern(name).search(line)]


def tracked_texts() -> dict[str, str]:
    """The tracked files that are searched, by path, with the path itself as the first line."""
    words = ["git", "ls-files", "--cached", "--others", "--exclude-standard", *SEARCHED]
    paths = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    texts = {}
    for path in paths:
        if (ROOT / path).is_file() and path != REGISTRY and path not in TABLES:
            texts[path] = f"{path}\n{(ROOT / path).read_text(errors='replace')}"
    return texts


TEXTS = tracked_texts()


def folder(name: str) -> str:
    """The folder of a method, from the root of the project."""
    section = Heads.model_fields[name].annotation
    assert section is not None
    return str(Path(section.__module__.replace(".", "/")).parent)


@pytest.mark.parametrize("name", names())
def test_a_method_is_named_in_its_folder_and_nowhere_else(name: str) -> None:
    elsewhere = {path: text for path, text in TEXTS.items() if not path.startswith(f"{folder(name)}/")}
    assert {path: lines for path, text in elsewhere.items() if (lines := named(name, text))} == {}


@pytest.mark.parametrize("name", names())
def test_the_search_finds_a_method_where_it_is(name: str) -> None:
    inside = [text for path, text in TEXTS.items() if path.startswith(f"{folder(name)}/")]
    assert inside
    assert all(named(name, text) for text in inside)


@pytest.mark.parametrize(
    ("name", "line", "found"),
    [
        ("iclip", "As the published code of iCLIP does.", False),
        ("iclip", "heads.iclip.blocks", True),
        ("iclip", "class Iclip(Section):", True),
        ("iclip", "HEAD=iclip", True),
        ("actionclip", "ActionCLIP's rule", False),
        ("actionclip", "class ActionClip:", True),
        ("stclip", "As ST-CLIP's published code does.", False),
        ("stclip", "from zsstad_core.datasets.stclip_boxes import read", True),
        ("stclip", "PYSTCLIP = 1", False),
        ("clip_frame", "class ClipFrame(Head):", True),
        ("clip_frame", "clip_frames = 8", False),
        ("oracle", "ORACLE_FIXES", True),
        ("oracle", "What an oracle turns into hits.", True),
    ],
)
def test_names_are_told_from_the_systems_of_papers(name: str, line: str, found: bool) -> None:
    assert bool(named(name, line)) == found
