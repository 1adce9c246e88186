"""Times that go on from frame to frame, where those of a file do not.

Recordings that were joined byte by byte start their clock again in the middle; a counter of 33 bits wraps around; AVI
keeps no presentation times, so that those of B-frames stand swapped; some writers give several frames the same time.
"""

from fractions import Fraction

_SWAPPED = 16  # so many frames a codec may reorder at most; a fall by more is a clock that starts again
_NO_GAP_S = 12 * 3600.0  # no film rests that long: FFmpeg adds 26.5 hours when it takes a fall for a wrapped counter


class Clock:
    """The time of each frame of a stream, in seconds; always later than that of the frame before.

    The times of the file are kept as they are as long as they rise. A frame whose time does not rise, or is missing,
    comes one step after the frame before. After a fall by more than 16 steps, or a jump by more than 12 hours, the
    clock goes on from there: what follows is moved by the same amount. After a smaller fall nothing is moved, and the
    times of the file count again as soon as they are later.

    rate: frames a second, which gives the length of a step. guessed_rate: frames a second of a file that has no times.
    """

    def __init__(self, rate: Fraction, guessed_rate: Fraction) -> None:
        self.step, self._guessed_rate = float(1 / rate), guessed_rate
        self._has_times = False
        self._last: float | None = None
        self._before = 0.0  # the time of the frame before as the file has it, moved by `_moved`
        self._moved = 0.0
        self._first: tuple[int, str] | None = None
        self._others = 0

    def time(self, number: int, own: float | None) -> float:
        """The time of a frame. number: from 0. own: the time in the file, in seconds, if there is one."""
        last = self._last
        self._has_times = self._has_times or own is not None
        if own is not None:
            time = own + self._moved if self._moved else own
        elif last is not None and self._has_times:
            time = last + self.step
        else:
            time = float(number / self._guessed_rate)
        before, self._before = self._before, time
        if last is not None and not last < time <= last + _NO_GAP_S:
            self._note(number, last, time)
            goes_on = last + self.step
            if time - before > _NO_GAP_S or before - time > _SWAPPED * self.step:
                self._moved += goes_on - time
                self._before = goes_on
            time = goes_on
        self._last = time
        return time

    def remark(self) -> str | None:
        """A line that names the first frame whose time was changed, and how many there are; None if there is none."""
        if self._first is None:
            return None
        number, what = self._first
        others = f" and {self._others} more" if self._others else ""
        return f"frame {number}{others}: the time in the file {what}; times go on from the frame before"

    def _note(self, number: int, last: float, time: float) -> None:
        if self._first is not None:
            self._others += 1
            return
        kind = "stands still at" if time == last else "falls back to" if time < last else "jumps to"
        self._first = number, f"{kind} {time:.3f} s" + (f" from {last:.3f} s" if time != last else "")
