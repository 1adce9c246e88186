"""The perfect classifier: what it knows of a video, and what of a person."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.metrics.reference_files import faster_rcnn_boxes, tubes_as_groundtruth, unpickle
from tests.metrics.test_reference_results import RULES, unseen_classes
from zsstad_core.boxes import select
from zsstad_core.extraction.token_boxes import annotated_persons
from zsstad_core.metrics.frame_map import frame_ap
from zsstad_core.scoring.truth import true_actions
from zsstad_core.tables import table

PERSON = ["video_id", "frame", "box"]


def truth(*rows: tuple[str, int, int, float, str]) -> pd.DataFrame:
    """Annotated persons of 10 x 20 pixels as (video, frame, box, x1, class)."""
    made = pd.DataFrame(rows, columns=[*PERSON, "x1", "class_name"])
    return table("groundtruth", made.assign(y1=0.0, x2=made.x1 + 10, y2=20.0, decoded=True))


def found(*rows: tuple[str, int, int, float, float]) -> pd.DataFrame:
    """Detected persons of that size as (video, frame, box, x1, score)."""
    made = pd.DataFrame(rows, columns=[*PERSON, "x1", "score"])
    return table("boxes", made.assign(y1=0.0, x2=made.x1 + 10, y2=20.0, what="person"))


def said(detections: pd.DataFrame) -> set[tuple[Any, ...]]:
    assert (detections.probability == 1).all()
    assert (detections.score == detections.box_score).all()
    return set(detections[[*PERSON, "class_name"]].itertuples(index=False, name=None))


TRUTH = truth(("v", 0, 0, 0, "sit"), ("v", 0, 0, 0, "talk"), ("v", 0, 1, 50, "run"), ("v", 7, 0, 0, "run"))
FOUND = found(("v", 0, 0, 51, 0.9), ("v", 0, 1, 2, 0.8), ("v", 0, 2, 90, 0.7), ("v", 3, 0, 0, 0.6), ("w", 0, 0, 0, 0.5))


def test_who_knows_the_video_calls_all_its_persons_by_all_its_classes():
    persons = [("v", 0, 0), ("v", 0, 1), ("v", 0, 2), ("v", 3, 0)]
    wanted = {(*person, name) for person in persons for name in ("sit", "run")}
    assert said(true_actions(FOUND, TRUTH, ("sit", "run"), "video")) == wanted
    assert len(true_actions(FOUND, TRUTH, ("jump",), "video")) == 0


def test_who_knows_the_person_calls_it_by_what_it_does_and_nobody_else():
    """Neither who stands beside, nor who is there when nothing is annotated, nor whose video is not annotated."""
    wanted = {("v", 0, 0, "run"), ("v", 0, 1, "sit"), ("v", 0, 1, "talk")}
    assert said(true_actions(FOUND, TRUTH, ("sit", "run", "talk"), "person")) == wanted


def test_a_person_that_does_nothing_of_the_labels_is_not_taken_for_a_neighbour():
    """Its best overlap is a talker, its second best, still above 0.5, a runner."""
    both = truth(("v", 0, 0, 0, "talk"), ("v", 0, 1, 4, "run"))
    person = found(("v", 0, 0, 1, 0.9))
    assert said(true_actions(person, both, ("talk", "run"), "person")) == {("v", 0, 0, "talk")}
    assert len(true_actions(person, both, ("run",), "person")) == 0


def test_an_overlap_of_exactly_half_counts():
    half = truth(("v", 0, 0, 0, "run"))
    wide = half.assign(x2=np.float32(20))  # IoU of 10 x 20 in 20 x 20
    person = found(("v", 0, 0, 0, 0.9))
    assert said(true_actions(person, wide, ("run",), "person")) == {("v", 0, 0, "run")}
    assert len(true_actions(person, wide.assign(x2=np.float32(20.001)), ("run",), "person")) == 0


def several(seed: int) -> pd.DataFrame:
    """Crowded frames of persons with one to three classes, many at the same place."""
    rng = np.random.default_rng(seed)
    names = ("sit", "run", "talk", "hold")
    rows = [
        (f"v{video}", frame, box, float(x1), name)
        for video in range(2)
        for frame in range(4)
        for box, x1 in enumerate(rng.integers(0, 4, rng.integers(0, 5)) * 3)
        for name in rng.choice(names, rng.integers(1, 4), replace=False)
    ]
    return truth(*rows)


@pytest.mark.parametrize("seed", range(8))
def test_annotated_persons_with_several_classes_are_scored_once_each_and_perfectly(seed: int):
    annotated = several(seed)
    names = sorted(annotated.class_name.unique())
    persons = annotated_persons(annotated)
    assert not persons.duplicated(PERSON).any()
    assert len(persons) == len(annotated.drop_duplicates(PERSON))
    detections = true_actions(persons, annotated, names, "person")
    assert said(detections) == set(annotated[[*PERSON, "class_name"]].itertuples(index=False, name=None))
    assert not detections.duplicated([*PERSON, "class_name"]).any()
    # Persons at one and the same place are one to the evaluator: its best-overlapping ground truth is the first.
    apart = annotated.drop_duplicates(["video_id", "frame", "x1", "class_name"])
    per_class = frame_ap(apart, true_actions(annotated_persons(apart), apart, names, "person"), names)
    assert (per_class.recall == 1).all()


@pytest.mark.parametrize("knows", ["video", "person"])
def test_the_order_of_persons_and_annotation_does_not_matter(knows: Any):
    annotated, persons = several(1), annotated_persons(several(2))
    wanted = true_actions(persons, annotated, ("sit", "run", "talk"), knows)
    for seed in range(5):
        shuffled = [rows.sample(frac=1, random_state=seed) for rows in (persons, annotated)]
        pd.testing.assert_frame_equal(true_actions(*shuffled, ("sit", "run", "talk"), knows), wanted)


@pytest.mark.parametrize("knows", ["video", "person"])
def test_no_persons_and_no_annotation_are_no_detections(knows: Any):
    assert len(true_actions(FOUND.iloc[:0], TRUTH, ("run",), knows)) == 0
    assert len(true_actions(FOUND, TRUTH.iloc[:0], ("run",), knows)) == 0


# ---- real detections


@pytest.fixture(scope="module")
def jhmdb(realdata: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Ground truth of the test clips, and ST-CLIP's published detections in them."""
    annotated = tubes_as_groundtruth(unpickle(realdata / "annotations/jhmdb/JHMDB-GT.pkl"))
    persons = faster_rcnn_boxes(realdata / "annotations/st_clip_zs_jhmdb", list(annotated["video_id"].unique()))
    flat = (persons["x2"] <= persons["x1"]) | (persons["y2"] <= persons["y1"])
    return annotated, persons[~flat]


@pytest.mark.parametrize("split", [1, 2])
@pytest.mark.parametrize("rule", RULES)
def test_knowing_the_video_gives_the_published_ceilings_and_knowing_the_person_no_less(
    rule: str, split: int, realdata: Path, jhmdb: tuple[pd.DataFrame, pd.DataFrame]
):
    annotated, persons = jhmdb
    golden = json.loads((realdata / "expected.json").read_text())["jhmdb_oracle_ceilings"][rule][f"split {split}"]
    names, chosen = unseen_classes(realdata, split), select(persons, RULES[rule])
    of_video, of_person = (
        frame_ap(annotated, true_actions(chosen, annotated, names, knows), names)["ap"] for knows in ("video", "person")
    )
    assert 100 * of_video.mean() == pytest.approx(golden, abs=0.01)
    assert (of_person >= of_video).all()
    assert of_person.mean() > of_video.mean()
