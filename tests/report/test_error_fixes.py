"""What the kinds of error cost adds up: fixing all of them in turn ends at AP 1, and no fix makes a number worse."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given

from tests.report.small_tables import (
    CASES,
    CLASSES,
    ELSEWHERE,
    MANY,
    PROTOCOLS,
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
from zsstad_core.metrics.ava import ava_ap
from zsstad_core.metrics.frame_map import frame_ap
from zsstad_core.metrics.matching import Bools
from zsstad_core.report.error_fixes import AS_IS, FixedAp, fix_errors
from zsstad_core.report.error_kinds import KINDS, ErrorKinds, error_kinds
from zsstad_core.report.matches import Matches

HERE, NEAR, FAR = (0, 0, 10, 10), (7, 0, 17, 10), (50, 0, 60, 10)
DROPPED = ("both", "background", "duplicate")  # kinds that a fix only drops


def of(real: list[Real], *seen: Seen, protocol: str = "multisports") -> FixedAp:
    return fix_errors(error_kinds(truth(*real), found(*seen), CLASSES, 0.5, protocol))


def all_scores_differ(detections: pd.DataFrame) -> pd.DataFrame:
    """The same detections; of equal scores the earlier row's is now the greater."""
    return detections.assign(score=detections["score"] - 1e-6 * np.arange(len(detections)))


def decided(matches: Matches, stays_N: Bools) -> tuple[pd.DataFrame, pd.DataFrame]:
    """An evaluation's outcome as tables that leave the evaluator no choice: ground truth and detections that stay.

    Each detection that counts stands in a frame of its own, by falling score: alone with the person whom it took, or
    with one who does something else. Whoever was not found stands alone after them.
    """
    real, seen = [], []
    for place, row in enumerate(matches.ranked_C.tolist()):
        hit, name = matches.truth_N[row] >= 0, matches.classes[matches.class_N[row]]
        real.append(Real("a", place, HERE, (name if hit else ELSEWHERE,)))
        if stays_N[row]:
            seen.append(Seen("a", place, HERE, {name: 1 / (place + 1)}))
    for place, row in enumerate(np.flatnonzero(matches.unfound()).tolist()):
        real.append(Real("b", place, HERE, (matches.classes[matches.class_G[row]],)))
    return truth(*real), found(*seen)


def adds_up(kinds: ErrorKinds, expected: pd.DataFrame) -> None:
    result = fix_errors(kinds)
    for columns in (result.alone, result.in_turn):
        np.testing.assert_array_equal(columns[AS_IS], expected["ap"])
    asked = (expected["groundtruth"] > 0).to_numpy()
    last = result.in_turn.iloc[:, -1].to_numpy()
    assert (last[asked] == 1).all()
    assert np.isnan(last[~asked]).all()
    steps = result.in_turn.to_numpy()[asked]
    assert (np.diff(steps, axis=1) >= -1e-12).all()
    assert (result.alone.to_numpy()[asked] - steps[:, :1] >= -1e-12).all()
    assert (steps >= 0).all()
    assert (steps <= 1).all()


@pytest.mark.parametrize("case", CASES)
@given(truths, detections, overlaps)
@few
def test_fixing_every_kind_in_turn_ends_at_one_and_never_lowers_ap(case, truths, detections, iou) -> None:
    with rules_of(case) as protocol:
        kinds = error_kinds(truths, detections, CLASSES, iou, protocol)
        adds_up(kinds, frame_ap(truths, detections, CLASSES, iou, protocol))


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("seed", range(2))
def test_fixing_every_kind_of_a_crowd_in_turn_ends_at_one(case: str, seed: int) -> None:
    with rules_of(case) as protocol:
        truths, detections = crowd(seed)
        kinds = error_kinds(truths, detections, MANY, 0.5, protocol)
        adds_up(kinds, frame_ap(truths, detections, MANY, 0.5, protocol))


