"""What a user writes in a variable of make is a text: it reaches the stage to the letter, and nobody evaluates it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.attacks import CANARY, EVALUATED, TEXTS
from tests.conftest import ROOT
from tests.made_plans import plan, write_dataset
from tests.made_tree import bare_tree
from zsstad_core import configure
from zsstad_core.ask.question import videos_of
from zsstad_core.command_line import choices_text
from zsstad_core.errors import SettingsError
from zsstad_core.plan.makefile import makefile, write_choices

VARIABLES = re.findall(r"^([A-Z_]+)\?=## ", (ROOT / "Makefile").read_text(), re.M)
GOALS = (("extract", "report", "why", "gc", "export"), ("ask",), ("table",), ("test",))
"""Targets that read all variables together; those of one group can be made at once."""
IN_ENVIRONMENT = ("TESTS", "WARM", "GOMP_SPINCOUNT")
NOTES = r"""#!/usr/bin/env bash
{
  for word in "$@"; do
    printf '%s\0' "$word"
    case "$word" in --choices=*) cat "${word#--choices=}" ;; esac
  done
  printf 'TESTS=%s\0WARM=%s\0GOMP_SPINCOUNT=%s\0' "$TESTS" "$WARM" "$GOMP_SPINCOUNT"
} >> calls
case "$*" in *--makefile*) touch rules.mk; echo rules.mk ;; esac
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A checkout of which nothing is read but the Makefile, with a Python that notes what it is given."""
    return bare_tree(tmp_path, NOTES)


def make(tree: Path, *words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    kept = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL")}
    command = ["make", "--no-print-directory", *words]
    return subprocess.run(command, cwd=tree, env=kept | environment, capture_output=True, text=True, errors="replace")


def read_by(tree: Path) -> dict[str, list[str]]:
    """The variables that each target reads, as make has them."""
    database = make(tree, "-pq", "help").stdout
    return {target: names.split() for target, names in re.findall(r"^READ_BY\.(\S+) := (.*)$", database, re.M)}


def as_noted(name: str, text: str) -> bytes:
    if name == "JOBS":  # a number, so it is a word of the command
        return b"-n\0" + os.fsencode(text.replace("\n", " ")) + b"\0"
    if name in IN_ENVIRONMENT:
        return os.fsencode(f"{name}={text}") + b"\0"
    return os.fsencode(choices_text({name: text}))


def test_every_variable_is_read_by_a_target_that_is_tried_here(tree: Path) -> None:
    read = read_by(tree)
    assert {name for goals in GOALS for goal in goals for name in read[goal]} == set(VARIABLES)
    assert {name for names in read.values() for name in names} == set(VARIABLES)


@pytest.mark.fault(56)
@pytest.mark.parametrize("goals", GOALS, ids=" ".join)
def test_a_text_in_any_variable_arrives_to_the_letter_and_nothing_of_it_is_evaluated(
    tree: Path, goals: tuple[str, ...]
) -> None:
    """Every variable of the targets has every text in turn; in one command each variable has another text."""
    read = read_by(tree)
    names = [*dict.fromkeys(name for goal in goals for name in read.get(goal, ())), "WARM", "GOMP_SPINCOUNT"]
    there = {path.name for path in tree.iterdir()} | {".plan", "calls", "rules.mk"}
    for turn in range(len(TEXTS)):
        (tree / "calls").unlink(missing_ok=True)
        given = {name: TEXTS[(turn + 3 * number) % len(TEXTS)] for number, name in enumerate(names)}
        done = make(tree, *goals, *(f"{name}={text}" for name, text in given.items()))
        assert (done.returncode, done.stderr) == (0, ""), given
        noted = (tree / "calls").read_bytes()
        assert [name for name, text in given.items() if as_noted(name, text) not in noted] == [], given
        assert {path.name for path in tree.iterdir()} <= there, given


@pytest.mark.parametrize("goals", GOALS, ids=" ".join)
def test_a_text_in_the_environment_is_no_more_than_a_text(tree: Path, goals: tuple[str, ...]) -> None:
    plan_variables = ("INDEX", "TEXT", "EXTRACTED", "ASKED", "GOALS", "CHOSEN", "PLAN")
    names = [*VARIABLES, "WARM", "GOMP_SPINCOUNT", *plan_variables]
    for turn in range(8):
        given = {name: EVALUATED[(turn + number) % len(EVALUATED)] for number, name in enumerate(names)}
        done = make(tree, *goals, **given)
        assert (done.returncode, done.stderr) == (0, ""), given
        assert not (tree / CANARY).exists(), given
    assert make(tree, "help", **given).returncode == 0
    assert not (tree / CANARY).exists()


def test_another_make_gets_the_texts_too(tree: Path) -> None:
    """Where the environment is made first, make starts itself again."""
    (tree / ".venv").rename(tree / "made")
    (tree / ".ci").mkdir()
    (tree / ".ci" / "environment").write_text("mv made .venv")
    given = {"VIDEO": "\n".join(TEXTS).replace("\udcff", ""), "LABELS": "$(shell touch canary), b", "OUT": "#'%\\"}
    done = make(tree, "ask", *(f"{name}={text}" for name, text in given.items()))
    assert (done.returncode, done.stderr) == (0, "")
    noted = (tree / "calls").read_bytes()
    assert [name for name, text in given.items() if as_noted(name, text) not in noted] == []
    assert not (tree / CANARY).exists()


@pytest.mark.parametrize("text", TEXTS, ids=ascii)
def test_a_stage_reads_a_text_as_it_was_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.chdir(tmp_path)
    parser = configure.arguments("")
    parser.add_argument("--labels")
    options = parser.parse_args(["--split", text] if not text.startswith("-") else [f"--split={text}"])
    options.overrides = options.recipe = text
    word = write_choices(options)
    (tmp_path / "given").write_bytes(os.fsencode(choices_text({"LABELS": text})))
    read = parser.parse_args([word, "--choices=given"])
    assert (read.split, read.overrides, read.recipe, read.labels) == (text, text, text, text)
    assert read.settings == "pipeline.yaml"


# ---- names of files and folders


@pytest.mark.parametrize("name", [text.replace("/", "") for text in TEXTS if text != "~"], ids=ascii)
def test_a_video_may_be_called_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_text("a video")
    assert videos_of(name) == [Path(name)]


@pytest.mark.fault(56)
def test_nothing_that_a_user_wrote_stands_in_the_rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    made = plan(tmp_path, **{"datasets.jhmdb.root": str(write_dataset(tmp_path / "$(shell touch canary) #'"))})
    options = configure.arguments("").parse_args([f"--set={EVALUATED[0]}", "--split=`touch canary`"])
    rules = makefile(made, write_choices(options))
    assert "canary" not in rules
    assert re.fullmatch(r"(?:[\w./,+@:=|&() \t\n-]|\$\(START\))+", rules)
    for text in TEXTS:
        if re.search(r"[^\w./,+@-]", text):
            with pytest.raises(SettingsError, match=r"(?s)cache\.root is .* make cannot handle"):
                plan(tmp_path, **{"cache.root": text})


def test_a_refusal_shows_the_text(tmp_path: Path) -> None:
    """With the real Python: a split that there is not, of a real dataset."""
    bare_tree(tmp_path, f'#!/usr/bin/env bash\nPYTHONPATH={ROOT} exec {sys.executable} "$@"\n')
    write_dataset(tmp_path / "data" / "jhmdb")
    (tmp_path / "pipeline.yaml").write_text("")
    (tmp_path / "zsstad_core").symlink_to(ROOT / "zsstad_core")
    for target, end in (("plan", "Makefile:"), ("extract", "nothing was started")):
        done = make(tmp_path, target, f"SPLIT={EVALUATED[0]}")
        said, makes_own = done.stderr.splitlines()
        assert said.startswith(f'error: split is "{EVALUATED[0]}"; jhmdb has 1, 2, 3, 4')
        assert end in makes_own
    assert not (tmp_path / CANARY).exists()
