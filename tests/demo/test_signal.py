"""The benchmark carries signal: a trained head is far above chance on it and above both baselines, and at chance where
labels are shuffled.

A small stickworld of a seed that no table of docs/benchmarks.md uses, ground-truth boxes (the detector has tests of its
own), and the bundled encoder.
"""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from stages import encode, index
from stages.score import score_persons
from stages.text import encode as encode_text
from stages.train import train_head
from tests.conftest import ROOT
from zsstad_core import configure
from zsstad_core.cache.read import read_artifact_table
from zsstad_core.datasets.stickworld import Stickworld
from zsstad_core.evaluation.detection import evaluate
from zsstad_core.evaluation.rows import missing_groundtruth
from zsstad_core.extraction.scan import annotate
from zsstad_core.plan.plan import Plan
from zsstad_core.work import Work, run, run_whole

pytestmark = pytest.mark.slow

SIZE = "datasets.stickworld.seed=7 datasets.stickworld.train_clips=5 datasets.stickworld.test_clips=2"
HEADS = {
    "iclip": "head=iclip heads.iclip.blocks=PCM",  # no objects: they would need the detector
    "clip_crop": "head=clip_crop",
    "clip_frame": "head=clip_frame",
}


def plan_of(folder: Path, head: str) -> Plan:
    overrides = (
        f"dataset=stickworld {SIZE} {HEADS[head]} scoring.boxes=groundtruth device=cpu cache.root={folder}/cache"
    )
    return Plan(
        configure.load(ROOT / "pipeline.yaml", overrides=f"{overrides} datasets.stickworld.root={folder}/stickworld")
    )


def metrics(folder: Path, head: str) -> dict[str, Any]:
    """Everything of one method, as the stages do it."""
    plan = plan_of(folder, head)
    run(index.work(plan))
    videos = read_artifact_table(plan.index, "videos")
    run(Work("groundtruth", [plan.groundtruth], lambda: annotate(plan.dataset.groundtruth(), videos)))
    run(encode.work(plan))
    run(Work("text", plan.texts(), lambda: encode_text(plan)))
    if plan.train:
        run_whole("train", plan.train, lambda: train_head(plan))
    run_whole("score", plan.score, lambda: score_persons(plan))
    return evaluated_of(plan, read_artifact_table(plan.score, "detections"))


def evaluated_of(plan: Plan, detections: pd.DataFrame) -> dict[str, Any]:
    truth = read_artifact_table(plan.groundtruth, "groundtruth")
    truth = truth[truth["video_id"].map(plan.official_split) == "test"]
    return evaluate(plan.settings, plan.split, truth, missing_groundtruth(plan.dataset, plan.missing), detections)


def chance(plan: Plan) -> dict[str, float]:
    """What random scores get for the same boxes, on average of ten draws."""
    found = read_artifact_table(plan.score, "detections")
    draws = []
    for draw in range(10):
        score = np.random.default_rng(draw).random(len(found))
        draws.append(evaluated_of(plan, found.assign(score=score, probability=score)))
    return {name: float(np.mean([of_draw[name] for of_draw in draws])) for name in ("unseen", "seen")}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("world")
    assert isinstance(dataset := plan_of(folder, "iclip").dataset, Stickworld)
    assert dataset.folder.is_dir()
    return folder


@pytest.fixture(scope="module")
def shuffled(world: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same clips, in which every person carries the action of some other one, in training and in test."""
    folder = tmp_path_factory.mktemp("shuffled")
    shutil.copytree(world / "stickworld", folder / "stickworld")
    (file,) = plan_of(folder, "iclip").dataset.annotation_files()
    rows = pd.read_parquet(file)
    persons = rows[["video_id", "person", "class_name"]].drop_duplicates(["video_id", "person"])
    classes = np.random.default_rng(0).permutation(persons["class_name"])
    rows = rows.drop(columns="class_name").merge(persons.assign(class_name=classes))
    rows.to_parquet(file)
    return folder


def test_a_trained_head_is_far_above_chance(world: Path) -> None:
    ours, random = metrics(world, "iclip"), chance(plan_of(world, "iclip"))
    assert ours["unseen"] > random["unseen"] + 0.2
    assert ours["seen"] > random["seen"] + 0.2


@pytest.mark.parametrize("baseline", ["clip_crop", "clip_frame"])
def test_a_trained_head_is_above_the_baselines(baseline: str, world: Path) -> None:
    ours, theirs = metrics(world, "iclip"), metrics(world, baseline)
    for name in ("unseen", "seen", "harmonic"):
        assert ours[name] > theirs[name] + 0.01


def test_with_shuffled_labels_it_stays_at_chance(shuffled: Path) -> None:
    ours, random = metrics(shuffled, "iclip"), chance(plan_of(shuffled, "iclip"))
    assert ours["seen"] == pytest.approx(random["seen"], abs=0.08)
    assert ours["unseen"] == pytest.approx(random["unseen"], abs=0.12)
