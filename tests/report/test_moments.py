"""Which frames are shown: sure and right ones, unseen actions first, and those whose errors cost most."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given

from tests.report.small_tables import CLASSES, MANY, Real, Seen, crowd, detections, few, found, truth, truths
from zsstad_core.report.error_kinds import KINDS, ErrorKinds, error_kinds
from zsstad_core.report.moments import Moment, best_moments, costs, worst_moments

HERE, NEAR, FAR = (0, 0, 10, 10), (7, 0, 17, 10), (50, 0, 60, 10)
GROUPS = (["wave"], ["sit"])


def where(moments: list[Moment]) -> list[tuple[str, int]]:
    return [(moment.video_id, moment.frame) for moment in moments]


def of_videos(**scores: dict[str, float]) -> ErrorKinds:
    """Videos in which one person waves, with the scores of the one detection on it."""
    real = [Real(video, 0, HERE, ("wave",)) for video in scores]
    return error_kinds(truth(*real), found(*(Seen(video, 0, HERE, s) for video, s in scores.items())), CLASSES)


def test_the_best_moments_are_sure_and_right_one_a_video_and_class_with_unseen_actions_first() -> None:
    real = [Real(v, f, HERE, (name,)) for v, name in (("a", "sit"), ("b", "wave"), ("c", "wave")) for f in (0, 1)]
    seen = [
        Seen("a", 0, HERE, {"sit": 0.99}),
        Seen("a", 1, HERE, {"sit": 0.98}),
        Seen("b", 0, HERE, {"wave": 0.5}),
        Seen("b", 1, HERE, {"wave": 0.6}),
        Seen("c", 0, HERE, {"wave": 0.4, "sit": 0.9}),  # its best action is wrong
        Seen("c", 1, FAR, {"wave": 0.95}),  # is nobody
    ]
    moments = best_moments(error_kinds(truth(*real), found(*seen), CLASSES), GROUPS, 3)
    assert where(moments) == [("b", 1), ("a", 0)]
    assert [moment.kind for moment in moments] == ["hit", "hit"]
    first = moments[0].marked[0]
    assert (first.class_name, first.score, first.corners, first.annotated) == ("wave", 0.6, HERE, ("wave",))


def test_the_reason_of_a_best_moment_is_an_unseen_action_where_there_is_one() -> None:
    real = [Real("a", 0, HERE, ("sit",)), Real("a", 0, FAR, ("wave",))]
    kinds = error_kinds(
        truth(*real), found(Seen("a", 0, HERE, {"sit": 0.9}), Seen("a", 0, FAR, {"wave": 0.2})), CLASSES
    )
    (moment,) = best_moments(kinds, GROUPS, 3)
    assert [mark.class_name for mark in moment.marked] == ["wave", "sit"]


def test_nothing_right_gives_no_best_moment_and_nothing_wrong_no_worst() -> None:
    assert best_moments(of_videos(a={"sit": 0.9}), GROUPS, 3) == []
    assert worst_moments(of_videos(a={"wave": 0.9}), 3) == []
    nothing = error_kinds(truth(), found(), CLASSES)
    assert best_moments(nothing, GROUPS, 3) == worst_moments(nothing, 3) == []


def test_a_false_positive_above_the_hits_is_worse_than_one_among_them_and_one_below_all_costs_nothing() -> None:
    real = [Real("a", frame, HERE, ("sit",)) for frame in range(6)]
    right = [Seen("a", frame, HERE, {"sit": 0.8 - frame / 10}) for frame in range(6)]
    wrong = [Seen(video, 0, FAR, {"sit": score}) for video, score in (("b", 0.65), ("c", 0.9), ("d", 0.1))]
    moments = worst_moments(error_kinds(truth(*real), found(*right, *wrong), ["sit"]), 9)
    assert where(moments) == [("c", 0), ("b", 0)]
    assert moments[0].cost > moments[1].cost > 0


def test_each_kind_has_its_moments_and_no_frame_is_shown_twice() -> None:
    truths, detections = crowd(3)
    moments = worst_moments(error_kinds(truths, detections, MANY), 4)
    assert list(dict.fromkeys(moment.kind for moment in moments)) == list(KINDS)
    assert len(set(where(moments))) == len(moments)
    for kind in KINDS:
        of_kind = [moment for moment in moments if moment.kind == kind]
        assert 1 <= len({moment.video_id for moment in of_kind}) == len(of_kind) <= 4
        assert [moment.cost for moment in of_kind] == sorted((moment.cost for moment in of_kind), reverse=True)
        for moment in of_kind:
            assert moment.marked[0].kind == kind


def test_a_moment_shows_each_person_once_the_reason_first_and_says_what_is_annotated_there() -> None:
    real = [
        Real("a", 0, HERE, ("sit",)),
        Real("a", 0, FAR, ("sit", "wave")),
        Real("a", 0, (90, 0, 99, 9), ("wave",)),
        Real("b", 0, HERE, ("sit",)),
    ]
    seen = [
        Seen("a", 0, HERE, {"sit": 0.6}),
        Seen("a", 0, NEAR, {"wave": 0.8}),
        Seen("b", 0, HERE, {"sit": 0.5}),
        Seen("a", 0, FAR, {"sit": 0.05, "wave": 0.04}),
    ]
    kinds = error_kinds(truth(*real), found(*seen), CLASSES)
    of_kind = {moment.kind: moment for moment in worst_moments(kinds, 1)}
    both = of_kind["both"]
    assert where([both]) == [("a", 0)]
    assert [(mark.kind, mark.box, mark.class_name, mark.annotated) for mark in both.marked] == [
        ("both", 1, "wave", ("sit",)),
        ("hit", 0, "sit", ("sit",)),
        ("hit", 3, "sit", ("sit", "wave")),
        ("missed", 2, "wave", ("wave",)),
    ]
    assert both.annotated == ((HERE, ("sit",)), (FAR, ("sit", "wave")), ((90, 0, 99, 9), ("wave",)))


def test_a_missed_person_is_a_moment_and_a_frame_that_the_video_lacks_is_not() -> None:
    there, lacking = truth(Real("a", 0, HERE, ("sit", "wave"))), truth(Real("b", 0, HERE, ("sit",)), decoded=False)
    kinds = error_kinds(pd.concat([there, lacking], ignore_index=True), found(), CLASSES)
    (moment,) = worst_moments(kinds, 9)
    assert where([moment]) == [("a", 0)]
    assert [(mark.kind, mark.class_name, mark.score, mark.annotated) for mark in moment.marked] == [
        ("missed", "wave", None, ("sit", "wave"))
    ]
    assert moment.cost == pytest.approx((1 / 2 + 1) / 2)  # half of those who sit, all who wave; two classes


def test_the_order_of_the_videos_means_nothing() -> None:
    truths, detections = crowd(4)
    detections["score"] = np.random.default_rng(0).random(len(detections))

    def shown(order: int) -> list[Moment]:
        tables = [
            t.sort_values(["video_id"], ascending=order > 0, kind="stable", ignore_index=True)
            for t in (truths, detections)
        ]
        kinds = error_kinds(*tables, MANY)
        return best_moments(kinds, (MANY[:9], MANY[9:]), 5) + worst_moments(kinds, 5)

    assert where(shown(1)) == where(shown(-1))


@given(truths, detections)
@few
def test_a_false_positive_costs_what_the_precision_at_the_hits_gains_without_it(truths, detections) -> None:
    kinds = error_kinds(truths, detections, CLASSES)
    matches, (cost, _) = kinds.matches, costs(kinds)
    counted, turned = matches.groundtruths(), {*kinds.renamed[0].tolist(), *kinds.moved[0].tolist()}
    for number, rows in enumerate(matches.rows_by_class()):
        hit = matches.truth_N[rows] >= 0
        for place, row in enumerate(rows.tolist()):
            if not hit[place] and row not in turned:
                gain = precisions(np.delete(hit, place)) - precisions(hit)
                assert cost[row] * max(counted[number], 1) * max((counted > 0).sum(), 1) == pytest.approx(gain)


def precisions(hit: "np.ndarray") -> float:
    """The sum of the precisions at the hits."""
    return float((np.cumsum(hit) / np.arange(1, len(hit) + 1))[hit].sum())
