"""The README's commands are true: each is one that make knows, with settings that exist, and the small run runs."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.checkout import checkout, shell
from tests.conftest import ROOT
from zsstad_core import configure

README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"^```sh\n(.*?)^```", README, re.M | re.S)


def calls(block: str) -> list[list[str]]:
    """The words of each call of make in a block of shell commands."""
    script = f'make() {{ printf "%s\\0" make "$@"; }}\n{block}'
    done = subprocess.run(["bash", "-euc", script], cwd=ROOT, capture_output=True, text=True, check=True)
    return [call.split("\0")[1:-1] for call in re.split(r"(?=make\0)", done.stdout) if call]


def test_there_are_commands() -> None:
    assert sum(len(calls(block)) for block in BLOCKS) >= 10


@pytest.mark.parametrize("block", BLOCKS)
def test_every_command_is_one_that_make_knows_with_settings_that_exist(block: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), re.M))
    for words in calls(block):
        named = dict(word.split("=", 1) for word in words if "=" in word)
        assert {word for word in words if "=" not in word} <= targets
        choices = {name.lower(): named[name] for name in ("DATASET", "SPLIT", "HEAD") if name in named}
        configure.load(
            ROOT / "pipeline.yaml", choices=choices, recipe=named.get("RECIPE", ""), overrides=named.get("SET", "")
        )


def test_every_file_that_the_readme_names_exists() -> None:
    named = re.findall(r"(?:docs|stages|zsstad_core)/[\w/]+\.(?:py|md)", README)
    assert named
    assert [name for name in named if not (ROOT / name).is_file()] == []


def test_what_make_test_ends_with_is_a_green_run() -> None:
    (line,) = text_after("in about 12 minutes, and ends with")
    assert re.fullmatch(r"\d{4,} passed, \d+ skipped, \d+ deselected(, \d+ warnings)? in [\d.]+s \(0:\d\d:\d\d\)", line)


@pytest.mark.slow
def test_the_small_run_prints_what_the_readme_shows(realdata: Path, tmp_path: Path) -> None:
    block = subprocess.run(
        [ROOT / ".ci" / "readme-block", "A small run"], capture_output=True, text=True, check=True
    ).stdout
    block = block.replace("FOLDER=../shared/realdata", f"FOLDER={realdata}")
    tree = checkout(tmp_path / "tree")
    done = shell(block, tree)

    shown = text_after("The last one prints")
    printed = done.stdout.splitlines()[-len(shown) :]
    assert [form(line) for line in printed] == [form(line) for line in shown]
    assert (tree / printed[-1]).is_file()


@pytest.mark.slow
def test_the_demo_prints_what_the_readme_shows(tmp_path: Path) -> None:
    tree = checkout(tmp_path / "tree")
    small = (
        "datasets.stickworld.train_clips=1 datasets.stickworld.test_clips=1 training.iterations=20 training.warmup=2"
    )
    done = shell(f'make demo SET="{small}"', tree)
    shown = text_after("It ends with")
    printed = done.stdout.splitlines()[-len(shown) :]
    assert [form(line) for line in printed] == [form(line) for line in shown]
    for picture in printed[-1].removeprefix("pictures: ").split(", "):
        assert (tree / picture).stat().st_size > 10_000


def text_after(words: str) -> list[str]:
    """The lines of the block that follows some words of the README."""
    return README.split(f"{words}\n\n```text\n")[1].split("```")[0].splitlines()


def form(line: str) -> str:
    """A line without its numbers and keys, which depend on the machine."""
    return re.sub(r"\s*([0-9]+\.[0-9]+|\b[0-9]+\b|[0-9a-f]{16}|-)", " #", line)
