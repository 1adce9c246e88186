"""Reading ahead changes when things are read, and nothing else."""

import gc
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.waiting import until
from zsstad_core.read_ahead import prefetch

type Readers = Callable[[], int]


@pytest.fixture
def readers() -> Readers:
    """How many threads this test has reading ahead."""
    others = set(threading.enumerate())
    return lambda: sum(thread.name.startswith("read-ahead") for thread in set(threading.enumerate()) - others)


@given(st.lists(st.integers(), max_size=30), st.integers(1, 5))
def test_items_come_in_their_order(items: list[int], depth: int) -> None:
    assert list(prefetch(iter(items), depth)) == items


def test_items_that_look_like_nothing_come_too() -> None:
    assert list(prefetch([0, "", [], False])) == [0, "", [], False]


def test_an_error_surfaces_where_its_item_would(readers: Readers) -> None:
    def items() -> Iterator[int]:
        yield 1
        yield 2
        raise ValueError("the third clip is damaged")

    taken = []
    with pytest.raises(ValueError, match="the third clip is damaged"):  # noqa: PT012
        for item in prefetch(items(), depth=10):
            taken.append(item)
    assert taken == [1, 2]
    assert readers() == 0


def test_no_more_than_depth_is_read_ahead() -> None:
    produced: list[int] = []

    def items() -> Iterator[int]:
        for number in range(100):
            produced.append(number)
            yield number

    ahead = prefetch(items(), depth=3)
    for taken in range(1, 6):
        next(ahead)
        most = taken + 3
        until(partial(lambda wanted: len(produced) >= wanted, most))
        time.sleep(0.01)  # time to read one too many
        assert len(produced) == most
    ahead.close()  # type: ignore[attr-defined]


def test_the_next_items_are_read_while_one_is_worked_on() -> None:
    second = threading.Event()

    def items() -> Iterator[int]:
        yield 1
        second.set()
        yield 2

    ahead = prefetch(items())
    assert next(ahead) == 1
    assert second.wait(), "the second is read before it is asked for"
    assert list(ahead) == [2]


@pytest.mark.parametrize("taken", [1, 3])
def test_who_stops_early_leaves_no_thread_and_no_open_file(readers: Readers, taken: int) -> None:
    closed = threading.Event()

    def items() -> Iterator[int]:
        try:
            yield from range(1_000_000)
        finally:
            closed.set()

    ahead = prefetch(items(), depth=2)
    for _ in range(taken):
        next(ahead)
    assert readers() == 1
    ahead.close()  # type: ignore[attr-defined]
    assert readers() == 0
    gc.collect()
    assert closed.is_set()


def test_an_error_of_the_worker_stops_the_reader(readers: Readers) -> None:
    def work() -> None:
        for item in prefetch(range(1_000_000), depth=2):
            if item == 5:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work()
    gc.collect()
    assert readers() == 0


def test_nothing_is_read_before_the_first_is_asked_for(readers: Readers) -> None:
    prefetch(iter([1]))
    assert readers() == 0
