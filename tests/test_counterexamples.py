"""What hypothesis finds can be written into the test, and is found there again."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, example, given, reproduce_failure, settings  # noqa: F401 the lines need them
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tests.counterexamples import examples
from tests.report.small_tables import Real, truth, truths  # noqa: F401 the lines need them


@given(truths, st.integers(0, 9))
def two_rows(truths: Any, number: int) -> None:
    assert len(truths) < 2 or number < 3


@given(hnp.arrays(np.float32, (2, 2), elements=st.floats(0, 1, width=32)))
def large_sum(array: Any) -> None:
    assert array.sum() < 3


@given(st.data())
def nothing_to_write_down(data: st.DataObject) -> None:
    assert data.draw(st.integers()) < 5


def counterexamples(test: Callable[[], None], *fixtures: str) -> list[str]:
    with pytest.raises(AssertionError) as failed:
        test()
    return examples(failed.value, globals(), fixtures)


@pytest.mark.parametrize(
    ("test", "line"),
    [
        (
            two_rows,
            "@example(truths=truth(*[Real(video_id='a', frame=0, corners=(0, 0, 5, 10), does=('sit', 'wave'))]), "
            "number=3)",
        ),
        (large_sum, "@example(array=np.array([[1.0, 1.0], [1.0, 1.0]], dtype=np.float32))"),
    ],
)
def test_a_counterexample_is_a_decorator_with_which_the_test_fails_again(test: Any, line: str) -> None:
    assert counterexamples(test) == [line]
    with pytest.raises(AssertionError):
        settings(phases=[Phase.explicit])(eval(line[1:])(test))()


def test_a_value_that_cannot_be_written_down_is_drawn_again() -> None:
    (line,) = counterexamples(nothing_to_write_down)
    assert line.startswith("@reproduce_failure(")
    with pytest.raises(AssertionError):
        eval(line[1:])(nothing_to_write_down)()


def test_what_pytest_gives_is_no_part_of_it() -> None:
    @given(st.integers())
    def with_fixture(folder: str, number: int) -> None:
        assert number < 5

    with pytest.raises(AssertionError) as failed:
        with_fixture(folder="here")
    assert examples(failed.value, globals(), ["folder"]) == ["@example(number=5)"]


def test_each_of_two_failures_is_shown() -> None:
    @given(st.integers())
    def fails_twice(number: int) -> None:
        if number > 7:
            raise ValueError(number)
        assert number < 5

    with pytest.raises(ExceptionGroup) as failed:
        fails_twice()
    assert sorted(examples(failed.value, globals(), ())) == ["@example(number=5)", "@example(number=8)"]
