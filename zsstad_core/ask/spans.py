"""Smooth scores along tracks, and turn labels into spans of time.

Shapes: N boxes, K labels.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from zsstad_core.tracks import UNTRACKED

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]

NOTHING = -1
"""The label index of a person without a label."""


@dataclass(frozen=True)
class Span:
    """A person with one label from `start` to `end` (seconds; the end is the time of the next frame).

    label: its index, from 0. rows: the boxes of the span; the person may have been missed on frames in between.
    """

    track: int
    label: int
    start: float
    end: float
    rows: Ints


def smooth(
    score_NK: Floats,
    track_N: Ints,
    time_N: Floats,
    smoothing: Literal["none", "window", "exponential"],
    seconds: float,
) -> Floats:
    """Smooth scores [N, K] along each track.

    window: the mean of the scores at most half of `seconds` away. exponential: a mean of this score and all before it,
    in which a score of age t has the weight exp(-t / seconds). Time counts, not the number of boxes. Boxes without a
    track keep their scores.
    """
    smooth_NK = score_NK.copy()
    if smoothing == "none":
        return smooth_NK
    for row_T in _by_track(track_N, time_N):
        mean = _window if smoothing == "window" else _exponential
        smooth_NK[row_T] = mean(score_NK[row_T], time_N[row_T], seconds)
    return smooth_NK


def _window(score_TK: Floats, time_T: Floats, seconds: float) -> Floats:
    reach = seconds / 2 + 1e-6  # a box at the very end of the window belongs to it
    first_T, end_T = np.searchsorted(time_T, time_T - reach), np.searchsorted(time_T, time_T + reach, side="right")
    sum_TK = np.concatenate([np.zeros((1, score_TK.shape[1])), score_TK.cumsum(0)])
    mean_TK: Floats = (sum_TK[end_T] - sum_TK[first_T]) / (end_T - first_T)[:, None]
    return mean_TK


def _exponential(score_TK: Floats, time_T: Floats, seconds: float) -> Floats:
    kept_T = np.exp(-np.diff(time_T, prepend=time_T[0]) / seconds)
    sum_TK, weight_T = score_TK.copy(), np.ones(len(score_TK))
    for i in range(1, len(score_TK)):
        sum_TK[i] += kept_T[i] * sum_TK[i - 1]
        weight_T[i] += kept_T[i] * weight_T[i - 1]
    return sum_TK / weight_T[:, None]


def choose_labels(probability_NK: Floats, similarity_NK: Floats, threshold: float, similarity: float | None) -> Ints:
    """The label of each box, int64 [N]: the most probable; NOTHING if its probability or similarity is too low."""
    best_N = probability_NK.argmax(1)
    row_N = np.arange(len(best_N))
    sure_N = probability_NK[row_N, best_N] >= threshold
    if similarity is not None:
        sure_N &= similarity_NK[row_N, best_N] >= similarity
    return np.where(sure_N, best_N, NOTHING)


def find_spans(label_N: Ints, track_N: Ints, time_N: Floats, end_N: Floats) -> list[Span]:
    """The spans of all tracks, by track and time. end_N: the end of the frame of each box, in seconds.

    A person who is missed for a moment and then has the same label makes one span; a person who has another label in
    between, or none, makes two.
    """
    found = []
    for row_T in _by_track(track_N, time_N):
        change = np.flatnonzero(np.diff(label_N[row_T])) + 1
        for rows in np.split(row_T, change):
            label = int(label_N[rows[0]])
            if label != NOTHING:
                start, end = float(time_N[rows[0]]), float(end_N[rows[-1]])
                found.append(Span(int(track_N[rows[0]]), label, start, end, rows))
    return found


def _by_track(track_N: Ints, time_N: Floats) -> Iterator[Ints]:
    """The rows of each track, in the order of time."""
    for track in np.unique(track_N[track_N != UNTRACKED]):
        row_T = np.flatnonzero(track_N == track)
        yield row_T[np.argsort(time_N[row_T], kind="stable")]
