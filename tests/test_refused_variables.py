"""A variable that is misspelt, or that a target does not read, ends make in one line: no default takes its place."""

from collections.abc import Callable
from pathlib import Path

import pytest

from stages import gc, plan, table
from tests.made_tree import NOTES_ARGUMENTS, bare_tree, calls, make

GONE = "error: gone: No such file or directory; it held what was chosen: give the command again"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A checkout of which nothing is read but the Makefile, with a Python that notes its arguments."""
    return bare_tree(tmp_path, NOTES_ARGUMENTS)


@pytest.mark.fault(57)
@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("extract DATSET=stickworld", "DATSET= is no variable of make here; did you mean DATASET=?"),
        ("extract dataset=stickworld", "dataset= is no variable of make here; did you mean DATASET=?"),
        ("eval SETS=training.lr=1", "SETS= is no variable of make here; did you mean SET=?"),
        ("eval DATSET=", "DATSET= is no variable of make here; did you mean DATASET=?"),
        ("plan V=1", "V= is no variable of make here; `make help` lists them"),
        ("plan GIVEN= VARIABLES=x", "GIVEN= is no variable of make here; `make help` lists them"),
        ("plan SHELL=/bin/sh", "SHELL= is no variable of make here; `make help` lists them"),
        ("plan PYTHON=python3", "PYTHON= is no variable of make here; `make help` lists them"),
        ("table SPLIT=2", "make table does not read SPLIT=; did you mean SPLITS=?"),
        ("eval SPLITS=2", "make eval does not read SPLITS=; did you mean SPLIT=?"),
        ("train extract STAGE=x", "make train extract does not read STAGE=; `make help` says what does"),
        ("eval APPLY=1", "make eval does not read APPLY=; `make help` says what does"),
        ("demo DATASET=jhmdb", "make demo does not read DATASET=; `make help` says what does"),
        ("test-faults JOBS=4", "make test-faults does not read JOBS=; `make help` says what does"),
        ("DATASET=jhmdb", "make help does not read DATASET=; `make help` says what does"),
    ],
)
def test_it_is_named_in_one_line_and_nothing_starts(tree: Path, words: str, message: str) -> None:
    done = make(tree, *words.split())
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.partition(": *** ")[2].removesuffix(".  Stop.") == message
    assert not (tree / "calls").exists()


def test_what_another_target_of_the_command_reads_is_no_mistake_and_neither_is_an_empty_one(tree: Path) -> None:
    for words in ("extract why STAGE=text SPLIT=2", "table SPLIT= HEAD=iclip", "-n -k -j2 report OUT=x", "plan WARM="):
        done = make(tree, *words.split())
        assert (done.returncode, done.stderr) == (0, ""), words


def test_what_the_environment_holds_for_others_is_no_mistake(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("STAGE", "dataset", "DATSET", "PYTHON", "RUN"):
        monkeypatch.setenv(name, "of another program")
    done = make(tree, "plan")
    assert (done.returncode, done.stderr) == (0, "")
    assert calls(tree) == [["-m", "stages.plan"]]


def test_a_target_that_there_is_not_is_what_make_says(tree: Path) -> None:
    done = make(tree, "evaal", "SPLIT=2")
    assert done.stderr == "make: *** No rule to make target 'evaal'.  Stop.\n"


def test_without_a_stage_why_is_asked_of_none(tree: Path) -> None:
    make(tree, "why")
    assert calls(tree) == [["-m", "stages.why"]]


# ---- values


@pytest.mark.parametrize(
    ("main", "words", "message"),
    [
        (gc.main, "--days=x", 'error: DAYS is "x"; it must be a number of 0 or more, such as 14 or 0.5'),
        (gc.main, "--days=-1", 'error: DAYS is "-1"; it must be a number of 0 or more, such as 14 or 0.5'),
        (gc.main, "--days=nan", 'error: DAYS is "nan"; it must be a number of 0 or more, such as 14 or 0.5'),
        (gc.main, "--days=inf", 'error: DAYS is "inf"; it must be a number of 0 or more, such as 14 or 0.5'),
        (gc.main, "--apply=yes", 'error: APPLY is "yes"; it must be 1, or left out'),
        (gc.main, "--trained=true", 'error: TRAINED is "true"; it must be 1, or left out'),
        (table.main, "--seeds=two", 'error: SEEDS is "two"; it must be a whole number of at least 1'),
        (table.main, "--seeds=0", 'error: SEEDS is "0"; it must be a whole number of at least 1'),
        (plan.main, "--splitt=2", "error: plan: unrecognized arguments: --splitt=2; --help lists the options"),
        (plan.main, "--split", "error: plan: argument --split: expected one argument; --help lists the options"),
        (plan.main, "--choices=gone", GONE),
    ],
    ids=lambda value: value if isinstance(value, str) and value.startswith("--") else "",
)
def test_a_value_that_cannot_be_is_one_line_and_no_usage_text(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    main: Callable[[], None],
    words: str,
    message: str,
) -> None:
    monkeypatch.setattr("sys.argv", ["plan", *words.split()])
    with pytest.raises(SystemExit) as end:
        main()
    assert (end.value.code, capsys.readouterr().err) == (2, f"{message}\n")
