"""Evaluate every method on every label split of stickworld, over several seeds: the table of docs/benchmarks.md.

    python -m benchmarks.stickworld --seeds 3               # methods
    python -m benchmarks.stickworld --seeds 1 --ablation    # interaction blocks: paper 001, tables 4 and 5

A seed sets both the clips and the training. Results go into the cache, so a second run only prints. Chance is the mAP
of a random score for every person and class, averaged over some draws.
"""

import argparse
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from stages.score import score_persons
from stages.train import train_head
from zsstad_core import configure
from zsstad_core.cache.read import read_artifact_table
from zsstad_core.evaluation.detection import evaluate
from zsstad_core.evaluation.rows import missing_groundtruth
from zsstad_core.plan.plan import Plan
from zsstad_core.stickworld.labels import PAIRS
from zsstad_core.work import run_whole

SPLITS = (1, 2, 3)
METHODS = {
    "CLIP, whole frame": "head=clip_frame",
    "CLIP, person's crop": "head=clip_crop",
    "iCLIP without prompting": "head=iclip heads.iclip.prompting_layers=0",
    "iCLIP": "head=iclip",
    "ActionCLIP": "head=actionclip",
}
BLOCKS = {
    "table 4": ("PP", "OO", "CC", "MM", "POPO", "POCPOC", "POCMPOCM"),
    "table 5": ("POCMPOCM", "PCOMPCOM", "OPCMOPCM", "OCPMOCPM", "CPOMCPOM", "COPMCOPM"),
}
_DRAWS = 5
type Numbers = dict[str, float]  # unseen, seen, harmonic and "class NAME" of one run, in percent


