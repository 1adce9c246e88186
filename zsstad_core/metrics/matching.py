"""Match detections of one class with its ground truth, and find the true positives: boxes of a frame, tubes of a video.

A detection is a true positive if the ground truth that it overlaps most reaches the threshold and no detection with a
better score has taken that ground truth. By ACT's rule, the best ground truth that is left counts.

Shapes: G ground truths and N detections of one class, the best detection first; Q pairs of both in one group.
"""

import numpy as np
from numpy.typing import NDArray

from zsstad_core.boxes import paired_iou

type Ints = NDArray[np.int64]
type Floats = NDArray[np.float64]
type Bools = NDArray[np.bool_]


def true_positives(
    truth_frame_G: Ints,
    truth_G4: Floats,
    found_frame_N: Ints,
    found_N4: Floats,
    iou: float,
    pixel: float = 0,
    second_best: bool = False,
) -> Bools:
    """Which detected boxes of one class are true positives: bool [N]. Boxes of one frame compete, earlier rows first.

    truth_frame_G, found_frame_N: the frame of each box, by any numbering. truth_G4, found_N4: the boxes, float64.
    iou: smallest overlap that counts, inclusive. pixel: added to width and height. A detection that overlaps
    several ground truths equally is matched with the first. second_best: whether a detection may take the best ground
    truth left.
    """
    found_Q, truth_Q = pairs_in_same_group(truth_frame_G, found_frame_N)
    last_pixel = np.array([0, 0, pixel, pixel], np.float64)
    iou_Q = paired_iou(found_N4[found_Q] + last_pixel, truth_G4[truth_Q] + last_pixel)
    return hits(found_Q, truth_Q, iou_Q, len(found_N4), iou, second_best)


def hits(
    found_Q: Ints, truth_Q: Ints, overlap_Q: Floats, detections: int, threshold: float, second_best: bool = False
) -> Bools:
    """Which of `detections` are true positives, bool [N], by the overlaps of the pairs of `pairs_in_same_group`."""
    hit_N = np.zeros(detections, bool)
    if not second_best:
        best = _best_of_each(found_Q, overlap_Q)
        best = best[overlap_Q[best] >= threshold]
        _, first_to_come = np.unique(truth_Q[best], return_index=True)
        hit_N[found_Q[best[first_to_come]]] = True
        return hit_N
    close = np.flatnonzero(overlap_Q >= threshold)
    close = close[np.lexsort((truth_Q[close], -overlap_Q[close], found_Q[close]))]
    taken: set[int] = set()
    done = -1
    for found, truth in zip(found_Q[close].tolist(), truth_Q[close].tolist(), strict=True):
        if found != done and truth not in taken:
            taken.add(truth)
            hit_N[found] = True
            done = found
    return hit_N


def pairs_in_same_group(truth_group_G: Ints, found_group_N: Ints) -> tuple[Ints, Ints]:
    """Every detection with every ground truth of its group, by number: found_Q (rising), truth_Q (rising within)."""
    by_group_G = np.argsort(truth_group_G, kind="stable")
    sorted_G = truth_group_G[by_group_G]
    first_N = np.searchsorted(sorted_G, found_group_N, side="left")
    count_N = np.searchsorted(sorted_G, found_group_N, side="right") - first_N
    found_Q = np.repeat(np.arange(len(found_group_N)), count_N)
    nth_in_group_Q = np.arange(len(found_Q)) - np.repeat(np.cumsum(count_N) - count_N, count_N)
    return found_Q, by_group_G[first_N[found_Q] + nth_in_group_Q]


def _best_of_each(found_Q: Ints, overlap_Q: Floats) -> Ints:
    """For each detection the pair with the largest overlap, the first of equals; pairs are grouped by detection."""
    if len(found_Q) == 0:
        return np.empty(0, np.int64)
    starts = np.flatnonzero(np.diff(found_Q, prepend=-1))
    most_Q = np.repeat(np.maximum.reduceat(overlap_Q, starts), np.diff(starts, append=len(found_Q)))
    best_Q = np.flatnonzero(overlap_Q == most_Q)
    first_best: Ints = best_Q[np.flatnonzero(np.diff(found_Q[best_Q], prepend=-1))]
    return first_best