@pytest.mark.parametrize("protocol", PROTOCOLS)
@given(truths, detections)
@few
def test_dropping_errors_from_the_tables_gives_the_evaluator_the_same_ap(protocol, truths, detections) -> None:
    """`ava` orders equal scores by what else is detected, so there all scores differ (the next two tests have ties).

    The missed are dropped from the ground truth, whose keyframes `ava` still counts; a class of which nothing else is
    annotated then has no AP there.
    """
    if protocol == "ava":
        detections = all_scores_differ(detections)
    kinds = error_kinds(truths, detections, CLASSES, 0.5, protocol)
    alone = fix_errors(kinds).alone
    for kind in DROPPED:
        rest = detections[np.asarray(kinds.detection != kind)]
        np.testing.assert_array_equal(frame_ap(truths, rest, CLASSES, 0.5, protocol)["ap"], alone[kind])
    found_truths = truths[np.asarray(kinds.truth != "missed")]
    if protocol == "ava":
        expected = ava_ap(found_truths, detections, CLASSES, 0.5, keyframes=truths[["video_id", "frame"]])
    else:
        expected = frame_ap(found_truths, detections, CLASSES, 0.5, protocol)
    left = (expected["groundtruth"] > 0).to_numpy()
    np.testing.assert_array_equal(expected["ap"][left], alone["missed"][left])


@pytest.mark.parametrize("case", CASES)
@given(truths, detections, overlaps)
@few
def test_what_is_left_keeps_its_order_and_its_matches_also_where_scores_are_equal(
    case, truths, detections, iou
) -> None:
    """The evaluator agrees about a table that holds nothing to decide: one detection a frame, no score twice."""
    with rules_of(case) as protocol:
        kinds = error_kinds(truths, detections, CLASSES, iou, protocol)
        alone = fix_errors(kinds).alone
        for kind in DROPPED:
            expected = frame_ap(*decided(kinds.matches, np.asarray(kinds.detection != kind)), CLASSES, iou, protocol)
            np.testing.assert_array_equal(expected["ap"], alone[kind])


def test_by_ava_a_dropped_detection_leaves_equal_scores_in_the_order_that_they_had() -> None:
    """The official tool, asked again without the two duplicates, would rank the other three in another order."""
    left, square = (0, 0, 5, 10), (0, 0, 10, 10)
    truths = truth(Real("a", 0, left, ("sit",)), Real("a", 0, square, ("sit",)))
    places = [left, left, (4, 0, 14, 10), (0, 3, 10, 13), left]
    detections = found(*(Seen("a", 0, place, {"sit": 0.0}) for place in places))
    kinds = error_kinds(truths, detections, CLASSES, 0.5, "ava")
    assert list(kinds.detection) == ["duplicate", "duplicate", "wrong place", "hit", "hit"]
    assert kinds.matches.ranked_C.tolist() == [0, 3, 2, 1, 4]  # without 0 and 1: hit, wrong place, hit
    alone = fix_errors(kinds).alone.loc["sit"]
    assert alone[AS_IS] == frame_ap(truths, detections, CLASSES, 0.5, "ava")["ap"]["sit"] == (1 / 2 + 2 / 5) / 2
    assert alone["duplicate"] == (1 + 2 / 3) / 2
    anew = frame_ap(truths, detections.iloc[2:], CLASSES, 0.5, "ava")["ap"]["sit"]
    assert anew == 2 / 3  # wrong place, hit, hit


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_fixed_boxes_and_classes_written_into_the_table_give_the_evaluator_the_same_ap(protocol: str) -> None:
    """Persons far apart, so that a fixed detection can only be held against the person it is meant for."""
    real = [Real("a", 10 * n, HERE, ("sit",)) for n in range(4)] + [Real("a", 5, HERE, ("wave",))]
    seen = [
        Seen("a", 0, HERE, {"sit": 0.9, "wave": 0.95}),  # somebody who is found: the wrong row is dropped
        Seen("a", 10, HERE, {"wave": 0.8}),  # is renamed
        Seen("a", 10, HERE, {"wave": 0.3}),  # dropped: a better-scored one is the person already
        Seen("a", 20, NEAR, {"sit": 0.7}),  # is moved
        Seen("a", 30, FAR, {"sit": 0.6}),
        Seen("a", 5, HERE, {"wave": 0.5}),
    ]
    result = of(real, *seen, protocol=protocol)
    renamed = [Seen("a", 0, HERE, {"sit": 0.9}), Seen("a", 10, HERE, {"sit": 0.8}), *seen[3:]]
    moved = [*seen[:3], Seen("a", 20, HERE, {"sit": 0.7}), *seen[4:]]
    for kind, table in (("wrong action", renamed), ("wrong place", moved)):
        expected = frame_ap(truth(*real), found(*table), CLASSES, 0.5, protocol)["ap"]
        np.testing.assert_array_equal(result.alone[kind], expected)
        assert result.alone[kind]["sit"] > result.alone[AS_IS]["sit"]


