"""Training on one dataset for another: which classes are then unseen, and what make does for it."""

import subprocess
from pathlib import Path
from typing import Annotated

import pytest

from tests.made_plans import keys, plan, settings, write_dataset
from zsstad_core.errors import SettingsError
from zsstad_core.methods.iclip.settings import Iclip
from zsstad_core.methods.registry import Heads
from zsstad_core.plan import cross_dataset
from zsstad_core.plan.makefile import makefile
from zsstad_core.settings.base import ADDED
from zsstad_core.settings.pipeline import Settings
from zsstad_core.splits import LabelSplit


def shared(here: dict[str, list[str]], there: dict[str, list[str]]) -> dict[str, str]:
    return cross_dataset.shared_classes(here, there)


@pytest.mark.parametrize(
    ("name", "texts", "other", "others"),
    [
        ("kick_ball", ["kick_ball"], "kick_ball", ["kick ball"]),
        ("IceDancing", ["ice dancing"], "ice_dancing", ["ice_dancing"]),
        ("Run", ["a person runs"], "run", ["somebody is running"]),
        ("sprint", ["sprint", "run  fast"], "dash", ["Run fast"]),
    ],
)
def test_a_class_that_reads_as_one_that_was_learned_is_not_unseen(
    name: str, texts: list[str], other: str, others: list[str]
):
    assert shared({name: texts, "sit": ["sit"]}, {"x": ["y"], other: others}) == {name: other}


def test_a_class_that_only_contains_a_learned_one_is_unseen():
    assert shared({"kick_ball": ["kick ball"], "walk": ["walk"]}, {"kick": ["kick"], "walking": ["walking"]}) == {}


def test_of_a_split_only_what_is_unseen_is_left():
    split = LabelSplit("toy-1", seen=("a", "b"), unseen=("c", "d"))
    assert cross_dataset.unseen_alone(split, ()) == LabelSplit("toy-1", (), ("c", "d"))
    assert cross_dataset.unseen_alone(split, {"c": "x"}).unseen == ("d",)
    with pytest.raises(SettingsError, match=r"no unseen class .all that are were learned elsewhere"):
        cross_dataset.unseen_alone(split, {"c": "x", "d": "y"})


# ---- plans; the other dataset is the same one here, so that its files are at hand


ELSEWHERE = {"trained_on.dataset": "jhmdb", "trained_on.split": "2", "split": "without-wave"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_dataset(tmp_path / "jhmdb")
    return tmp_path


def test_the_trained_head_is_the_other_datasets_own(folder: Path):
    made = plan(folder, **ELSEWHERE)
    assert keys(made)["train"] == keys(plan(folder, split="2"))["train"]
    assert made.runs == plan(folder, split="2").runs
    assert (made.split.seen, made.split.unseen) == ((), ("wave",))
    assert made.shared_classes == {"wave": "wave"}  # which is seen in split 2


def test_a_baseline_is_judged_on_the_same_labels(folder: Path):
    made = plan(folder, **ELSEWHERE, head="clip_crop")
    assert made.train is None
    assert made.split.unseen == ("wave",)


def test_a_head_of_other_settings_is_refused(folder: Path):
    here = settings(folder, **ELSEWHERE, **{"heads.iclip.blocks": "PC"})
    with pytest.raises(
        SettingsError, match=r"heads\.iclip\.blocks is POCMPOCM on jhmdb, where the head is trained, and PC"
    ):
        cross_dataset.refuse_unlike(here, settings(folder))


class LaterIclip(Iclip):
    """iCLIP with a setting that came when caches existed."""

    sharpness: Annotated[int, ADDED] = 0
    """How sharp."""


@pytest.mark.parametrize(("here", "there"), [(0, 1), (1, 0)])
def test_a_setting_that_was_added_later_is_compared_though_its_default_is_in_no_key(here: int, there: int):
    def with_sharpness(sharpness: int) -> Settings:
        return Settings(heads=Heads.model_construct(iclip=LaterIclip(sharpness=sharpness)))

    with pytest.raises(SettingsError, match=rf"heads\.iclip\.sharpness is {there} on jhmdb, .*, and {here} on jhmdb"):
        cross_dataset.refuse_unlike(with_sharpness(here), with_sharpness(there))


def test_make_runs_the_other_datasets_stages_as_such_and_none_twice(folder: Path):
    made = plan(folder, **ELSEWHERE)
    (folder / "rules.mk").write_text(f"{makefile(made, '--head x')}\nwanted: | $(EVALUATED)\n")
    run = ["make", "-n", "--no-print-directory", "-f", "rules.mk", "wanted", "START=python"]
    done = subprocess.run(run, cwd=folder, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    commands = [line.removeprefix("python stages.").split(" ", 1) for line in done.stdout.splitlines()]
    asked = dict(commands)
    assert len(asked) == len(commands) == 8  # the tokens of both plans are made by one
    assert asked["train"] == "--head x --training-plan"
    assert asked["score"] == asked["evaluate"] == "--head x"
