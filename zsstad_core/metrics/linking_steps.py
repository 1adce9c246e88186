"""Which boxes follow each other in a tube: where there is no choice, and where tubes choose (`linking`, rules 2 and 3).

Shapes: N detections; Q pairs of a detection with one of the next frame that overlaps it, a_Q rising and b_Q by rank; T
tubes that may go on.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from zsstad_core.metrics.matching import Floats, Ints


def follow_chains(a_Q: Ints, b_Q: Ints, detections: int) -> Ints:
    """The first box of each box's tube, int64 [N], where every a and every b is in one pair; nonsense elsewhere."""
    first_N = np.arange(detections)
    first_N[b_Q] = a_Q
    while True:
        further_N = first_N[first_N]
        if np.array_equal(further_N, first_N):
            return first_N
        first_N = further_N


def renamed(rows: Ints, a_Q: Ints, b_Q: Ints, detections: int) -> tuple[Ints, Ints]:
    """The pairs among some detections, by the places of these in `rows`; a's in this order."""
    place_N = np.full(detections, -1)
    place_N[rows] = np.arange(len(rows))
    a_Q, b_Q = place_N[a_Q], place_N[b_Q]
    among = np.flatnonzero(a_Q >= 0)
    among = among[np.argsort(a_Q[among], kind="stable")]
    return a_Q[among], b_Q[among]


def take_steps(run_N: Ints, step_N: Ints, score_N: Floats, a_Q: Ints, b_Q: Ints) -> Ints:
    """The first box of each box's tube, int64 [N].

    run_N: the run of consecutive frames that each detection is in. step_N: the place of its frame in the run; rising,
    the runs of a step rise, and the boxes of a frame stand by rank.
    """
    near = _Near(a_Q, b_Q, len(run_N))
    first_N = np.full(len(run_N), -1)
    current = _Tubes(np.empty(0, np.int64), np.empty(0), np.empty(0, np.int64))
    bounds = [*np.flatnonzero(np.diff(step_N, prepend=-1)).tolist(), len(step_N)]
    for start, end in pairwise(bounds):
        current = current[np.flatnonzero(near.count_N[current.last_T])]  # others end
        current = current[np.lexsort((-current.total_T / current.length_T, run_N[current.last_T]))]
        taken_T = _take(run_N[current.last_T], current.last_T, near, first_N)
        current = current[np.flatnonzero(taken_T >= 0)]
        taken_T = taken_T[taken_T >= 0]
        new = start + np.flatnonzero(first_N[start:end] < 0)
        first_N[new] = new
        last_T = np.concatenate([taken_T, new])
        total_T = np.concatenate([current.total_T + score_N[taken_T], score_N[new]])
        length_T = np.concatenate([current.length_T + 1, np.ones(len(new), np.int64)])
        current = _Tubes(last_T, total_T, length_T)[np.argsort(run_N[last_T], kind="stable")]
    return first_N


@dataclass(frozen=True)
class _Tubes:
    """The tubes that may go on, by run; those of a run in the order in which they took or found their last boxes."""

    last_T: Ints
    """The last box of each."""
    total_T: Floats
    """The sum of its scores."""
    length_T: Ints

    def __getitem__(self, chosen: Ints) -> "_Tubes":
        return _Tubes(self.last_T[chosen], self.total_T[chosen], self.length_T[chosen])


class _Near:
    """The boxes of the next frame that overlap a box, by rank."""

    def __init__(self, a_Q: Ints, b_Q: Ints, detections: int) -> None:
        self._next_Q = b_Q
        self.count_N = np.bincount(a_Q, minlength=detections)
        self._start_N = np.cumsum(self.count_N) - self.count_N

    def of(self, box_T: Ints) -> tuple[Ints, Ints]:
        """The near boxes of some boxes, one's after the other's, and the place in box_T of the box that each is of."""
        count_T = self.count_N[box_T]
        place = np.repeat(np.arange(len(box_T)), count_T)
        skipped_T = self._start_N[box_T] - (np.cumsum(count_T) - count_T)
        return self._next_Q[skipped_T[place] + np.arange(len(place))], place


def _take(run_T: Ints, last_T: Ints, near: _Near, first_N: Ints) -> Ints:
    """The box that each tube takes, or -1; the tubes of a run choose in their order. Notes in first_N whose it is.

    run_T: the run of each tube, rising. last_T: its last box.
    """
    taken_T = np.full(len(run_T), -1)
    turn_T = np.arange(len(run_T)) - np.searchsorted(run_T, run_T)
    by_turn = np.argsort(turn_T, kind="stable")
    for tubes in np.split(by_turn, np.flatnonzero(np.diff(turn_T[by_turn])) + 1):
        box, place = near.of(last_T[tubes])
        free = np.flatnonzero(first_N[box] < 0)
        free = free[np.diff(place[free], prepend=-1) > 0]  # the best of each tube
        box, place = box[free], place[free]
        taken_T[tubes[place]] = box
        first_N[box] = first_N[last_T[tubes[place]]]
    return taken_T
