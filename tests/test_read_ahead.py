"""Batches come in the order that is asked for, whatever the thread has read."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from zsstad_core.progress import Clock
from zsstad_core.read_ahead import WAIT, ReadAhead


def test_what_comes_is_what_was_asked_for_also_out_of_order():
    ahead = ReadAhead(lambda number: number * number, 20, Clock())
    try:
        assert [ahead(number) for number in (0, 1, 2, 7, 8, 3, 19, 0)] == [0, 1, 4, 49, 64, 9, 361, 0]
    finally:
        ahead.close()


def test_the_next_ones_are_read_while_one_is_worked_on_and_none_beyond_the_last():
    made, others = [], threading.Event()

    def make(number: int) -> int:
        made.append(number)
        if len(made) == 3:
            others.set()
        return number

    ahead = ReadAhead(make, 3, Clock(), depth=5)
    assert ahead(0) == 0
    assert others.wait()
    ahead.close()
    assert sorted(made) == [0, 1, 2]


class Watched(Clock):
    """A clock that says when somebody begins to wait."""

    def __init__(self) -> None:
        super().__init__()
        self.waits = threading.Event()

    @contextmanager
    def on(self, name: str) -> Iterator[None]:
        with super().on(name):
            self.waits.set()
            yield


def test_the_time_that_a_step_waits_is_on_the_clock(monkeypatch: pytest.MonkeyPatch):
    now = 100.0
    monkeypatch.setattr(time, "perf_counter", lambda: now)
    clock = Watched()

    def make(number: int) -> int:
        nonlocal now
        clock.waits.wait()
        now += 7
        return number

    ahead = ReadAhead(make, 1, clock)
    ahead(0)
    ahead.close()
    assert clock.seconds == {WAIT: 7}


def test_an_error_surfaces_where_its_number_is_asked_for():
    def make(number: int) -> int:
        if number == 1:
            raise ValueError("batch 1")
        return number

    ahead = ReadAhead(make, 5, Clock())
    try:
        assert ahead(0) == 0
        with pytest.raises(ValueError, match="batch 1"):
            ahead(1)
        assert ahead(2) == 2
    finally:
        ahead.close()
