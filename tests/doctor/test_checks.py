"""All checks together: a healthy benchmark gets a clean bill, a sick one the one name that is right."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.datasets.made_ava import write_annotation, write_places
from tests.doctor import made
from tests.made_plans import settings as settings_of
from zsstad_core.doctor import examine
from zsstad_core.doctor.plan_tables import PlanTables, gather
from zsstad_core.evaluation.detection import evaluate
from zsstad_core.plan.plan import Plan
from zsstad_core.settings.pipeline import Settings
from zsstad_core.splits import LabelSplit
from zsstad_core.tables import BOX, table

SETTINGS = Settings.model_validate(
    {"head": "clip_crop", "detector": {"boxes_from": "boxes.csv"}, "encoder": {"tokens_from": "tokens"}}
)
NONE = table("groundtruth")


def known(**changed: object) -> PlanTables:
    """Everything of the made benchmark; a training part of the same videos' classes."""
    text = np.random.default_rng(0).normal(size=(len(made.CLASSES), 32))
    healthy = PlanTables(
        settings=SETTINGS,
        split=made.SPLIT,
        classes=made.CLASSES,
        official_split=dict.fromkeys(made.VIDEOS, "test"),
        trains=False,
        reads_text=True,
        knows_truth=False,
        texts={name: [name] for name in made.CLASSES},
        groundtruth=made.truth(),
        placed=True,
        annotated=made.truth(),
        missing=NONE,
        keyframes=False,
        videos=made.videos(),
        frames=made.frames(),
        seconds=None,
        boxes=made.found(),
        text=text,
        tokens={"frame": text.repeat(3, 0) + np.random.default_rng(1).normal(size=(36, 32))},
        detections=made.detections(),
        metrics=None,
    )
    return replace(healthy, **changed)  # type: ignore[arg-type]


def evaluated(sick: PlanTables) -> PlanTables:
    assert sick.detections is not None
    return replace(sick, metrics=evaluate(sick.settings, sick.split, sick.groundtruth, NONE, sick.detections))


def test_a_healthy_benchmark_gets_a_clean_bill() -> None:
    examined = examine(evaluated(known()))
    assert examined.findings == []
    assert [name for name, _ in examined.skipped] == [
        "class texts",
        "encoder weights",
        "weights against published values",
    ]
    assert "chance" in examined.done


def boxes(change: Callable[[pd.DataFrame], pd.DataFrame]) -> PlanTables:
    """Boxes of a file that was written so, and scores that were made of them."""
    wrong, scored = change(made.found()), made.detections()
    of_box = wrong.set_index(["video_id", "frame", "box"])[BOX]
    scored = scored.drop(columns=BOX).join(of_box, on=["video_id", "frame", "box"])
    return known(boxes=wrong, detections=scored.dropna())


