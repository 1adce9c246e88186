"""The progress of long work as one line: done and total, rate, time left, and the step that takes most of the time.

On a terminal the line is rewritten in place; elsewhere a plain line appears at the start, about every half minute, and
at the end. Work that is usually quick shows nothing before it has lasted a while (`patience`, `watched`).
"""

import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

PATIENCE_S = 3.0
"""Seconds after which a wait shows its progress, where most waits are shorter."""


class Clock:
    """Measures where the time of some work goes: seconds by the name of a part."""

    def __init__(self) -> None:
        self._start = time.perf_counter()
        self.seconds: dict[str, float] = {}

    @contextmanager
    def on(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - start

    def total(self) -> dict[str, float]:
        """The seconds of each part, and as "total" the seconds since the clock was made."""
        return {**self.seconds, "total": time.perf_counter() - self._start}

    def slowest(self) -> str:
        return max(self.seconds, key=lambda name: self.seconds[name]) if self.seconds else ""


class Progress:
    """Progress of a stage over `total` things, called `what` ("clips").

    total: 0 where nobody knows how many there are. patience: seconds for which nothing is shown.
    """

    def __init__(self, stage: str, total: int, what: str, patience: float = 0.0) -> None:
        self.stage, self.total, self.what = stage, total, what
        self.done = 0
        self._start = time.monotonic()
        self._live = sys.stderr.isatty()
        self._next = self._start + patience
        self._shown = False
        if not patience:
            self._show("")

    def advance(self, count: int, waits_for: str = "") -> None:
        self.done += count
        ends = self._shown and (self._live or self.done == self.total)
        if ends or time.monotonic() >= self._next:
            self._show(waits_for)

    def _show(self, waits_for: str) -> None:
        passed = time.monotonic() - self._start
        rate = self.done / max(passed, 1e-9)
        parts = [f"{self.stage}: {self.done}{f'/{self.total}' if self.total else ''} {self.what}"]
        if self.done:
            parts.append(f"{rate:{'.0f' if rate >= 100 else '.3g'}} {self.what}/s")
        if self.done and self.total:
            left = (self.total - self.done) / rate
            parts.append(f"{_clock(left)} left" if self.done < self.total else f"in {_clock(passed)}")
        if waits_for and self.done < self.total:
            parts.append(f"mostly {waits_for}")
        line = ", ".join(parts)
        end = "\n" if not self._live or self.done == self.total else ""
        print(f"\r\x1b[K{line}" if self._live else line, end=end, file=sys.stderr, flush=True)
        self._next, self._shown = time.monotonic() + 30, True


def watched[T](items: Iterable[T], stage: str, total: int, what: str) -> Iterator[T]:
    """The items, with progress once they have taken longer than PATIENCE_S."""
    progress = Progress(stage, total, what, PATIENCE_S)
    for item in items:
        yield item
        progress.advance(1)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
