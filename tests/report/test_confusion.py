"""Each person stands in one row of the matrix: what it does against what it is taken for."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given

from tests.report.small_tables import (
    CASES,
    CLASSES,
    ELSEWHERE,
    Real,
    Seen,
    detections,
    few,
    found,
    rules_of,
    truth,
    truths,
)
from zsstad_core.report.confusion import MISSED, NOBODY, OTHER, confusion
from zsstad_core.report.matches import match_detections

HERE, FAR = (0, 0, 10, 10), (50, 0, 60, 10)
PAIR = ["sit", "wave"]


def cells(real: list[Real], *seen: Seen) -> dict[tuple[str, str], float]:
    """What is not 0, by annotated and predicted."""
    matrix = confusion(truth(*real), found(*seen), PAIR)
    table = pd.DataFrame(matrix.persons, index=list(matrix.annotated), columns=list(matrix.predicted)).stack()
    return table[table > 0].to_dict()


def test_rows_are_annotated_in_the_order_of_the_classes_and_columns_predicted() -> None:
    matrix = confusion(truth(), found(), ["wave", "sit"])
    assert matrix.annotated == ("wave", "sit", OTHER, NOBODY)
    assert matrix.predicted == ("wave", "sit", MISSED)
    assert matrix.persons.shape == (4, 3)
    assert not matrix.persons.any()


def test_a_person_is_taken_for_its_best_scored_action() -> None:
    sits = [Real("a", 0, HERE, ("sit",))]
    assert cells(sits, Seen("a", 0, HERE, {"sit": 0.2, "wave": 0.3})) == {("sit", "wave"): 1}
    assert cells(sits, Seen("a", 0, HERE, {"sit": 0.4, "wave": 0.3})) == {("sit", "sit"): 1}


def test_nobody_there_and_nobody_detected() -> None:
    assert cells([Real("a", 0, HERE, ("sit",))], Seen("a", 0, FAR, {"sit": 0.9})) == {
        ("sit", MISSED): 1,
        (NOBODY, "sit"): 1,
    }


def test_any_of_several_actions_is_right_and_none_of_them_is_shared() -> None:
    busy = [Real("a", 0, HERE, ("sit", "wave"))]
    three = [Real("a", 0, HERE, ("sit", "wave", ELSEWHERE))]
    assert cells(busy, Seen("a", 0, HERE, {"wave": 0.9})) == {("wave", "wave"): 1}
    assert cells(busy) == {("sit", MISSED): 0.5, ("wave", MISSED): 0.5}
    assert cells(three) == cells(busy)
    matrix = confusion(truth(*busy), found(Seen("a", 0, HERE, {"run": 0.9})), [*PAIR, "run"])
    assert matrix.persons[:, 2].tolist() == [0.5, 0.5, 0, 0, 0]


def test_a_person_of_another_action_is_not_nobody_and_is_not_missed() -> None:
    other = [Real("a", 0, HERE, (ELSEWHERE,))]
    assert cells(other, Seen("a", 0, HERE, {"sit": 0.9})) == {(OTHER, "sit"): 1}
    assert cells(other) == {}


def test_of_two_detections_of_a_person_the_closer_one_is_the_person() -> None:
    sits = [Real("a", 0, HERE, ("sit",))]
    loose, close = Seen("a", 0, (0, 0, 10, 8), {"wave": 0.9}), Seen("a", 0, (0, 0, 10, 9), {"sit": 0.1})
    assert cells(sits, loose, close) == {("sit", "sit"): 1, (NOBODY, "wave"): 1}


def test_of_equally_close_detections_the_better_scored_one_is_the_person() -> None:
    sits = [Real("a", 0, HERE, ("sit",))]
    assert cells(sits, Seen("a", 0, HERE, {"sit": 0.1}), Seen("a", 0, HERE, {"wave": 0.9})) == {
        ("sit", "wave"): 1,
        (NOBODY, "sit"): 1,
    }


@pytest.mark.parametrize("case", CASES)
@given(truths, detections)
@few
def test_every_person_is_in_the_matrix_once(case, truths, detections) -> None:
    with rules_of(case) as protocol:
        matrix = confusion(truths, detections, CLASSES, 0.5, protocol)
        matches = match_detections(truths, detections, CLASSES, 0.5, protocol)
    persons = ["video_id", "frame", "box"]
    evaluated = truths[truths["class_name"].isin(CLASSES)]
    counting = detections[matches.class_N >= 0]
    # Columns of classes are detected persons, rows of classes annotated ones.
    assert matrix.persons[:, :-1].sum() == pytest.approx(len(counting.drop_duplicates(persons)))
    assert matrix.persons[: len(CLASSES)].sum() == pytest.approx(len(evaluated.drop_duplicates(persons)))
    assert (matrix.persons >= 0).all()
    assert np.array_equal(matrix.persons[len(CLASSES) :, -1], [0, 0])
