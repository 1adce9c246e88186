"""A table's runs, and the rules by which make brings them about: nothing twice, nothing that is there already."""

import shlex
import subprocess
from argparse import Namespace
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.made_plans import write_dataset
from tests.test_plan_text import complete
from zsstad_core import configure
from zsstad_core.datasets.jhmdb import CLASSES
from zsstad_core.errors import SettingsError
from zsstad_core.plan.plan import Plan
from zsstad_core.results.runs import Run, folder_of, list_runs, makefile, plans_of
from zsstad_core.settings.pipeline import Settings
from zsstad_core.settings.training import Training


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = write_dataset(tmp_path / "jhmdb")
    (tmp_path / "p.yaml").write_text(f"datasets: {{jhmdb: {{root: {root}}}}}\ncache: {{root: {tmp_path}/cache}}\n")
    return tmp_path


def options(folder: Path, *words: str) -> Namespace:
    return configure.arguments("").parse_args(["--settings", str(folder / "p.yaml"), *words])


def chosen(splits: str = "1,2", seeds: int = 2, heads: str = "iclip,clip_frame") -> list[Run]:
    return list_runs(Settings(), CLASSES, splits, seeds, heads)


def would_run(folder: Path, asked: Namespace, plans: dict[Run, Plan]) -> list[list[str]]:
    """The words of each stage that make would start for the whole table, in order."""
    (folder / "rules.mk").write_text(f"{makefile(asked, plans)}\nwanted: | $(TABLED)\n")
    run = ["make", "-n", "--no-print-directory", "-f", "rules.mk", "wanted", "START=python"]
    done = subprocess.run(run, cwd=folder, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")  # a target of two rules would be warned of
    return [shlex.split(line)[1:] for line in done.stdout.splitlines() if line.startswith("python")]


def stages(commands: Sequence[Sequence[str]]) -> Counter[str]:
    return Counter(command[0].removeprefix("stages.") for command in commands)


# ---- which


def test_only_what_is_trained_is_run_with_several_seeds():
    found = Counter((run.head, run.boxes) for run in chosen(seeds=3))
    assert found == {
        ("iclip", "detected"): 6,
        ("iclip", "groundtruth"): 6,
        ("clip_frame", "detected"): 2,
        ("clip_frame", "groundtruth"): 2,
    }


def test_the_first_seed_is_that_of_the_settings():
    """So that the table's first run is the one that `make eval` has made."""
    settings = Settings(training=Training(seed=7))
    runs = list_runs(settings, CLASSES, "1", 2, "iclip")
    assert {run.seed for run in runs} == {7, 8}


def test_both_baselines_stand_beside_a_head():
    assert list(dict.fromkeys(run.head for run in chosen(heads=""))) == ["iclip", "clip_frame", "clip_crop"]
    assert list(dict.fromkeys(run.head for run in list_runs(Settings(head="clip_crop"), CLASSES, "1", 1, ""))) == [
        "clip_crop",
        "clip_frame",
    ]


def test_splits_are_those_that_are_asked_for():
    def of(splits: str) -> list[str]:
        return list(dict.fromkeys(run.split for run in chosen(splits)))

    assert of("all") == ["1", "2", "3", "4"]
    assert of("50/50-0, 50/50-1,50/50-0") == ["50/50-0", "50/50-1"]
    assert of("without") == [f"without-{name}" for name in CLASSES]


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"seeds": 0}, "SEEDS is 0; it must be at least 1"),
        ({"heads": "iclip,clip"}, 'HEADS names "clip"; it must be of clip_frame'),
        ({"splits": ","}, "name some, such as 50/50-0"),
    ],
)
def test_what_makes_no_table_is_refused(asked: dict, words: str):
    with pytest.raises(SettingsError, match=words):
        chosen(**asked)


def test_a_table_of_other_splits_does_not_overwrite_it(tmp_path: Path):
    asked = Namespace(out="")
    names = {str(folder_of(asked, Settings(), splits)) for splits in ("all", "1,2", "50/50-0")}
    assert names == {"results/jhmdb/iclip-all", "results/jhmdb/iclip-1_2", "results/jhmdb/iclip-50_50-0"}
    assert folder_of(Namespace(out="x"), Settings(), "all") == Path("x")


# ---- how


def test_what_is_frozen_is_made_once_for_all_runs(folder: Path):
    asked = options(folder)
    found = stages(would_run(folder, asked, plans_of(asked, chosen(), retry=True)))
    assert found == {
        "index": 1,
        "groundtruth": 1,
        "detect": 1,
        "text": 1,
        "encode": 2,  # annotated test persons are encoded for ground-truth boxes only
        "train": 4,  # splits x seeds: boxes do not matter
        "score": 12,
        "evaluate": 12,
    }


def test_each_stage_gets_the_settings_of_its_run_above_all_others(folder: Path):
    asked = options(folder, "--set", "training.lr=0.5 split=3 encoder.template='$5 of {}'", "--head", "oracle")
    trained = [
        words for words in would_run(folder, asked, plans_of(asked, chosen(), True)) if words[0] == "stages.train"
    ]
    settings = [configure.from_arguments(options(folder, *words[1:])) for words in trained]
    assert {(of.head, of.split, of.training.seed) for of in settings} == {
        ("iclip", split, seed) for split in "12" for seed in (2, 3)
    }
    assert {(of.training.lr, of.encoder.template) for of in settings} == {(0.5, "$5 of {}")}


def test_what_is_there_is_not_made_again(folder: Path):
    asked = options(folder)
    plans = plans_of(asked, chosen(), retry=True)
    first, *_ = plans.values()
    complete(first.all())
    assert stages(would_run(folder, asked, plans))["train"] == 3
    for plan in plans.values():
        complete(plan.all())
    assert would_run(folder, asked, plans) == []


def test_a_table_makes_what_eval_makes(folder: Path):
    plans = plans_of(options(folder), chosen(), retry=True)
    alone = Plan(configure.from_arguments(options(folder, "--split", "2")))
    assert plans[Run("iclip", "2", "detected", 2)].evaluate.done == alone.evaluate.done
