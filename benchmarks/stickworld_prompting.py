"""Test why ST-CLIP's context prompting does nothing on stickworld: larger initial weights, and more steps.

    python -m benchmarks.stickworld_prompting --seeds 3

Prompting's linear layers start with the published deviation, 0.02, whatever the width. It is made for CLIP's tokens of
512 numbers; with the 128 numbers of the demo's encoder, it makes what a layer adds to a label much smaller. Here these
initial weights are multiplied; the rest is as in `benchmarks.stickworld_stclip --ablation`. Initial weights are no
setting, so the results do not go into the cache. docs/benchmarks.md holds them.
"""

import argparse
import re
import tempfile
from pathlib import Path

import torch

from benchmarks.stickworld import evaluate_frames, plan_of
from benchmarks.stickworld_stclip import ABLATED_SPLIT, label_cosine, spread
from zsstad_core import tables
from zsstad_core.cache.read import read_artifact_table
from zsstad_core.learning.banks import scoring_bank, training_bank
from zsstad_core.learning.cached_labels import scoring_labels, training_labels
from zsstad_core.learning.train import train
from zsstad_core.methods.registry import build
from zsstad_core.methods.stclip.model import Stclip
from zsstad_core.methods.stclip.prompting import ContextPrompting
from zsstad_core.plan.plan import Plan
from zsstad_core.scoring.detections import person_tables
from zsstad_core.scoring.groups import groups
from zsstad_core.scoring.rows import score_rows

STARTS = (1.0, 3.0, 6.0)


def main() -> None:
    """Print a row without prompting, then a row for each factor of the initial weights."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=150)
    parser.add_argument("--starts", type=float, nargs="*", default=STARTS)
    options = parser.parse_args()
    print("| initial weights | cosine before | after | last loss | unseen | seen |\n|---|---|---|---|---|---|")
    for start in (None, *options.starts):
        columns = zip(*(run(seed, start, options.steps) for seed in range(options.seeds)), strict=True)
        shown = [spread(column, digits=digits) for column, digits in zip(columns, (4, 4, 3, 1, 1), strict=True)]
        print(f"| {'no prompting' if start is None else f'0.02 x {start:g}'} | {' | '.join(shown)} |", flush=True)


def run(seed: int, start: float | None, steps: int) -> tuple[float, ...]:
    """Cosine of prompted labels with their text before and after training, the last loss, unseen and seen mAP."""
    prompting = "heads.stclip.prompting=none" if start is None else ""
    plan = plan_of(
        seed, ABLATED_SPLIT, f"head=stclip scoring.boxes=groundtruth training.iterations={steps} {prompting}"
    )
    bank, labels = training_bank(plan, "cpu"), training_labels(plan)
    head = build(plan.settings, bank.width)
    assert isinstance(head, Stclip)
    with torch.no_grad():
        for layer in head.prompting.values():
            assert isinstance(layer, ContextPrompting)
            for part in (layer.q_proj, layer.k_proj, layer.v_proj, layer.proj, layer.fc1, layer.fc2):
                part.weight *= start or 1.0
    before = label_cosine(head, bank, labels)
    lines: list[str] = []
    with tempfile.TemporaryDirectory() as checkpoints:
        train(head, bank, labels, plan.settings.training, Path(checkpoints), log=lines.append)
    (loss,) = re.findall(r"loss ([\d.]+)", lines[-1])
    return (before, label_cosine(head, bank, labels), float(loss), *mean_ap(plan, head))


def mean_ap(plan: Plan, head: Stclip) -> tuple[float, float]:
    """The head's unseen and seen mAP, in percent."""
    annotated = read_artifact_table(plan.groundtruth, "groundtruth")
    parts = []
    for group in groups(plan.split, plan.official_split, annotated, plan.settings.scoring.labels):
        bank = scoring_bank(plan, "cpu", group.videos)
        scores = score_rows(head, bank, scoring_labels(plan, group.classes), plan.settings.scoring.batch)
        parts.append(person_tables(bank.samples.table, scores, group.classes).detections)
    metrics = evaluate_frames(plan, tables.concat("detections", parts))
    return 100 * metrics["unseen"], 100 * metrics["seen"]


if __name__ == "__main__":
    main()
