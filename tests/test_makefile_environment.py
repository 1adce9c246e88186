"""`make` where there is an environment: plans and mistakes; and where there is none yet: it is made first."""

import re
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.made_plans import write_dataset
from tests.made_tree import NOTES_ARGUMENTS, calls, copy_tree, give_python, make

STAGES = ["index", "groundtruth", "detect", "encode", "text", "train", "score", "evaluate"]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return copy_tree(tmp_path / "tree")


@pytest.fixture
def ready(tree: Path) -> Path:
    """A checkout with its environment and a small dataset."""
    give_python(tree, f'#!/usr/bin/env bash\nexec {sys.executable} "$@"\n')
    write_dataset(tree / "data" / "jhmdb")
    return tree


# ---- with an environment


def test_a_dry_run_names_the_stages_and_runs_none(ready: Path) -> None:
    done = make(ready, "-n", "eval", "SPLIT=2")
    assert (done.returncode, done.stderr) == (0, "")
    stages = re.findall(r"^\.venv/bin/python \S+ \S+ \S+ stages\.(\w+) +--choices=\.plan/\S+$", done.stdout, re.M)
    assert stages == [*STAGES, "metrics"]
    assert [path.name for path in (ready / "cache").iterdir()] == ["digests.json"]


def test_one_stage_brings_what_it_needs(ready: Path) -> None:
    done = make(ready, "-n", "detect")
    assert re.findall(r"stages\.(\w+)", done.stdout) == ["index", "detect"]


def test_the_plan_is_a_table(ready: Path) -> None:
    done = make(ready, "plan", "HEAD=clip_frame")
    assert (done.returncode, done.stderr) == (0, "")
    stages = [line.split("-")[0] for line in done.stdout.splitlines()[1:]]
    assert stages == ["index", "groundtruth", "detect", "tokens", "text", "score", "evaluate"]


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ("SET=training.lrs=1", "error: SET=: training.lrs is not a setting; did you mean training.lr?"),
        (
            "SPLIT=9",
            "error: split is 9; jhmdb has 1, 2, 3, 4, 75/25, 50/50-SEED, 75/25-SEED, full, all-unseen, without-CLASS, "
            "or the path of a YAML file",
        ),
        ("RECIPE=yolox", "error: RECIPE=yolox is not a recipe; did you mean yolox-nano?"),
        (
            "SET=datasets.jhmdb.root=gone",
            "error: gone: no such folder (datasets.jhmdb.root); put J-HMDB there or name its folder",
        ),
    ],
)
def test_a_mistake_is_one_line_and_nothing_starts(ready: Path, asked: str, message: str) -> None:
    for target in ("extract", "plan"):
        done = make(ready, target, asked)
        assert done.returncode == 2
        said, makes_own = done.stderr.splitlines()
        assert said == message
        assert re.match(
            r"Makefile:\d+: \*\*\* nothing was started|make: \*\*\* \[Makefile:\d+: plan\] Error 2", makes_own
        )
        assert done.stdout == ""


def test_settings_writes_the_files_that_explain_them(ready: Path) -> None:
    (ready / "docs").mkdir()
    (ready / "pipeline.yaml").unlink()
    done = make(ready, "settings")
    assert (done.returncode, done.stdout) == (0, "pipeline.yaml\ndocs/settings.md\n")
    assert (ready / "pipeline.yaml").read_text() == (ROOT / "pipeline.yaml").read_text()
    (ready / "pipeline.yaml").write_text("split: 2\n")
    assert make(ready, "settings").stdout == "docs/settings.md\n"
    assert (ready / "pipeline.yaml").read_text() == "split: 2\n"  # the user's


# ---- without one


def test_a_dry_run_on_a_fresh_checkout_shows_the_setup(tree: Path) -> None:
    done = make(tree, "-n", "extract")
    assert (done.returncode, done.stderr) == (0, "")
    setup, again = done.stdout.splitlines()
    assert setup == "bash .ci/environment"
    assert re.fullmatch(r"make +--no-print-directory extract", again)
    assert not (tree / ".venv").exists()


def test_a_fresh_checkout_is_set_up_and_then_does_what_was_asked(tree: Path) -> None:
    (tree / "python").write_text(NOTES_ARGUMENTS)
    (tree / ".ci" / "environment").write_text(
        "mkdir -p .venv/bin && cp python .venv/bin/python && chmod +x .venv/bin/python && "
        "cp requirements.txt .venv/ && echo made >> setups"
    )
    for _ in range(2):
        done = make(tree, "plan", "SET=encoder.template='a  $5'")
        assert (done.returncode, done.stderr) == (0, "")
    assert calls(tree) == [["-m", "stages.plan", "SET=encoder.template='a  $5'"]] * 2
    assert (tree / "setups").read_text() == "made\n"
    with (tree / "requirements.txt").open("a") as file:
        file.write("# another version\n")
    make(tree, "plan")
    assert (tree / "setups").read_text() == "made\nmade\n"


def test_a_setup_that_fails_stops_everything(tree: Path) -> None:
    (tree / ".ci" / "environment").write_text("echo no network >&2; exit 1")
    done = make(tree, "extract")
    assert done.returncode == 2
    assert done.stderr.splitlines()[0] == "no network"
    assert len(done.stderr.splitlines()) == 2
