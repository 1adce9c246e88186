"""Which objects belong to a person: iCLIP's test of boxes that touch."""

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from tests.learning.naive_touching import touch
from tests.metrics import naive
from zsstad_core.learning.objects import touching
from zsstad_core.tables import BOX

halves = st.tuples(*[st.integers(-6, 18).map(lambda n: n / 2)] * 4)
placed = st.lists(st.tuples(st.integers(0, 2), halves), max_size=4)


def found(persons: list[tuple[int, naive.Box]], objects: list[tuple[int, naive.Box]]) -> list[bool]:
    places = [np.array([frame for frame, _ in rows], np.int64) for rows in (persons, objects)]
    boxes = [pd.DataFrame([box for _, box in rows], columns=BOX, dtype=float) for rows in (persons, objects)]
    return touching(places[0], boxes[0], places[1], boxes[1], 3).tolist()


@given(placed, placed)
def test_touching_is_iclips_test_on_boxes_rounded_as_python_rounds(
    persons: list[tuple[int, naive.Box]], objects: list[tuple[int, naive.Box]]
) -> None:
    wanted = [any(frame == at and touch(person, box) for at, person in persons) for frame, box in objects]
    assert found(persons, objects) == wanted


def test_an_object_that_only_shares_an_edge_with_a_person_is_kept() -> None:
    objects = [(4, 4, 8, 8), (4.5, 0, 8, 4), (4.6, 0, 8, 4)]
    assert found([(0, (0, 0, 4, 4))], [(0, box) for box in objects]) == [True, True, False]


def test_a_frame_without_persons_keeps_no_object() -> None:
    assert found([], [(0, (0, 0, 4, 4))]) == [False]