def main() -> None:
    """Run what is missing, and print tables in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--ablation", action="store_true")
    parser.add_argument("--set", default="", dest="overrides", help="settings for all runs")
    options = parser.parse_args()
    seeds = range(options.seeds)
    if options.ablation:
        ablation(seeds, options.overrides)
    else:
        methods(seeds, options.overrides)


def methods(seeds: Iterable[int], overrides: str, chosen: Mapping[str, str] = METHODS) -> None:
    """Print the tables of some methods (name -> settings), with detected and with ground-truth boxes."""
    for boxes in ("detected", "groundtruth"):
        rows: dict[str, list[Numbers]] = {}
        for seed in seeds:
            for split in SPLITS:
                for name, settings in chosen.items():
                    plan = plan_of(seed, split, f"scoring.boxes={boxes} {settings} {overrides}")
                    metrics = metrics_of(plan)
                    rows.setdefault(name, []).append(_numbers(metrics, seed, split))
                    if settings == "head=clip_crop":
                        rows.setdefault("chance", []).append(chance(plan, seed, split))
        print(f"\n{boxes} boxes\n\n| | unseen | seen | H |\n|---|---|---|---|")
        for name in ("chance", *chosen):
            print(f"| {name} | {' | '.join(spread(rows[name], key) for key in ('unseen', 'seen', 'harmonic'))} |")
        for key, shown in (("unseen", "unseen"), ("seen", "seen"), ("harmonic", "H")):
            print(f"\n| {shown}, by split |" + "".join(f" {split} |" for split in SPLITS))
            print("|---|" + "---|" * len(SPLITS))
            for name in ("chance", *chosen):
                of_splits = [[row for row in rows[name] if row["split"] == split] for split in SPLITS]
                print(f"| {name} |" + "".join(f" {spread(of_split, key)} |" for of_split in of_splits))


def ablation(seeds: Iterable[int], overrides: str) -> None:
    """Print the tables of blocks and their order, with ground-truth boxes and without prompting; then the AP of each
    unseen action with each kind of block."""
    rows: dict[str, list[Numbers]] = {}
    for blocks in dict.fromkeys(name for names in BLOCKS.values() for name in names):
        for seed in seeds:
            for split in SPLITS:
                chosen = (
                    f"head=iclip scoring.boxes=groundtruth heads.iclip.prompting_layers=0 heads.iclip.blocks={blocks}"
                )
                metrics = metrics_of(plan_of(seed, split, f"{chosen} {overrides}"))
                rows.setdefault(blocks, []).append(_numbers(metrics, seed, split))
    for table, names in BLOCKS.items():
        print(f"\n{table}\n\n| blocks | unseen | seen | H |\n|---|---|---|---|")
        for name in names:
            print(f"| {name} | {' | '.join(spread(rows[name], key) for key in ('unseen', 'seen', 'harmonic'))} |")
    names = BLOCKS["table 4"]
    print(
        "\nAP of each action where it is unseen\n\n| action | told apart by |" + "".join(f" {name} |" for name in names)
    )
    print("|---|---|" + "---|" * len(names))
    classes = sorted({evidence_of for pair in PAIRS for evidence_of in pair})
    for action in classes:
        kinds = ", ".join(sorted({kind for pair, kind in PAIRS.items() if action in pair}))
        cells = (
            f" {np.mean([row[f'unseen {action}'] for row in rows[name] if f'unseen {action}' in row]):.1f} |"
            for name in names
        )
        print(f"| {action} | {kinds} |{''.join(cells)}")


def plan_of(seed: int, split: int, overrides: str) -> Plan:
    """The plan of one run, with everything before training in the cache."""
    overrides = f"dataset=stickworld split={split} datasets.stickworld.seed={seed} training.seed={seed} {overrides}"
    plan = Plan(configure.load(Path("pipeline.yaml"), overrides=overrides))
    if not all(artifact.is_complete() for artifact in plan.extract()):
        subprocess.run(["make", "--no-print-directory", "extract", f"SET={overrides}"], check=True)
    return plan


def metrics_of(plan: Plan) -> dict[str, Any]:
    """The metrics of a plan as in metrics.json, without video mAP; the plan is trained and scored if necessary."""
    if plan.train:
        run_whole("train", plan.train, lambda: train_head(plan))
    run_whole("score", plan.score, lambda: score_persons(plan))
    return evaluate_frames(plan, read_artifact_table(plan.score, "detections"))


def chance(plan: Plan, seed: int, split: int) -> Numbers:
    """The numbers of random scores in place of the head's, for the same boxes."""
    found, draws = read_artifact_table(plan.score, "detections"), []
    for draw in range(_DRAWS):
        random = np.random.default_rng([seed, split, draw]).random(len(found))
        guessed = found.assign(probability=random, score=random * found["box_score"])
        draws.append(_numbers(evaluate_frames(plan, guessed), seed, split))
    return {key: float(np.mean([row[key] for row in draws])) for key in draws[0]}


def evaluate_frames(plan: Plan, detections: pd.DataFrame) -> dict[str, Any]:
    """Frame mAP of these detections of the test clips, as in metrics.json."""
    on_disk = read_artifact_table(plan.groundtruth, "groundtruth")
    annotated = on_disk[on_disk["video_id"].map(plan.official_split) == "test"]
    frames_only = plan.settings.evaluation.model_copy(update={"video_iou": []})
    settings = plan.settings.model_copy(update={"evaluation": frames_only})
    return evaluate(settings, plan.split, annotated, missing_groundtruth(plan.dataset, plan.missing), detections)


def spread(rows: Sequence[Numbers], key: str) -> str:
    """Mean over splits and seeds as text, followed by the deviation between seeds if there are several."""
    by_seed = pd.DataFrame(rows).groupby("seed")[key].mean()
    deviation = f" ± {by_seed.std(ddof=1):.1f}" if len(by_seed) > 1 else ""
    return f"{by_seed.mean():.1f}{deviation}"


def _numbers(metrics: dict[str, Any], seed: int, split: int) -> Numbers:
    means = {name: 100 * metrics[name] for name in ("unseen", "seen", "harmonic")}
    classes = {f"{row['group']} {name}": 100 * row["ap"] for name, row in metrics["classes"].items()}
    return {"seed": seed, "split": split, **means, **classes}


if __name__ == "__main__":
    main()
