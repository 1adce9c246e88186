"""Videos of which one frame a second is annotated: which frame that is, and which frames around it are wanted too.

The rule. A video's time is what its file says (pts, in seconds), and `start` is the second that stands at time 0. The
keyframe of second s is the decoded frame whose time is nearest to s - start, the earlier of two as near; one that is
half a second away or more does not count: the video has no such keyframe. Nothing is counted in frames: films run at
24, 25, 29.97 or 30 frames a second, and not all of them evenly.

Shapes: F frames of a video, K of them keyframes, N moments.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import takewhile
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

type Ints = NDArray[np.int64]

_MINUTE = 60.0

NOWHERE = -1
"""The place of a frame, or the second, that there is none of."""


@dataclass(frozen=True)
class Step:
    """What one step of a head's window is: so many frames, so many seconds to the nearest frame, or, of a video of
    which some frames are looked at, so many of these (`looked_at`)."""

    length: float = 1.0
    unit: Literal["frames", "seconds", "looked_at"] = "frames"


class Chosen(NamedTuple):
    """Frames of a video, by their numbers, rising."""

    frames: Ints  # all that are wanted: keyframes, and those around them
    keyframes: Ints  # [K]
    seconds: Ints  # [K], of the keyframes


@dataclass(frozen=True)
class Keyframes:
    """Which frames of a video are wanted: see above.

    first, last: the seconds that may be annotated, both included. around: so many frames before and after each keyframe
    are wanted too, `step` apart; those that the video does not have are not. fps: of videos that are folders of frames.
    """

    first: int
    last: int
    start: float = 0.0
    around: int = 0
    step: Step = Step(1.0, "seconds")
    fps: float = 30.0

    def content(self) -> dict[str, Any]:
        """What decides which frames are wanted, as plain data."""
        return asdict(self)

    def holds_window(self, reach: int) -> bool:
        """Whether so many frames on each side of a keyframe are wanted too."""
        return reach <= self.around

    def until_enough(self, times: Iterator[tuple[float, int, int]]) -> Iterator[tuple[float, int, int]]:
        """Frames in order, (seconds, height, width) each, up to the last that can matter: a film goes on for an hour.

        That is a minute after the last keyframe, and all that is wanted around it: a video that was cut out of its film
        ends before (`lasts_too_long`).
        """
        reach = self.around * self.step.length if self.step.unit == "seconds" else 0.0
        end = self.last - self.start + reach + _MINUTE + 1.0
        return takewhile(lambda frame: frame[0] <= end, times)

    def lasts_too_long(self, pts_F: NDArray[np.float64]) -> bool:
        """Whether a video that is said to begin at second `start` goes on as a whole film does, which begins at 0."""
        return self.start > 0 and bool(pts_F.max() > self.last - self.start + _MINUTE)

    def choose(self, pts_F: ArrayLike) -> Chosen:
        """The frames that are wanted of a video whose frames have these times (seconds, in the order of the frames)."""
        pts_F = np.asarray(pts_F, np.float64)
        by_time = np.argsort(pts_F, kind="stable")  # AVI with B-frames: the times of neighbours may stand swapped
        rising_F = pts_F[by_time]
        second_K = np.arange(self.first, self.last + 1)
        place_K = nearest(rising_F, second_K - self.start, 0.5)
        there_K = place_K != NOWHERE
        place_K, second_K = place_K[there_K], second_K[there_K]
        keyframe_K = by_time[place_K]
        offset_T = np.arange(-self.around, self.around + 1)
        if self.step.unit == "frames":
            around = keyframe_K[:, None] + offset_T * int(self.step.length)  # [K, T]
            around = around[(around >= 0) & (around < len(pts_F))]
        else:
            moments = rising_F[place_K][:, None] + offset_T * self.step.length  # [K, T]
            found = nearest(rising_F, moments.ravel(), self.step.length / 2)
            around = by_time[found[found != NOWHERE]]
        order_K = np.argsort(keyframe_K)
        frames = np.unique(np.concatenate([keyframe_K, around.ravel()]))
        return Chosen(frames.astype(np.int64), keyframe_K[order_K].astype(np.int64), second_K[order_K])


@dataclass(frozen=True)
class Sampled(Keyframes):
    """Every n-th frame of a video (`every`), or so many a second (`per_second`): they are looked at as if the video had
    no others, and a head's windows are of them. Nothing is annotated, so their seconds are only their numbers.

    So many a second are the first frame of each such part of a second, counted from the first frame of the video: a
    video that is slower than that is looked at whole.
    """

    first: int = 0
    last: int = 0
    step: Step = Step(1.0, "looked_at")
    every: int = 1
    per_second: float | None = None

    def content(self) -> dict[str, Any]:
        return {"every": self.every} if self.per_second is None else {"per_second": self.per_second}

    def holds_window(self, reach: int) -> bool:
        return True

    def until_enough(self, times: Iterator[tuple[float, int, int]]) -> Iterator[tuple[float, int, int]]:
        return times

    def lasts_too_long(self, pts_F: NDArray[np.float64]) -> bool:
        return False

    def choose(self, pts_F: ArrayLike) -> Chosen:
        pts_F = np.asarray(pts_F, np.float64)
        if self.per_second is None:
            frames = np.arange(0, len(pts_F), self.every)
        else:
            by_time = np.argsort(pts_F, kind="stable")
            # A frame that stands a rounding error before the beginning of its part of a second is in it.
            part_F = np.floor((pts_F[by_time] - pts_F.min(initial=np.inf)) * self.per_second + 1e-3)
            frames = np.sort(by_time[np.unique(part_F, return_index=True)[1]])
        frames = frames.astype(np.int64)
        return Chosen(frames, frames, np.arange(len(frames)))


def nearest(rising_F: NDArray[np.float64], moment_N: ArrayLike, reach: float) -> Ints:
    """Place of the time nearest to each moment, int64 [N], the earlier of two as near; NOWHERE where none is nearer
    than `reach`. `rising_F` must not fall."""
    moment_N = np.asarray(moment_N, np.float64)
    if not len(rising_F):
        return np.full(moment_N.shape, NOWHERE)
    after_N = np.searchsorted(rising_F, moment_N)
    before_N = np.maximum(after_N - 1, 0)
    after_N = np.minimum(after_N, len(rising_F) - 1)
    to_before_N, to_after_N = np.abs(moment_N - rising_F[before_N]), np.abs(rising_F[after_N] - moment_N)
    place_N = np.where(to_before_N <= to_after_N, before_N, after_N)
    found: Ints = np.where(np.minimum(to_before_N, to_after_N) < reach, place_N, NOWHERE)
    return found
