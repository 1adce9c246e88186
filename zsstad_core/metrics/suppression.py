"""Soft suppression of the boxes of a frame, as before the linking of tubes.

Shapes: N detections, frame after frame; Q pairs of detections of one frame.
"""

from collections.abc import Iterator
from itertools import count

import numpy as np

from zsstad_core.boxes import paired_iou
from zsstad_core.metrics.matching import Bools, Floats, Ints

NMS_IOU, BOXES_PER_FRAME = 0.6, 10


def suppress_in_frames(key_N: Ints, box_N4: Floats, score_N: Floats) -> tuple[Ints, Floats]:
    """Return the detections that stay, int64, by frame and by falling score in the frame, and their scores.

    From the box with the best score on, every box of the frame that overlaps it by more than 0.6 (with the last pixel)
    keeps 1 - IoU of its score and suppresses no other box; the ten best scores stay. Where scores are equal, the
    later box comes first. key_N: the frame of each detection, rising.
    """
    score_N = score_N * _weights(key_N, box_N4, score_N)
    rank_N = _ranks(key_N, score_N)
    order_N = np.empty(len(key_N), np.int64)
    order_N[_first_of_frame(key_N) + rank_N] = np.arange(len(key_N))
    kept = order_N[rank_N[order_N] < BOXES_PER_FRAME]
    return kept, score_N[kept]


def _weights(key_N: Ints, box_N4: Floats, score_N: Floats) -> Floats:
    """The share of its score that each box keeps: float64 [N]."""
    weight_N, suppressed_N = np.ones(len(key_N)), np.zeros(len(key_N), bool)
    rank_N = _ranks(key_N, score_N)
    a_Q, b_Q, iou_Q = _close_pairs(key_N, box_N4)
    a_best = rank_N[a_Q] < rank_N[b_Q]
    best_Q, other_Q = np.where(a_best, a_Q, b_Q), np.where(a_best, b_Q, a_Q)
    # All frames at once: first their best boxes, then their second ones, and so on.
    rank_Q = rank_N[best_Q]
    by_rank = np.argsort(rank_Q, kind="stable")
    for pairs in np.split(by_rank, np.flatnonzero(np.diff(rank_Q[by_rank])) + 1):
        pairs = pairs[~suppressed_N[best_Q[pairs]] & ~suppressed_N[other_Q[pairs]]]
        suppressed_N[other_Q[pairs]] = True
        weight_N[other_Q[pairs]] = 1 - iou_Q[pairs]
    return weight_N


def _ranks(key_N: Ints, score_N: Floats) -> Ints:
    """How many boxes of its frame come before each: those with better scores, and the later ones of equals."""
    rank_N = np.zeros(len(key_N), np.int64)
    for apart, same_frame in _neighbours(key_N):
        later_first = score_N[apart:] >= score_N[:-apart]
        rank_N[:-apart] += same_frame & later_first
        rank_N[apart:] += same_frame & ~later_first
    return rank_N


def _close_pairs(key_N: Ints, box_N4: Floats) -> tuple[Ints, Ints, Floats]:
    """The pairs of boxes of one frame that overlap by more than 0.6: a_Q < b_Q, and their overlaps."""
    box_N4 = np.asfortranarray(box_N4 + np.array([0, 0, 1, 1], np.float64))
    found = [(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))]
    for apart, same_frame in _neighbours(key_N):
        iou = paired_iou(box_N4[:-apart], box_N4[apart:])
        a_Q = np.flatnonzero(same_frame & (iou > NMS_IOU))
        found.append((a_Q, a_Q + apart, iou[a_Q]))
    a_Q, b_Q, iou_Q = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return a_Q, b_Q, iou_Q


def _neighbours(key_N: Ints) -> Iterator[tuple[int, Bools]]:
    """For 1, 2, ... places apart: which detections are of the same frame, bool [N - apart]; until none are."""
    for apart in count(1):
        same_frame = key_N[apart:] == key_N[:-apart]
        if not same_frame.any():
            break
        yield apart, same_frame


def _first_of_frame(key_N: Ints) -> Ints:
    """The first detection of the frame of each."""
    first_N: Ints = np.maximum.accumulate(np.where(np.diff(key_N, prepend=-1) != 0, np.arange(len(key_N)), 0))
    return first_N
