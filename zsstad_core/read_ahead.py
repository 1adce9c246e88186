"""Threads that read the next batches, or the next items of an iterator, while a model computes."""

import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from itertools import count

from zsstad_core.progress import Clock

WAIT = "wait for views"
"""The name under which the clock counts the time in which steps wait."""

_END = object()


class ReadAhead[T]:
    """The results of `make(number)` for consecutive numbers, made by threads up to `depth` numbers ahead.

    make: must depend on its number alone, unless there is one thread, which makes the results in order. numbers: the
    end of the range; nothing from this number on is made ahead. clock: gets the time that callers wait. `close` ends
    the threads. An exception of `make` is raised when its number is requested.
    """

    def __init__(
        self, make: Callable[[int], T], numbers: int, clock: Clock, depth: int = 4, threads: int | None = None
    ) -> None:
        self._make, self._numbers, self._clock, self._depth = make, numbers, clock, depth
        self._threads = ThreadPoolExecutor(threads or depth, thread_name_prefix="read-ahead")
        self._ahead: deque[tuple[int, Future[T]]] = deque()

    def __call__(self, number: int) -> T:
        """The result for a number. Any number may be requested; only the next number has been started already."""
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
        """Cancel what has not started, and end the threads."""
        self._drop()
        self._threads.shutdown()

    def _start(self, number: int) -> None:
        self._ahead.append((number, self._threads.submit(self._make, number)))

    def _drop(self) -> None:
        while self._ahead:
            self._ahead.popleft()[1].cancel()


def prefetch[T](items: Iterable[T], depth: int = 4) -> Iterator[T]:
    """The same items in order, taken from `items` by a thread up to `depth` ahead; an error is raised in its place."""
    take = partial(next, iter(items), _END)
    ahead: ReadAhead[T | object] = ReadAhead(lambda _: take(), sys.maxsize, Clock(), depth, threads=1)
    try:
        for number in count():
            if (item := ahead(number)) is _END:
                return
            yield item  # type: ignore[misc]  # not _END, so an item
    finally:
        ahead.close()