def halved(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(**{side: rows[side] / 2 for side in BOX})


@pytest.mark.parametrize(
    ("sick", "named"),
    [
        (boxes(lambda rows: rows.rename(columns={"x1": "y1", "y1": "x1", "x2": "y2", "y2": "x2"})), "detected or"),
        (boxes(lambda rows: rows.assign(frame=rows["frame"] + 1)), "detected boxes counted from 1"),
        (boxes(lambda rows: rows.assign(frame=rows["frame"] - 2)), "frames off by 2"),
        (boxes(lambda rows: rows.assign(what="human")), "the detector finds nobody"),
        (boxes(lambda rows: rows.assign(score=rows["score"] / 9)), "no person is sure enough"),
        (known(groundtruth=made.truth().query("not video_id.str.startswith('bow')")), "empty class, unseen"),
        (known(split=LabelSplit("x", (*made.SPLIT.seen, "bow"), made.SPLIT.unseen)), "a split that shares a class"),
        (known(detections=made.detections().assign(probability=0.2)), "scores that are all the same"),
        (known(tokens={"frame": np.ones((9, 32))}), "tokens that are all the same"),
        (
            known(groundtruth=made.truth().assign(decoded=lambda rows: rows["frame"] < 18)),
            "annotated frames that do not",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_one_disease_has_one_name(sick: PlanTables, named: str) -> None:
    (finding,) = examine(sick if named.startswith("a split") else evaluated(sick)).findings  # evaluate refuses it
    assert finding.what.startswith(named)
    assert finding.how_many
    assert finding.example
    assert finding.do


def test_an_annotation_that_reaches_out_of_the_picture_is_not_explained_by_what_was_detected() -> None:
    """Read otherwise, the detected boxes overlap such an annotation better; they are right."""
    larger = made.truth().assign(**{side: lambda rows, side=side: 1.6 * rows[side] for side in BOX})
    clipped = larger.assign(x2=larger["x2"].clip(upper=made.WIDTH), y2=larger["y2"].clip(upper=made.HEIGHT))
    sick = known(annotated=larger, groundtruth=clipped[clipped["x1"] < made.WIDTH - 5])
    assert [finding.what for finding in examine(sick).findings] == ["annotated boxes reach out of the picture"]


def test_a_symptom_is_said_only_where_no_cause_is() -> None:
    random = known(detections=made.detections(0.0).assign(score=lambda rows: 1 - rows["score"]))
    missed = evaluated(known(boxes=made.found().query("box == 1"), detections=random.detections))
    assert [finding.cause for finding in examine(missed).findings]
    elsewhere = examine(
        replace(missed, metrics=None, split=LabelSplit("x", (*made.SPLIT.seen, "bow"), made.SPLIT.unseen))
    )
    assert [finding.what for finding in elsewhere.findings] == ["a split that shares a class"]


def test_before_anything_is_made_the_annotation_is_looked_at_and_the_rest_is_named() -> None:
    bare = known(placed=False, videos=None, frames=None, boxes=None, text=None, tokens={}, detections=None)
    examined = examine(bare)
    assert examined.findings == []
    assert examined.done == ["annotated boxes", "labels and folders", "empty classes", "label split"]
    reasons = dict(examined.skipped)
    assert reasons["detected persons"] == "make detect first"
    assert reasons["scores"] == "make score first"
    sick = examine(replace(bare, groundtruth=halved(halved(halved(made.truth().query("x2 < 99"))))))
    assert sick.findings == [] or sick.findings[0].what.startswith("empty")


def test_videos_without_any_annotation_are_not_called_sick() -> None:
    examined = examine(known(groundtruth=NONE))
    assert examined.findings == []
    assert dict(examined.skipped)["empty classes"] == "no action is annotated"


def test_a_video_mostly_without_persons_and_annotated_now_and_then_is_healthy() -> None:
    """Keyframes of several actions, few detections, some videos without any."""
    annotated = made.truth(every=6)
    several = pd.concat([annotated, annotated.assign(class_name="eat"), annotated.assign(class_name="read")])
    several = table("groundtruth", several.drop_duplicates(["video_id", "frame", "box", "class_name"]))
    some = made.found().query("video_id not in ('bow/0', 'clap/1', 'golf/2')").sample(frac=0.6, random_state=1)
    assert examine(evaluated(known(groundtruth=several, boxes=table("boxes", some)))).findings == []


def test_of_ava_before_extraction_no_seconds_are_taken_for_frames_and_no_fractions_for_pixels(tmp_path: Path) -> None:
    write_annotation(tmp_path / "ava")
    write_places(tmp_path / "ava")
    for video in (tmp_path / "ava" / "videos").iterdir():
        (video / f"{video.name}_000001.jpg" if video.is_dir() else video).write_text(video.name)
    chosen = {"dataset": "ava", "split": "3", "datasets.ava.root": str(tmp_path / "ava"), "training.loss": "ava"}
    plan = Plan(settings_of(tmp_path, **chosen, head="clip_crop"))
    examined = examine(gather(plan))
    assert dict(examined.skipped)["annotated boxes"] == "make groundtruth first"
    assert {finding.what.partition(",")[0] for finding in examined.findings} <= {"empty class"}  # a handful of seconds
