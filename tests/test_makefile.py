"""What a user types: help, and choices that arrive at Python as they were typed, in a copy of the tree."""

import re
from pathlib import Path
from typing import get_args

import pytest

from tests import chosen, determinism
from tests.conftest import ROOT
from tests.made_tree import NOTES_ARGUMENTS, calls, copy_tree, give_python, make
from zsstad_core.settings.pipeline import Settings

MAKEFILE = (ROOT / "Makefile").read_text()
LISTS = ("PLANNED", "CHOOSING", "NEEDS_ENVIRONMENT", "TARGETS")
NEEDS = " ".join(re.search(rf"^{name} := (.*)", MAKEFILE, re.M)[1] for name in LISTS)  # type: ignore[index]
STAGE = ["-I", "-S", "zsstad_core/warm/client.py"]
TARGETS = {word for word in NEEDS.split() if not word.startswith("$")}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return copy_tree(tmp_path / "tree")


@pytest.fixture
def noting(tree: Path) -> Path:
    """A checkout whose Python does nothing but write down its arguments."""
    give_python(tree, NOTES_ARGUMENTS)
    return tree


# ---- help


def test_make_alone_explains_every_target_and_variable(tree: Path) -> None:
    done = make(tree)
    assert (done.returncode, done.stderr) == (0, "")
    explained = re.findall(r"^  (\S+) +(\S.*)$", done.stdout, re.M)
    targets = [name for name, _ in explained if not name.endswith("=")]
    assert sorted(targets) == sorted(TARGETS)
    variables = [name for name, _ in explained if name.endswith("=")]
    choices = ["DATASET=", "SPLIT=", "HEAD=", "TRAINED_ON=", "RECIPE=", "WORKERS=", "SCHEDULER=", "GPUS=", "SET="]
    table = ["SPLITS=", "SEEDS=", "HEADS="]
    assert variables == [
        *choices,
        "VIDEO=",
        "LABELS=",
        "FORMAT=",
        "KIND=",
        "OUT=",
        "STAGE=",
        *table,
        "APPLY=",
        "DAYS=",
        "TRAINED=",
        "JOBS=",
        "TESTS=",
    ]
    assert make(tree, "help").stdout == done.stdout


def test_the_words_that_help_offers_are_those_that_there_are(tree: Path) -> None:
    explained = dict(re.findall(r"^  (\S+) +(\S.*)$", make(tree).stdout, re.M))
    assert all(word in explained["HEAD="] for word in get_args(Settings.model_fields["head"].annotation))
    assert all(word in explained["DATASET="] for word in get_args(Settings.model_fields["dataset"].annotation))
    assert re.search(r"for example (\S+)", explained["RECIPE="])[1] in Settings().recipes  # type: ignore[index]


def test_every_stage_has_a_target() -> None:
    files = {path.stem for path in (ROOT / "stages").glob("*.py")} - {"__init__"}
    files -= {"metrics"}  # `make eval` prints them
    assert files <= TARGETS


# ---- choices


@pytest.mark.parametrize(
    "value",
    [
        "encoder.crop=pad training.lr=1e-3",
        "encoder.template='a b'",
        "encoder.template='two  spaces of {}'",
        'encoder.template="it\'s {}"',
        "encoder.template='{}, {}'",
        "encoder.template='$5 of {} #1'",
    ],
)
def test_what_is_set_arrives_as_it_was_typed(noting: Path, value: str) -> None:
    done = make(noting, "extract", "plan", "eval", "HEAD=oracle", f"SET={value}")
    assert (done.returncode, done.stderr) == (0, "")
    choice = ["HEAD=oracle", f"SET={value}"]
    assert calls(noting) == [
        [*STAGE, "stages.plan", "--makefile", *choice],
        ["-m", "stages.plan", *choice],
        [*STAGE, "stages.metrics", *choice],
    ]


def test_settings_may_stand_on_several_lines(noting: Path) -> None:
    make(noting, "plan", "SET=a.b=1\n  c.d='e f'")
    assert calls(noting)[-1][-1] == r"SET=a.b=1\n  c.d='e f'"


def test_what_is_not_chosen_is_not_passed_on(noting: Path) -> None:
    make(noting, "plan")
    make(noting, "plan", "DATASET=jhmdb", "SPLIT=2", "HEAD=iclip", "RECIPE=yolox-nano")
    chosen = ["DATASET=jhmdb", "SPLIT=2", "HEAD=iclip", "RECIPE=yolox-nano"]
    assert calls(noting) == [["-m", "stages.plan"], ["-m", "stages.plan", *chosen]]


