"""Batches that threads read while the steps before them are computed."""

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from zsstad_core.progress import Clock

WAIT = "wait for views"
"""What the clock calls the time that steps wait."""


class ReadAhead[T]:
    """`make(number)` for one number after the other, made by threads up to `depth` numbers ahead.

    make: must depend on its number alone, and is called by several threads at once. numbers: the next ones are read up
    to this one, exclusive. clock: gets the time that callers wait. `close` ends the threads. What `make` raises is
    raised where its number is asked for.
    """

    def __init__(self, make: Callable[[int], T], numbers: int, clock: Clock, depth: int = 4) -> None:
        self._make, self._numbers, self._clock, self._depth = make, numbers, clock, depth
        self._threads = ThreadPoolExecutor(depth, thread_name_prefix="read-ahead")
        self._ahead: deque[tuple[int, Future[T]]] = deque()

    def __call__(self, number: int) -> T:
        """What belongs to a number; any may be asked for, and only the next one is there already."""
        if not self._ahead or self._ahead[0][0] != number:
            self._drop()
            self._start(number)
        _, future = self._ahead.popleft()
        following = self._ahead[-1][0] + 1 if self._ahead else number + 1
        for later in range(following, min(number + self._depth, self._numbers - 1) + 1):
            self._start(later)
        with self._clock.on(WAIT):
            return future.result()

    def close(self) -> None:
        """Read no more."""
        self._drop()
        self._threads.shutdown()

    def _start(self, number: int) -> None:
        self._ahead.append((number, self._threads.submit(self._make, number)))

    def _drop(self) -> None:
        while self._ahead:
            self._ahead.popleft()[1].cancel()
