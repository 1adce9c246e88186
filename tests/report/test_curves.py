"""The curve that is drawn is that of the AP, and its best F1 is the best that any score can have."""

import math

import numpy as np
import pytest
from hypothesis import given

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
from zsstad_core.report.curves import Curve, at_best_f1, curves
from zsstad_core.report.error_kinds import counts, error_kinds
from zsstad_core.report.matches import match_detections

HERE = (0, 0, 10, 10)


def long_curve(most: int) -> Curve:
    """Every third of 900 detections is no hit."""
    real = [Real("a", frame, HERE, ("sit",)) for frame in range(900)]
    seen = [Seen("a", frame, HERE if frame % 3 else (50, 0, 60, 10), {"sit": 1 - frame / 1000}) for frame in range(900)]
    return curves(match_detections(truth(*real), found(*seen), ["sit"]), most)[0]


@pytest.mark.parametrize("case", CASES)
@given(truths, detections, overlaps)
@few
def test_no_score_has_a_better_f1_than_the_best_point(case, truths, detections, iou) -> None:
    with rules_of(case) as protocol:
        matches = match_detections(truths, detections, CLASSES, iou, protocol)
        found_curves, expected = curves(matches), frame_ap(truths, detections, CLASSES, iou, protocol)
    assert [curve.class_name for curve in found_curves] == CLASSES
    for curve, rows, truth_count in zip(found_curves, matches.rows_by_class(), expected["groundtruth"], strict=True):
        np.testing.assert_equal(curve.ap, expected["ap"][curve.class_name])
        score, hit = detections["score"].to_numpy()[rows], matches.truth_N[rows] >= 0
        f1 = {s: 2 * hit[score >= s].sum() / ((score >= s).sum() + truth_count) for s in set(score.tolist())}
        if not hit.any():
            assert curve.best is None
            assert curve.points == ()
            continue
        best = curve.best
        assert best in curve.points
        assert best.f1 == max(f1.values())
        assert best.score == max(s for s in f1 if f1[s] == best.f1)
        for point in curve.points:
            chosen = score >= point.score
            assert point.precision == hit[chosen].mean()
            assert point.recall == hit[chosen].sum() / truth_count
            assert point.f1 == pytest.approx(2 / (1 / point.precision + 1 / point.recall))


def test_a_long_curve_is_thinned_and_keeps_its_ends_its_best_f1_and_its_shape() -> None:
    full, thin = long_curve(10_000), long_curve(50)
    assert len(full.points) == 600
    assert 25 <= len(thin.points) <= 50
    assert (thin.points[0], thin.points[-1]) == (full.points[0], full.points[-1])
    assert thin.best == full.best
    assert thin.best in thin.points
    assert set(thin.points) <= set(full.points)
    recall = [point.recall for point in thin.points]
    assert recall == sorted(recall)
    assert max(np.diff([0, *recall])) < 3 / 50
    assert thin.ap == full.ap


def test_a_class_without_ground_truth_has_no_ap_and_no_point() -> None:
    (curve,) = curves(match_detections(truth(), found(Seen("a", 0, HERE, {"sit": 0.5})), ["sit"]))
    assert math.isnan(curve.ap)
    assert (curve.groundtruth, curve.points, curve.best) == (0, (), None)


@pytest.mark.parametrize("case", CASES)
def test_at_the_best_f1_the_same_detections_are_hits_and_none_comes_in_that_did_not_count(case: str) -> None:
    truths, detections = crowd(5)
    with rules_of(case) as protocol:
        matches = match_detections(truths, detections, MANY, 0.5, protocol)
        found_curves = curves(matches)
        counted = counts(error_kinds(truths, at_best_f1(matches, found_curves), MANY, 0.5, protocol))
    for curve, (_, row) in zip(found_curves, counted.iterrows(), strict=True):
        detected = row[["hit", "wrong action", "wrong place", "both", "background", "duplicate"]].sum()
        if curve.best is None:
            assert detected == 0
        else:
            assert row["hit"] == round(curve.best.recall * curve.groundtruth)
            assert row["hit"] / detected == curve.best.precision
