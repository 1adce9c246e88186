"""The AVA protocol against a naive evaluator with a real heapq, and each thing that only AVA's tool does."""

import random

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.metrics import naive_ava
from tests.metrics.naive_ava import Keyframe, Row
from zsstad_core.metrics.ava import ava_ap
from zsstad_core.tables import BOX

WHOLE = (0.0, 0.0, 1.0, 1.0)
LEFT, RIGHT = (0.0, 0.0, 0.5, 1.0), (0.5, 0.0, 1.0, 1.0)
A, B, C = ("a", 902), ("a", 903), ("b", 902)
SPANS = [(0.0, 0.5), (0.0, 0.75), (0.0, 1.0), (0.25, 0.75), (0.25, 1.0), (0.5, 1.0), (0.5, 0.5), (0.75, 0.25)]


def table(rows: list[Row]) -> pd.DataFrame:
    frame = pd.DataFrame([row.xyxy for row in rows], columns=BOX, dtype="float64")
    names = [f"action {row.action}" for row in rows]
    return frame.assign(
        video_id=[row.keyframe[0] for row in rows],
        frame=[row.keyframe[1] for row in rows],
        class_name=pd.Series(names, dtype="str"),
        score=[row.score for row in rows],
    )


def keyframes(chosen: frozenset[Keyframe]) -> pd.DataFrame:
    return pd.DataFrame(sorted(chosen), columns=["video_id", "frame"])


def average_precisions(
    truths: list[Row],
    detections: list[Row],
    actions: list[int],
    iou: float = 0.5,
    bare: frozenset[Keyframe] = frozenset(),
    excluded: frozenset[Keyframe] = frozenset(),
) -> list[float]:
    names = [f"action {action}" for action in actions]
    per_class = ava_ap(table(truths), table(detections), names, iou, keyframes(bare), keyframes(excluded))
    return list(per_class["ap"])


def agree(*arguments) -> None:
    expected = naive_ava.average_precisions(*arguments)
    wanted = [np.nan if ap is None else ap for ap in expected.values()]
    assert average_precisions(*arguments) == pytest.approx(wanted, abs=1e-12, nan_ok=True)


instants = st.sampled_from([A, B, C])
boxes = st.builds(lambda x, y: (x[0], y[0], x[1], y[1]), st.sampled_from(SPANS), st.sampled_from(SPANS))
solid = boxes.filter(lambda box: box[0] <= box[2] and box[1] <= box[3])
some = st.frozensets(instants, max_size=1)
truth_lists = st.lists(st.builds(Row, instants, solid, st.integers(1, 3)), max_size=8)
found_lists = st.lists(st.builds(Row, instants, boxes, st.integers(1, 3), st.sampled_from([0.0, 0.25, 0.5, 1.0])))


@given(truth_lists, found_lists, st.sampled_from([0.25, 0.5, 0.75]), some, some)
def test_every_class_gets_the_ap_of_a_naive_evaluator(truths, detections, iou, bare, excluded) -> None:
    agree(truths, detections, [1, 2], iou, bare, excluded)  # action 3 is foreign


@pytest.mark.parametrize("seed", range(40))
def test_crowded_keyframes_with_ties_lose_the_same_detections(seed: int) -> None:
    """60 actions, up to 200 detections a keyframe with few scores: who is among the 50 hangs on the heap."""
    draw = random.Random(seed)
    actions = list(range(1, 61))

    def row(score: float = 1.0) -> Row:
        (x1, x2), (y1, y2) = draw.choices(SPANS[:-2], k=2)
        return Row((draw.choice("ab"), draw.randrange(902, 905)), (x1, y1, x2, y2), draw.randrange(1, 63), score)

    truths = [row() for _ in range(200)]
    detections = [row(draw.randrange(1, 9) / 8) for _ in range(draw.choice([100, 500, 1000]))]
    agree(truths, detections, actions, draw.choice([0.25, 0.5]))


def test_fifty_detections_a_keyframe_count_whatever_their_class() -> None:
    junk = [Row(A, RIGHT, 2, 0.9 - i / 1000) for i in range(50)]
    found = [Row(A, LEFT, 1, 0.5)]
    truths = [Row(A, LEFT, 1), Row(A, LEFT, 2)]
    assert average_precisions(truths, junk[:49] + found, [1, 2]) == [1, 0]
    assert average_precisions(truths, junk + found, [1, 2]) == [0, 0]
    assert average_precisions(truths, junk + found, [1]) == [1]  # the others are not on the list


def test_detections_on_keyframes_without_groundtruth_are_ignored() -> None:
    stray = [Row(B, WHOLE, 1, 0.9), Row(("c", 902), WHOLE, 1, 0.9)]
    assert average_precisions([Row(A, WHOLE, 1)], [*stray, Row(A, WHOLE, 1, 0.5)], [1]) == [1]


def test_a_keyframe_that_the_groundtruth_names_counts_without_a_box_of_any_evaluated_class() -> None:
    stray = [Row(B, WHOLE, 1, 0.9), Row(A, WHOLE, 1, 0.5)]
    assert average_precisions([Row(A, WHOLE, 1), Row(B, WHOLE, 9)], stray, [1]) == [0.5]
    assert average_precisions([Row(A, WHOLE, 1)], stray, [1], 0.5, frozenset([B])) == [0.5]


def test_excluded_keyframes_have_neither_groundtruth_nor_detections() -> None:
    truths = [Row(A, WHOLE, 1), Row(B, WHOLE, 1)]
    found = [Row(A, WHOLE, 1, 0.5), Row(B, LEFT, 1, 0.9)]
    assert average_precisions(truths, found, [1], 0.75) == [0.25]
    assert average_precisions(truths, found, [1], 0.75, frozenset(), frozenset([B])) == [1]


def test_a_class_that_is_never_predicted_is_zero_and_one_without_groundtruth_is_left_out() -> None:
    found = [Row(A, WHOLE, 1, 0.9), Row(A, WHOLE, 3, 0.8)]
    aps = average_precisions([Row(A, WHOLE, 1), Row(A, WHOLE, 2)], found, [1, 2, 3])
    assert aps[:2] == [1, 0]
    assert np.isnan(aps[2])


def test_of_equal_scores_the_later_keyframe_ranks_first() -> None:
    truths = [Row(A, WHOLE, 1)]
    wrong, right = Row(C, WHOLE, 1, 0.5), Row(A, WHOLE, 1, 0.5)
    bare = frozenset([C])
    assert average_precisions(truths, [wrong, right], [1], 0.5, bare) == [1]
    assert average_precisions(truths, [right, wrong], [1], 0.5, bare) == [0.5]


@given(
    truth_lists,
    st.lists(
        st.builds(Row, instants, boxes, st.integers(1, 2), st.floats(0.01, 1)),
        unique_by=lambda row: row.score,
        max_size=70,
    ),
    st.randoms(use_true_random=False),
)
def test_order_of_rows_means_nothing_where_scores_differ(truths, detections, draw) -> None:
    shuffled = draw.sample(detections, len(detections))
    np.testing.assert_equal(
        average_precisions(truths, shuffled, [1, 2]), average_precisions(truths, detections, [1, 2])
    )