def test_each_kind_costs_what_it_costs() -> None:
    """Two persons; what is wrong stands before the first hit, or in place of the second person."""
    two = [Real("a", 0, HERE, ("sit",)), Real("a", 1, HERE, ("sit",)), Real("b", 0, HERE, ("wave",))]
    right = Seen("a", 0, HERE, {"sit": 0.5})

    def cost(kind: str, *wrong: Seen) -> list[float]:
        result = of(two, right, *wrong)
        return [result.alone[AS_IS]["sit"], result.alone[kind]["sit"]]

    assert cost("background", Seen("a", 0, FAR, {"sit": 0.9})) == [0.25, 0.5]
    assert cost("both", Seen("b", 0, NEAR, {"sit": 0.9})) == [0.25, 0.5]
    assert cost("wrong action", Seen("b", 0, HERE, {"sit": 0.9})) == [0.25, 0.5]
    assert cost("wrong action", Seen("a", 1, HERE, {"wave": 0.9})) == [0.5, 1]
    assert cost("wrong place", Seen("a", 1, NEAR, {"sit": 0.9})) == [0.25, 1]
    twice = Seen("a", 0, HERE, {"sit": 0.4}), Seen("a", 1, HERE, {"sit": 0.3})
    assert cost("duplicate", *twice) == pytest.approx([5 / 6, 1])
    assert cost("missed") == [0.5, 1]


def test_a_class_that_is_missed_altogether() -> None:
    sits = [Real("a", 0, HERE, ("sit",))]
    assert of(sits).alone.loc["sit"].to_dict() == {AS_IS: 0, **dict.fromkeys(KINDS, 0), "missed": 1}
    with_false = of(sits, Seen("a", 0, FAR, {"sit": 0.9}))
    assert (with_false.alone.loc["sit"] == 0).all()
    assert with_false.in_turn.loc["sit"].tolist() == [0, 0, 0, 0, 0, 0, 1]


def test_costs_are_means_over_the_classes_of_a_group_that_have_ground_truth() -> None:
    real = [Real("a", 0, HERE, ("sit",)), Real("a", 0, FAR, ("wave",))]
    result = of(real, Seen("a", 0, HERE, {"sit": 0.9, "never annotated": 0.8}), Seen("a", 0, FAR, {"wave": 0.5}),
                Seen("a", 0, NEAR, {"wave": 0.6}))  # fmt: skip
    both = result.cost(CLASSES)
    assert both.index.tolist() == list(KINDS)
    assert both.loc["both"].to_dict() == {"alone": 0.25, "in turn": 0.25, "reached": 1}
    assert result.cost(["sit"]).loc["both"].to_dict() == {"alone": 0, "in turn": 0, "reached": 1}
    assert result.cost(["never annotated"]).isna().all(axis=None)
