"""Who took which ground truth: it must be the evaluator's own answer, whatever the protocol."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import given

from tests.conftest import ROOT
from tests.metrics.naive import overlap
from tests.report.small_tables import (
    CASES,
    CLASSES,
    MANY,
    Real,
    Seen,
    crowd,
    detections,
    few,
    found,
    overlaps,
    rules_of,
    truth,
    truths,
)
from zsstad_core.metrics.frame_map import frame_ap
from zsstad_core.report.matches import Matches, match_detections
from zsstad_core.tables import BOX

BOXED = (0, 0, 10, 10)


def agrees(truths: pd.DataFrame, detections: pd.DataFrame, classes: list[str], iou: float, protocol: str) -> Matches:
    matches = match_detections(truths, detections, classes, iou, protocol)
    expected = frame_ap(truths, detections, classes, iou, protocol)
    hit_of_class = [matches.truth_N[rows] >= 0 for rows in matches.rows_by_class()]
    ap = [matches.rules.area(hit, count) for hit, count in zip(hit_of_class, matches.groundtruths(), strict=True)]
    np.testing.assert_array_equal(ap, expected["ap"])
    assert [len(hit) for hit in hit_of_class] == expected["detections"].tolist()
    assert [hit.sum() for hit in hit_of_class] == expected["true_positives"].tolist()
    return matches


@pytest.mark.parametrize("case", CASES)
@given(truths, detections, overlaps)
@few
def test_what_is_explained_is_the_ap_of_the_evaluator(case, truths, detections, iou) -> None:
    """And each hit took a person of its class and frame whom nobody else took."""
    with rules_of(case) as protocol:
        matches = agrees(truths, detections, CLASSES, iou, protocol)
    hit = np.flatnonzero(matches.truth_N >= 0)
    took = matches.truth_N[hit]
    assert len(set(took.tolist())) == len(took)
    for mine, its in zip(detections.iloc[hit].itertuples(), truths.iloc[took].itertuples(), strict=True):
        assert (mine.video_id, mine.frame, mine.class_name) == (its.video_id, its.frame, its.class_name)
        boxes = (tuple(int(getattr(row, side)) for side in BOX) for row in (mine, its))
        assert overlap(*boxes, pixel=int(matches.rules.pixel)) >= iou


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("seed", range(2))
def test_what_is_explained_of_a_crowd_is_the_ap_of_the_evaluator(case: str, seed: int) -> None:
    with rules_of(case) as protocol:
        agrees(*crowd(seed), MANY, 0.5, protocol)


def test_by_act_the_second_detection_took_the_person_who_was_left() -> None:
    two = truth(Real("a", 0, BOXED, ("sit",)), Real("a", 0, (0, 0, 10, 9), ("sit",)))
    both = found(Seen("a", 0, BOXED, {"sit": 0.9}), Seen("a", 0, BOXED, {"sit": 0.8}))
    assert match_detections(two, both, ["sit"], 0.5, "act").truth_N.tolist() == [0, 1]
    assert match_detections(two, both, ["sit"], 0.5, "voc").truth_N.tolist() == [0, -1]


def test_the_best_row_of_a_person_is_its_best_scored_one_that_counts() -> None:
    seen = found(
        Seen("a", 0, BOXED, {"sit": 0.2, "wave": 0.6, "not evaluated": 0.9}),
        Seen("a", 0, BOXED, {"sit": 0.7}),
        Seen("a", 1, BOXED, {"sit": 0.0}),
        Seen("b", 1, BOXED, {"sit": 0.3, "wave": 0.3}),
    )
    matches = match_detections(truth(), seen, CLASSES, 0.5, "multisports")
    rows = seen.iloc[matches.best_of_each_person()]
    assert list(zip(rows["video_id"], rows["box"], rows["class_name"], strict=True)) == [
        ("a", 1, "sit"),
        ("a", 0, "wave"),
        ("b", 3, "sit"),
    ]


def test_numbers_are_explained_without_torch() -> None:
    own = [f"zsstad_core.report.{name}" for name in ("error_fixes", "curves", "confusion", "moments")]
    modules = ["zsstad_core.evaluation.rows", *own]
    code = f"import {', '.join(modules)}, sys; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
