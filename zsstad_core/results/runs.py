"""The runs of a table, and the make rules that evaluate them."""

import argparse
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from zsstad_core import configure
from zsstad_core.errors import SettingsError
from zsstad_core.evaluation.metrics_file import read_metrics
from zsstad_core.methods import registry
from zsstad_core.plan.inventory import Inventories
from zsstad_core.plan.makefile import rules, write_choices
from zsstad_core.plan.plan import Plan
from zsstad_core.settings.pipeline import Settings
from zsstad_core.splits import published_splits

BOXES = ("detected", "groundtruth")


@dataclass(frozen=True)
class Run:
    """One evaluation: a head on a label split with one kind of boxes. seed: of its training, None without training."""

    head: str
    split: str
    boxes: str
    seed: int | None

    def words(self) -> str:
        """The settings of the run, as SET= takes them."""
        seed = "" if self.seed is None else f" training.seed={self.seed}"
        return f"head={self.head} split={shlex.quote(self.split)} scoring.boxes={self.boxes}{seed}"


def list_runs(settings: Settings, classes: Sequence[str], splits: str, seeds: int, heads: str) -> list[Run]:
    """All runs of a table: heads x splits x detected and ground-truth boxes, and, for trained heads, x seeds.

    splits: names with commas between; `all`: the published splits of the dataset; `without`: each class left out once.
    seeds: their number, from `training.seed` on. heads: names with commas between; empty: the head of the settings, and
    the baselines. Raises SettingsError.
    """
    if seeds < 1:
        raise SettingsError(f"SEEDS is {seeds}; it must be at least 1")
    chosen = _split_names(heads) or [
        settings.head,
        *(name for name in registry.names() if registry.method(name).baseline),
    ]
    if strange := [head for head in chosen if head not in registry.names()]:
        raise SettingsError(f'HEADS names "{strange[0]}"; it must be of {", ".join(registry.names())}')
    names, first = _splits(settings.dataset, classes, splits), settings.training.seed
    return [
        Run(head, split, boxes, seed)
        for head in dict.fromkeys(chosen)
        for boxes in BOXES
        for split in names
        for seed in (range(first, first + seeds) if registry.method(head).trains else [None])
    ]


def _splits(dataset: str, classes: Sequence[str], splits: str) -> list[str]:
    if splits == "without":
        return [f"without-{name}" for name in classes]
    names = published_splits(dataset) if splits == "all" else _split_names(splits)
    if not names:
        raise SettingsError(
            f'SPLITS is "{splits}"; {dataset} has no published label splits: name some, such as 50/50-0,50/50-1, or '
            "take SPLITS=without, every class once"
        )
    return list(dict.fromkeys(names))


def _split_names(names: str) -> list[str]:
    return [name.strip() for name in names.split(",") if name.strip()]


def plans_of(options: argparse.Namespace, runs: Sequence[Run], retry: bool) -> dict[Run, Plan]:
    """The plan of each run, under the settings of a command line."""
    file, inventories = configure.SettingsFile.read(Path(options.settings)), Inventories()
    return {run: Plan(configure.from_arguments(_options_of(options, run), file), retry, inventories) for run in runs}


def _options_of(options: argparse.Namespace, run: Run) -> argparse.Namespace:
    return argparse.Namespace(**{**vars(options), "overrides": f"{options.overrides} {run.words()}".strip()})


def makefile(options: argparse.Namespace, plans: Mapping[Run, Plan]) -> str:
    """The rules for all runs, and TABLED: the files that exist when every run is evaluated."""
    by_choice = {write_choices(_options_of(options, run)): plan for run, plan in plans.items()}
    evaluated = dict.fromkeys(str(plan.evaluate.done) for plan in plans.values())
    return "\n".join([f"TABLED := {' '.join(evaluated)}", *rules(by_choice)])


def results_of(plans: Mapping[Run, Plan]) -> pd.DataFrame:
    """One row per run: head, split, boxes, seed; unseen, seen, harmonic as fractions, NaN where undefined; keys.

    Raises CacheError if a run is not evaluated yet.
    """
    rows: list[dict[str, Any]] = []
    for run, plan in plans.items():
        metrics = read_metrics(plan.evaluate)
        rows.append(
            {
                "head": run.head,
                "split": run.split,
                "boxes": run.boxes,
                "seed": run.seed,
                **{name: metrics[name] for name in ("unseen", "seen", "harmonic")},
                "train": plan.train.key if plan.train else "",
                "score": plan.score.key,
                "evaluate": plan.evaluate.key,
            }
        )
    types = {**dict.fromkeys(("unseen", "seen", "harmonic"), "float64"), "seed": "Int64"}
    return pd.DataFrame(rows).astype(types)


def remarks(metrics: Mapping[Run, Mapping[str, Any]]) -> list[str]:
    """Sentences that some numbers need: classes that are in no mean, and training on another dataset."""
    found: dict[str, None] = {}
    for run, of_run in metrics.items():
        if lacking := of_run["without_groundtruth"]:
            found[f"split {run.split}: without ground truth, so in no mean: {', '.join(lacking)}"] = None
        if source := of_run.get("trained on"):
            shared = ", ".join(source["shared classes"]) or "no class"
            found[f"trained on {source['dataset']}, split {source['split']}; seen there as well: {shared}"] = None
    return list(found)


def folder_of(options: argparse.Namespace, settings: Settings, splits: str) -> Path:
    """The folder of a table: OUT=, or results/DATASET/HEAD-SPLITS."""
    name = "".join(letter if letter.isalnum() or letter in "-_" else "_" for letter in f"{settings.head}-{splits}")
    return Path(options.out or f"results/{settings.dataset}/{name}")
