"""Each detection has one kind, the right one, and nothing is lost in the counts."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given

from tests.metrics.naive import overlap
from tests.report.small_tables import (
    CAPPED,
    CASES,
    CLASSES,
    ELSEWHERE,
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
from zsstad_core.report.error_kinds import KINDS, ErrorKinds, counts, error_kinds
from zsstad_core.tables import BOX

HERE, NEAR, FAR = (0, 0, 10, 10), (7, 0, 17, 10), (50, 0, 60, 10)  # HERE and NEAR overlap by 3 / 17
SITS = Real("a", 0, HERE, ("sit",))


def kinds_of(real: list[Real], *seen: Seen, protocol: str = "multisports", iou: float = 0.5) -> list[str]:
    return list(error_kinds(truth(*real), found(*seen), CLASSES, iou, protocol).detection)


@pytest.mark.parametrize(
    ("corners", "name", "kind"),
    [
        (HERE, "sit", "hit"),
        (HERE, "wave", "wrong action"),
        (NEAR, "sit", "wrong place"),
        (NEAR, "wave", "both"),
        (FAR, "sit", "background"),
        (HERE, "never annotated", "wrong action"),
        (HERE, ELSEWHERE, "not counted"),
    ],
)
def test_one_detection_and_one_person(corners, name: str, kind: str) -> None:
    assert kinds_of([SITS], Seen("a", 0, corners, {name: 0.9})) == [kind]


def test_the_second_detection_of_a_person_is_a_duplicate_also_where_the_person_does_more() -> None:
    busy = Real("a", 0, HERE, ("sit", "wave"))
    for person in (SITS, busy):
        assert kinds_of([person], Seen("a", 0, HERE, {"sit": 0.9}), Seen("a", 0, HERE, {"sit": 0.8})) == [
            "hit",
            "duplicate",
        ]


def test_every_action_of_a_person_is_right() -> None:
    busy = Real("a", 0, HERE, ("sit", "wave"))
    assert kinds_of([busy], Seen("a", 0, HERE, {"sit": 0.9, "wave": 0.1})) == ["hit", "hit"]


def test_a_box_that_lies_well_on_somebody_is_judged_by_that_person() -> None:
    """Though another one, who does what it says, stands close by."""
    close_by = Real("a", 0, NEAR, ("wave",))
    assert kinds_of([SITS, close_by], Seen("a", 0, HERE, {"wave": 0.9})) == ["wrong action"]


def test_a_person_whose_action_is_not_evaluated_is_somebody() -> None:
    other = Real("a", 0, HERE, (ELSEWHERE,))
    assert kinds_of([other], Seen("a", 0, HERE, {"sit": 0.9}), Seen("a", 0, NEAR, {"sit": 0.9})) == [
        "wrong action",
        "both",
    ]


def test_a_tenth_of_overlap_is_enough_for_the_wrong_place() -> None:
    wide = Real("a", 0, (0, 0, 20, 10), ("sit",))
    assert kinds_of([wide], Seen("a", 0, (0, 0, 2, 10), {"sit": 0.9})) == ["wrong place"]
    assert kinds_of([wide], Seen("a", 0, (0, 0, 1, 10), {"sit": 0.9})) == ["background"]


def test_the_protocol_measures_the_overlap() -> None:
    """5 of 11 columns without the last pixel, 6 of 12 with it."""
    wide = Real("a", 0, (0, 0, 11, 9), ("sit",))
    narrow = Seen("a", 0, (0, 0, 5, 9), {"sit": 0.9})
    assert kinds_of([wide], narrow) == ["wrong place"]
    assert kinds_of([wide], narrow, protocol="voc") == ["hit"]


def test_what_a_protocol_does_not_count_has_no_kind() -> None:
    seen = [Seen("a", 0, FAR, {"sit": 0.0}), Seen("b", 7, FAR, {"sit": 0.5})]
    assert kinds_of([SITS], *seen) == ["not counted", "background"]
    assert kinds_of([SITS], *seen, protocol="ava") == ["background", "not counted"]


def test_what_nobody_found_is_missed_unless_a_fix_can_reach_it() -> None:
    real = [SITS, Real("a", 1, HERE, ("sit",)), Real("a", 2, HERE, ("sit",)), Real("a", 3, HERE, ("sit", ELSEWHERE))]
    seen = [
        Seen("a", 0, HERE, {"sit": 0.9}),
        Seen("a", 1, HERE, {"wave": 0.9}),
        Seen("a", 2, NEAR, {"sit": 0.9, "wave": 0.9}),
        Seen("a", 3, NEAR, {"wave": 0.9}),
    ]
    kinds = error_kinds(truth(*real), found(*seen), CLASSES)
    assert list(kinds.truth) == ["hit", "wrong action", "wrong place", "not counted", "missed"]


def test_a_person_is_reached_by_one_detection_alone() -> None:
    """The second one falls to nobody, so the person who is left is missed."""
    real = [Real("a", 0, HERE, ("sit",)), Real("a", 0, FAR, ("sit",))]
    kinds = error_kinds(truth(*real), found(*(Seen("a", 0, HERE, {"wave": s}) for s in (0.9, 0.8))), CLASSES)
    assert list(kinds.truth) == ["wrong action", "missed"]
    assert counts(kinds).loc["sit"].to_dict() == {
        **dict.fromkeys(["hit", *KINDS], 0),
        "missed": 1,
        "within reach": 1,
        "groundtruth": 2,
    }


def test_where_one_box_holds_two_persons_who_do_the_same_one_is_missed() -> None:
    """The box is scored for what they do already: to rename its other row would make it do that twice."""
    hug = [Real("a", 0, HERE, ("sit",)), Real("a", 0, (0, 0, 10, 9), ("sit",))]
    kinds = error_kinds(truth(*hug), found(Seen("a", 0, HERE, {"sit": 0.9, "wave": 0.1})), CLASSES)
    assert list(kinds.detection) == ["hit", "wrong action"]
    assert list(kinds.truth) == ["hit", "missed"]
    kinds = error_kinds(truth(*hug), found(Seen("a", 0, HERE, {"wave": 0.9, "never annotated": 0.1})), CLASSES)
    assert list(kinds.truth) == ["wrong action", "missed"]


def test_several_wrong_actions_of_a_person_are_within_reach_of_several_right_ones() -> None:
    busy = Real("a", 0, HERE, ("run", "sit"))
    seen = found(Seen("a", 0, HERE, {"wave": 0.9, "never annotated": 0.1}))
    kinds = error_kinds(truth(busy), seen, [*CLASSES, "run"])
    assert list(kinds.truth) == ["wrong action", "wrong action"]


def test_of_two_persons_in_reach_the_closer_one_is_reached() -> None:
    left, right = Real("a", 0, (0, 0, 10, 10), ("sit",)), Real("a", 0, (12, 0, 22, 10), ("sit",))
    for x, reached in ((4, [0]), (8, [1])):
        kinds = error_kinds(truth(left, right), found(Seen("a", 0, (x, 0, x + 10, 10), {"sit": 0.9})), CLASSES)
        assert list(kinds.detection) == ["wrong place"]
        assert np.flatnonzero(kinds.truth == "wrong place").tolist() == reached


def test_no_row_at_all() -> None:
    kinds = error_kinds(truth(), found(), CLASSES)
    assert counts(kinds).to_numpy().sum() == 0
    assert len(kinds.detection) == len(kinds.truth) == 0


def naive_kind(row, truths: pd.DataFrame, iou: float, pixel: int) -> str:
    """Of a false positive."""
    best = {True: 0.0, False: 0.0}
    for real in truths[(truths["video_id"] == row.video_id) & (truths["frame"] == row.frame)].itertuples():
        boxes = (tuple(int(getattr(of, side)) for side in BOX) for of in (row, real))
        same = real.class_name == row.class_name
        best[same] = max(best[same], float(overlap(*boxes, pixel=pixel)))
    if best[True] >= iou:
        return "duplicate"
    if best[False] >= iou:
        return "wrong action"
    if best[True] >= 0.1:
        return "wrong place"
    return "both" if best[False] >= 0.1 else "background"


def the_counts_add_up(kinds: ErrorKinds, expected: pd.DataFrame) -> None:
    counted = counts(kinds)
    assert counted["hit"].tolist() == expected["true_positives"].tolist()
    of_detections = counted[["hit", *(kind for kind in KINDS if kind != "missed")]]
    assert of_detections.sum(axis=1).tolist() == expected["detections"].tolist()
    assert counted["groundtruth"].tolist() == expected["groundtruth"].tolist()
    assert (counted[["hit", "within reach", "missed"]].sum(axis=1) == counted["groundtruth"]).all()
    not_counted = np.asarray(kinds.detection == "not counted")
    assert not_counted.sum() == len(not_counted) - expected["detections"].sum()


@pytest.mark.parametrize("case", CASES)
@given(truths, detections, overlaps)
@few
def test_every_detection_has_one_kind_and_the_counts_add_up(case, truths, detections, iou) -> None:
    with rules_of(case) as protocol:
        kinds = error_kinds(truths, detections, CLASSES, iou, protocol)
        the_counts_add_up(kinds, frame_ap(truths, detections, CLASSES, iou, protocol))
    for row, kind in zip(detections.itertuples(), kinds.detection, strict=True):
        if kind not in ("hit", "not counted"):
            assert kind == naive_kind(row, truths, iou, int(kinds.matches.rules.pixel))


@pytest.mark.parametrize("case", CASES)
def test_the_counts_of_a_crowd_add_up(case: str) -> None:
    with rules_of(case) as protocol:
        truths, detections = crowd(2)
        kinds = error_kinds(truths, detections, MANY, 0.5, protocol)
        the_counts_add_up(kinds, frame_ap(truths, detections, MANY, 0.5, protocol))
    assert (counts(kinds)[["hit", *KINDS, "within reach"]].sum() > 0).all() or case == CAPPED
