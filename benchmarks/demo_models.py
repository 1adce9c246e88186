"""Measure the demo's frozen models: the detector on the benchmark's clips, the encoder on stills of other people.

    python -m benchmarks.demo_models

Detector: recall and AP at IoU 0.5 of every person and thing in the test clips, as `make detect` found them. Encoder:
zero-shot accuracy on persons' crops in stills of the test clips' domain, whose people it has not seen in training:
among all 18 class names, and among the seen and the unseen names of each label split.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.stickworld import plan_of
from demo.pretrain import many
from zsstad_core import configure
from zsstad_core.cache.read import read_artifact_table
from zsstad_core.datasets.stickworld import Stickworld
from zsstad_core.extraction.phrasings import flat
from zsstad_core.frozen.encoder import Encoder
from zsstad_core.frozen.encoder_identity import class_texts
from zsstad_core.frozen.views import views
from zsstad_core.metrics.frame_map import frame_ap
from zsstad_core.splits import load_split
from zsstad_core.stickworld.clips import OBJECTS as OBJECT_TABLE
from zsstad_core.stickworld.labels import CLASSES, OBJECTS
from zsstad_core.stickworld.stills import render_still

STILLS = range(1_000)


def main() -> None:
    """Measure both models and print tables in Markdown."""
    detector()
    encoder()


def detector() -> None:
    """Recall and AP of each class on the test clips of seed 0."""
    plan = plan_of(0, 1, "")
    test = [video for video, part in plan.official_split.items() if part == "test"]
    persons = read_artifact_table(plan.groundtruth, "groundtruth").assign(class_name="person")
    assert isinstance(plan.dataset, Stickworld)
    things = pd.read_parquet(plan.dataset.folder / OBJECT_TABLE).rename(columns={"what": "class_name"})
    things = things.assign(decoded=True, box=1000 + things.groupby(["video_id", "frame"]).cumcount())
    truth = pd.concat([persons, things[[*persons.columns]]])
    boxes = read_artifact_table(plan.detect, "boxes").rename(columns={"what": "class_name"})
    boxes = boxes.assign(probability=1.0, box_score=boxes["score"].astype(float))
    rows = frame_ap(truth[truth["video_id"].isin(test)], boxes[boxes["video_id"].isin(test)], ["person", *OBJECTS])
    print("| | boxes | recall | AP |\n|---|---|---|---|")
    for name, row in rows.iterrows():
        print(f"| {name} | {row['groundtruth']:.0f} | {100 * row['recall']:.1f} | {100 * row['ap']:.1f} |")


def encoder() -> None:
    """Zero-shot accuracy on stills of the test domain."""
    settings = configure.load(Path("pipeline.yaml"), choices={"dataset": "stickworld"})
    model = Encoder(settings.encoder, "cpu")
    shown = list(many.of_stills(_crops, STILLS, "stills"))
    crops = np.concatenate([views for views, _ in shown])
    actions = np.array([CLASSES.index(action) for _, of_still in shown for action in of_still])
    text_KD = _unit(model.encode_texts(flat(class_texts(CLASSES, settings.encoder))))
    cosine_NK = _unit(model.encode_views(crops).astype(np.float32)) @ text_KD.T
    print(f"\n{len(crops)} crops\n\n| words | accuracy | chance |\n|---|---|---|")
    print(_row("all 18", cosine_NK, actions, CLASSES))
    for number in (1, 2, 3):
        split = load_split("stickworld", number, CLASSES)
        print(_row(f"split {number}, seen", cosine_NK, actions, split.seen))
        print(_row(f"split {number}, unseen", cosine_NK, actions, split.unseen))
    print("\n| action | accuracy among all 18 | most taken for |\n|---|---|---|")
    best = cosine_NK.argmax(1)
    for number, name in enumerate(CLASSES):
        taken = np.bincount(best[actions == number], minlength=len(CLASSES))
        share = taken / taken.sum()
        other = np.argsort(np.where(np.arange(len(CLASSES)) == number, -1, share))[-1]
        print(f"| {name} | {100 * share[number]:.1f} | {CLASSES[other]} ({100 * share[other]:.0f}) |")


def _crops(seed: int) -> tuple[np.ndarray, list[str]]:
    """The crops [N, 64, 64, 3] of a still's acting persons, and their actions."""
    still = render_still(seed, "test")
    acting = [person for person in still.persons if person.action in CLASSES]
    return views(still.image, [person.box for person in acting], 64, "squash"), [str(p.action) for p in acting]


def _row(words: str, cosine_NK: np.ndarray, actions: np.ndarray, among: tuple[str, ...] | list[str]) -> str:
    numbers = np.array([CLASSES.index(name) for name in among])
    own = np.isin(actions, numbers)
    right = numbers[cosine_NK[own][:, numbers].argmax(1)] == actions[own]
    return f"| {words} | {100 * right.mean():.1f} | {100 / len(numbers):.1f} |"


def _unit(tokens: np.ndarray) -> np.ndarray:
    unit: np.ndarray = tokens / np.linalg.norm(tokens, axis=1, keepdims=True)
    return unit


if __name__ == "__main__":
    main()
