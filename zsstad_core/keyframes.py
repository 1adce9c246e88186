"""Keyframes: the decoded frame of each annotated second of a video, and the frames around it that are wanted too.

The times of a video are those of its file (pts, in seconds), and `start` is the annotated second at time 0. The
keyframe of second s is the decoded frame whose time is nearest to s - start, the earlier of two that are equally near.
If the nearest frame is half a second away or more, the video has no such keyframe. The rule does not count frames:
films run at 24, 25, 29.97 or 30 frames a second, and not all of them evenly.

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
"""Stands for a frame or a second that does not exist."""


@dataclass(frozen=True)
class Step:
    """The length of one step of a head's window: a number of frames; a number of seconds, to the nearest frame; or, in
    a video whose frames are sampled, a number of sampled frames (`looked_at`)."""

    length: float = 1.0
    unit: Literal["frames", "seconds", "looked_at"] = "frames"


class ChosenFrames(NamedTuple):
    """The wanted frames of a video, as frame numbers in rising order."""

    frames: Ints  # keyframes, and the frames around them
    keyframes: Ints  # [K]
    seconds: Ints  # [K], the annotated second of each keyframe


@dataclass(frozen=True)
class Keyframes:
    """The rule that chooses the wanted frames of a video (see the top of this module).

    first, last: the seconds that may be annotated, both included. around: how many frames before and after each
    keyframe are wanted too, `step` apart, as far as the video has them. fps: frames a second of a video that is a
    folder of frames.
    """

    first: int
    last: int
    start: float = 0.0
    around: int = 0
    step: Step = Step(1.0, "seconds")
    fps: float = 30.0

    def content(self) -> dict[str, Any]:
        """The fields that decide which frames are wanted, as plain data: they are part of the index's key."""
        return asdict(self)

    def holds_window(self, reach: int) -> bool:
        """Whether `reach` frames on each side of a keyframe are wanted too."""
        return reach <= self.around

    def until_last_needed(self, times: Iterator[tuple[float, int, int]]) -> Iterator[tuple[float, int, int]]:
        """The frames of `times` (seconds, height, width) up to the last frame that is needed; a film has many more.

        The last needed frame lies a minute after the last keyframe and the frames around it, so that `lasts_too_long`
        can tell a whole film from a video that was cut out of it.
        """
        reach = self.around * self.step.length if self.step.unit == "seconds" else 0.0
        end = self.last - self.start + reach + _MINUTE + 1.0
        return takewhile(lambda frame: frame[0] <= end, times)

    def lasts_too_long(self, pts_F: NDArray[np.float64]) -> bool:
        """Whether a video that should be cut out of a film at second `start` > 0 lasts as long as the whole film."""
        return self.start > 0 and bool(pts_F.max() > self.last - self.start + _MINUTE)

    def choose(self, pts_F: ArrayLike) -> ChosenFrames:
        """The wanted frames of a video with these times (seconds, in the order of the frames)."""
        pts_F = np.asarray(pts_F, np.float64)
        by_time = np.argsort(pts_F, kind="stable")  # an older index may have neighbours of an AVI file swapped
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
        return ChosenFrames(frames.astype(np.int64), keyframe_K[order_K].astype(np.int64), second_K[order_K])


@dataclass(frozen=True)
class Sampled(Keyframes):
    """Every n-th frame of a video (`every`), or a number of frames a second (`per_second`).

    All other frames of the video are ignored: windows of heads consist of sampled frames. No second is annotated, so
    `seconds` only numbers the frames. `per_second` divides each second, from the first frame of the video on, into that
    many parts, and takes the first frame of each part; from a video with fewer frames a second it takes every frame.
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

    def until_last_needed(self, times: Iterator[tuple[float, int, int]]) -> Iterator[tuple[float, int, int]]:
        return times

    def lasts_too_long(self, pts_F: NDArray[np.float64]) -> bool:
        return False

    def choose(self, pts_F: ArrayLike) -> ChosenFrames:
        pts_F = np.asarray(pts_F, np.float64)
        if self.per_second is None:
            frames = np.arange(0, len(pts_F), self.every)
        else:
            by_time = np.argsort(pts_F, kind="stable")
            # 1e-3 allows for rounding errors: a frame just before the beginning of a part belongs to the part.
            part_F = np.floor((pts_F[by_time] - pts_F.min(initial=np.inf)) * self.per_second + 1e-3)
            frames = np.sort(by_time[np.unique(part_F, return_index=True)[1]])
        frames = frames.astype(np.int64)
        return ChosenFrames(frames, frames, np.arange(len(frames)))


def nearest(rising_F: NDArray[np.float64], moment_N: ArrayLike, reach: float) -> Ints:
    """The index in `rising_F` of the time nearest to each moment, int64 [N]; of two equally near times the earlier.

    NOWHERE if no time is nearer than `reach`. `rising_F` must not fall.
    """
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