def test_what_is_exported_is_chosen(noting: Path) -> None:
    make(noting, "export")
    make(noting, "export", "SPLIT=2", "FORMAT=npz", "KIND=text", "OUT=of mine")
    chosen = ["SPLIT=2", "FORMAT=npz", "KIND=text", "OUT=of mine"]
    assert calls(noting) == [["-m", "stages.export"], ["-m", "stages.export", *chosen]]


@pytest.mark.parametrize("split", ["50/50-0", "without-brush_hair", "of mine/my splits.yaml:one"])
def test_the_name_of_a_split_arrives_as_it_was_typed(noting: Path, split: str) -> None:
    done = make(noting, "extract", f"SPLIT={split}", "TRAINED_ON=stickworld")
    assert (done.returncode, done.stderr) == (0, "")
    assert calls(noting) == [[*STAGE, "stages.plan", "--makefile", f"SPLIT={split}", "TRAINED_ON=stickworld"]]


def test_a_table_is_asked_for_in_full(noting: Path) -> None:
    make(noting, "table", "HEAD=iclip", "SPLITS=1,50/50-0", "SEEDS=3", "HEADS=iclip,clip_crop", "OUT=of mine")
    asked = ["HEAD=iclip", "SPLITS=1,50/50-0", "SEEDS=3", "HEADS=iclip,clip_crop", "OUT=of mine"]
    assert calls(noting) == [[*STAGE, "stages.table", "--makefile", *asked], [*STAGE, "stages.table", *asked]]


def test_a_question_is_asked_in_full_with_its_videos_and_labels_as_they_were_typed(noting: Path) -> None:
    make(noting, "ask", "VIDEO=my holiday, day 2.mp4", "LABELS=it's $5, wave", "TRAINED_ON=stickworld", "OUT=of mine")
    asked = ["TRAINED_ON=stickworld", "VIDEO=my holiday, day 2.mp4", "LABELS=it's $5, wave", "OUT=of mine"]
    assert calls(noting) == [
        [*STAGE, "stages.ask", "--makefile", *asked],
        [*STAGE, "stages.ask", *asked, "--since", ""],
    ]


def test_a_question_stands_alone(noting: Path) -> None:
    done = make(noting, "ask", "eval")
    assert done.returncode != 0
    assert "make ask stands alone" in done.stderr


def test_a_report_is_written_where_it_is_asked_for(noting: Path) -> None:
    done = make(noting, "report", "HEAD=iclip", "OUT=of mine")
    assert (done.returncode, done.stderr) == (0, "")
    choice = ["HEAD=iclip"]
    assert calls(noting) == [
        [*STAGE, "stages.plan", "--makefile", *choice],
        [*STAGE, "stages.report", *choice, "OUT=of mine"],
    ]


def test_a_table_stands_alone(noting: Path) -> None:
    done = make(noting, "table", "eval")
    assert done.returncode == 2
    assert "make table stands alone" in done.stderr


def test_tests_are_chosen(noting: Path) -> None:
    make(noting, "test")
    make(noting, "test-all", "JOBS=4")
    run, draws = ["-m", "tests.chosen", "-n"], ["--hypothesis-profile", determinism.DRAWN]
    assert calls(noting) == [[*run, "2"], [*run, "4", "-m", "", *draws]]


def test_which_tests_run_is_said_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """With quotes as for a shell, but no shell reads them."""
    monkeypatch.setattr(chosen.sys, "argv", ["tests.chosen", "-n", "2"])
    monkeypatch.setattr(chosen.os, "execv", lambda program, words: started.append(words[1:]))
    started: list[list[str]] = []
    monkeypatch.setenv("TESTS", "tests/cache -k 'kill or $(touch x)'")
    chosen.main()
    assert started == [["-m", "pytest", "-n", "2", "tests/cache", "-k", "kill or $(touch x)"]]
    monkeypatch.setenv("TESTS", "tests -k 'kill")
    with pytest.raises(SystemExit, match=r"^error: TESTS=tests -k 'kill: No closing quotation"):
        chosen.main()


# ---- clean


def test_clean_leaves_the_caches(noting: Path) -> None:
    (noting / "cache" / "jhmdb").mkdir(parents=True)
    make(noting, "clean")
    assert (noting / "cache" / "jhmdb").is_dir()
    assert not (noting / ".venv").exists()
