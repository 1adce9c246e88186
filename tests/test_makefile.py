"""What a user types: `make` and its targets, in a copy of the tree whose Python is this one, or a note-taker."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from tests import determinism
from tests.conftest import ROOT
from tests.made_plans import write_dataset
from zsstad_core.settings.pipeline import Settings

MAKEFILE = (ROOT / "Makefile").read_text()
PHONY = re.search(r"^\.PHONY: (.*)", MAKEFILE, re.M)[1]  # type: ignore[index]
NEEDS = " ".join(re.search(rf"^{name} := (.*)", MAKEFILE, re.M)[1] for name in ("PLANNED", "NEEDS_ENVIRONMENT"))  # type: ignore[index]
TARGETS = {word for word in f"{PHONY} {NEEDS}".split() if not word.startswith("$")}
STAGES = ["index", "groundtruth", "detect", "encode", "text", "train", "score", "evaluate"]

NOTES_ARGUMENTS = r"""#!/usr/bin/env bash
printf '%s\n' "$@" --- >> calls
case "$*" in *--makefile*) touch rules.mk; echo rules.mk ;; *--check*) echo ok ;; esac
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """What a checkout holds, without an environment."""
    tree = tmp_path / "tree"
    for name in ("stages", "zsstad_core", ".ci"):
        shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("Makefile", "pipeline.yaml", "requirements.txt", "pyproject.toml"):
        shutil.copy(ROOT / name, tree)
    return tree


def give_python(tree: Path, script: str) -> None:
    """An environment whose Python is `script`."""
    python = tree / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(script)
    python.chmod(0o755)
    shutil.copy(tree / "requirements.txt", tree / ".venv")


@pytest.fixture
def ready(tree: Path) -> Path:
    """A checkout with its environment and a small dataset."""
    give_python(tree, f'#!/usr/bin/env bash\nexec {sys.executable} "$@"\n')
    write_dataset(tree / "data" / "jhmdb")
    return tree


@pytest.fixture
def noting(tree: Path) -> Path:
    """A checkout whose Python does nothing but write down its arguments."""
    give_python(tree, NOTES_ARGUMENTS)
    return tree


def make(tree: Path, *words: str) -> subprocess.CompletedProcess[str]:
    ours = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL", "HEAD", "SET")}
    return subprocess.run(["make", *words], cwd=tree, env=ours, capture_output=True, text=True, check=False)


def calls(tree: Path) -> list[list[str]]:
    """The arguments of each call of a Python that notes them."""
    return [call.splitlines() for call in (tree / "calls").read_text().split("---\n")[:-1]]


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
    choice = ["--head", "oracle", "--set", value]
    assert calls(noting) == [
        ["-m", "stages.plan", "--makefile", *choice],
        ["-m", "stages.plan", *choice],
        ["-m", "stages.metrics", *choice],
    ]


def test_settings_may_stand_on_several_lines(noting: Path) -> None:
    make(noting, "plan", "SET=a.b=1\n  c.d='e f'")
    assert calls(noting)[-1][-1] == "a.b=1   c.d='e f'"


def test_what_is_not_chosen_is_not_passed_on(noting: Path) -> None:
    make(noting, "plan")
    make(noting, "plan", "DATASET=jhmdb", "SPLIT=2", "HEAD=iclip", "RECIPE=yolox-nano")
    chosen = ["--dataset", "jhmdb", "--split", "2", "--head", "iclip", "--recipe", "yolox-nano"]
    assert calls(noting) == [["-m", "stages.plan"], ["-m", "stages.plan", *chosen]]


def test_what_is_exported_is_chosen(noting: Path) -> None:
    make(noting, "export")
    make(noting, "export", "SPLIT=2", "FORMAT=npz", "KIND=text", "OUT=of mine")
    chosen = ["--split", "2", "--format", "npz", "--kind", "text", "--out", "of mine"]
    assert calls(noting) == [["-m", "stages.export"], ["-m", "stages.export", *chosen]]


@pytest.mark.parametrize("split", ["50/50-0", "without-brush_hair", "of mine/my splits.yaml:one"])
def test_the_name_of_a_split_arrives_as_it_was_typed(noting: Path, split: str) -> None:
    done = make(noting, "extract", f"SPLIT={split}", "TRAINED_ON=stickworld")
    assert (done.returncode, done.stderr) == (0, "")
    assert calls(noting) == [["-m", "stages.plan", "--makefile", "--split", split, "--trained-on", "stickworld"]]


def test_a_table_is_asked_for_in_full(noting: Path) -> None:
    make(noting, "table", "HEAD=iclip", "SPLITS=1,50/50-0", "SEEDS=3", "HEADS=iclip,clip_crop", "OUT=of mine")
    chosen = ["--head", "iclip", "--splits", "1,50/50-0", "--seeds", "3", "--heads", "iclip,clip_crop"]
    asked = [*chosen, "--out", "of mine"]
    assert calls(noting) == [["-m", "stages.table", "--makefile", *asked], ["-m", "stages.table", *asked]]


def test_a_question_is_asked_in_full_with_its_videos_and_labels_as_they_were_typed(noting: Path) -> None:
    make(noting, "ask", "VIDEO=my holiday, day 2.mp4", "LABELS=it's $5, wave", "TRAINED_ON=stickworld", "OUT=of mine")
    asked = ["--trained-on", "stickworld", "--video", "my holiday, day 2.mp4", "--labels", "it's $5, wave"]
    asked += ["--out", "of mine"]
    assert calls(noting) == [["-m", "stages.ask", "--makefile", *asked], ["-m", "stages.ask", *asked, "--anew", ""]]


def test_a_question_stands_alone(noting: Path) -> None:
    done = make(noting, "ask", "eval")
    assert done.returncode != 0
    assert "make ask stands alone" in done.stderr


def test_a_report_is_written_where_it_is_asked_for(noting: Path) -> None:
    done = make(noting, "report", "HEAD=iclip", "OUT=of mine")
    assert (done.returncode, done.stderr) == (0, "")
    choice = ["--head", "iclip"]
    assert calls(noting) == [
        ["-m", "stages.plan", "--makefile", *choice],
        ["-m", "stages.report", *choice, "--out", "of mine"],
    ]


def test_a_table_stands_alone(noting: Path) -> None:
    done = make(noting, "table", "eval")
    assert done.returncode == 2
    assert "make table stands alone" in done.stderr


def test_tests_are_chosen(noting: Path) -> None:
    make(noting, "test", "TESTS=tests/cache -k kill")
    make(noting, "test-all", "JOBS=4")
    run, draws = ["-m", "pytest", "-n"], ["--hypothesis-profile", determinism.DRAWN]
    assert calls(noting) == [[*run, "2", "tests/cache", "-k", "kill"], [*run, "4", "-m", "", *draws]]


# ---- with an environment


def test_a_dry_run_names_the_stages_and_runs_none(ready: Path) -> None:
    done = make(ready, "-n", "eval", "SPLIT=2")
    assert (done.returncode, done.stderr) == (0, "")
    stages = re.findall(r"^\.venv/bin/python -m stages\.(\w+) +--split '2' *$", done.stdout, re.M)
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
    assert calls(tree) == [["-m", "stages.plan", "--set", "encoder.template='a  $5'"]] * 2
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


def test_clean_leaves_the_caches(noting: Path) -> None:
    (noting / "cache" / "jhmdb").mkdir(parents=True)
    make(noting, "clean")
    assert (noting / "cache" / "jhmdb").is_dir()
    assert not (noting / ".venv").exists()
