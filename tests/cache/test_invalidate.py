"""`make invalidate` takes what one stage made, all of it and nothing else."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cache.made_artifacts import all_bytes, run
from tests.conftest import ROOT
from tests.made_plans import plan, write_dataset
from zsstad_core.cache import gc
from zsstad_core.plan.plan import Plan

STAGES = "index, groundtruth, detect, encode, text, train, score, evaluate"


@pytest.fixture
def made(tmp_path: Path) -> Plan:
    """A plan of which everything is there, checkpoints too."""
    write_dataset(tmp_path / "jhmdb")
    made = plan(tmp_path)
    for artifact in made.all():
        for group in artifact.begin():
            with artifact.publish(group) as unit:
                (unit / "content").write_text("0123456789")
        artifact.complete()
    made.runs.mkdir(parents=True)
    (made.runs / "iter_1.pth").write_text("weights")
    return made


def words(made: Plan) -> str:
    return f"datasets.jhmdb.root={made.settings.datasets.jhmdb.root} cache.root={made.settings.cache.root}"


@pytest.mark.parametrize(
    ("stage", "gone"),
    [
        ("detect", {"detect"}),
        ("encode", {"tokens-frame", "tokens-object", "tokens-person", "tokens-groundtruth"}),
        ("train", {"train", "training"}),
        ("index", {"index"}),
    ],
)
def test_what_a_stage_made_goes_and_nothing_else(made: Plan, stage: str, gone: set[str]) -> None:
    def of(name: str) -> str:
        return name.split("/")[0].removesuffix(f"-{name.split('/')[0].rpartition('-')[2]}")

    before = all_bytes(made.root)
    done = run("invalidate", "--stage", stage, overrides=words(made))
    assert (done.returncode, done.stderr) == (0, "")
    after = all_bytes(made.root)
    assert after == {name: content for name, content in before.items() if of(name) not in gone}
    assert len(done.stdout.splitlines()) == len(gone)
    assert all(line.startswith(f"invalidate: removed {made.root}/") for line in done.stdout.splitlines())
    states = {artifact.stage.name: artifact.is_complete() for artifact in made.all()}
    assert {name for name, complete in states.items() if not complete} == gone - {"training"}
    again = run("invalidate", "--stage", stage, overrides=words(made))
    assert again.returncode == 0
    assert all(line.endswith(" is not there") for line in again.stdout.splitlines())


def test_it_says_how_much_went(made: Plan) -> None:
    done = run("invalidate", "--stage", "index", overrides=words(made))
    assert done.stdout.startswith(f"invalidate: removed {made.index.path} (2 units, ")
    assert done.stdout.endswith(" kB)\n")


@pytest.mark.parametrize("stage", ["tokens-frame", "detector", ""])
def test_an_unknown_stage_is_one_line_and_nothing_goes(made: Plan, stage: str) -> None:
    before = all_bytes(made.root)
    done = run("invalidate", "--stage", stage, overrides=words(made))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"error: STAGE={stage} is not a stage of HEAD=iclip; it must be one of {STAGES}\n"
    assert all_bytes(made.root) == before


def test_a_head_without_training_loses_no_checkpoints_of_another(made: Plan) -> None:
    before = all_bytes(made.root)
    done = run("invalidate", "--stage", "train", "--head", "clip_frame", overrides=words(made))
    assert done.returncode == 2
    assert done.stderr.startswith("error: STAGE=train is not a stage of HEAD=clip_frame; it must be one of index, ")
    assert all_bytes(made.root) == before


KILLED = """
import os, runpy, shutil, signal, sys

def die(folder, **_):
    min(path for path in folder.rglob("*") if path.is_file()).unlink()
    os.kill(os.getpid(), signal.SIGKILL)

shutil.rmtree = die
runpy.run_module("stages.invalidate", run_name="__main__")
"""


@pytest.mark.fault(50)
def test_killed_it_leaves_no_data_and_gc_removes_the_rest(made: Plan) -> None:
    command = [sys.executable, "-c", KILLED, "--stage", "train", "--set", words(made)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL
    assert not made.runs.exists()  # the checkpoints go first: a training would go on from them
    assert run("invalidate", "--stage", "train", overrides=words(made)).returncode == 0
    assert {artifact.stage.name for artifact in made.all() if not artifact.is_complete()} == {"train"}
    names = {artifact.path.name for artifact in made.all()}
    (rest,) = gc.unneeded(made.root, names, 14)
    assert (rest.path.parent, rest.why) == (made.root / "training", "left by a killed process")
    gc.remove(rest)
    assert list((made.root / "training").iterdir()) == []
