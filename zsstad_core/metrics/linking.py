"""Link frame detections to tubes: the greedy linking of ACT, MOC and MultiSports, for detections of single frames.

For each class of a video, frame after frame (ACT's `BuildTubes` with tubelets of one frame, which is what mmaction2
runs for MultiSports):

1. soft suppression in each frame: from the box with the best score on, every box that overlaps it by more than 0.6
   (with the last pixel) keeps 1 - IoU of its score and suppresses no other box; the ten best scores stay;
2. tubes, by falling mean score, take the free box with the best score that overlaps their last box by 0.5 or more; a
   tube that finds no box in the very next frame has ended;
3. boxes that no tube took start new tubes;
4. tubes with a mean score below 0.005 or shorter than 15 frames are dropped.

Of equal scores, the later box of a frame comes first, as in the reversed sort of the published code, and the tube that
began first. mmaction2 gives every box the score of the table's last row; here each box keeps its score.

Shapes: N detections of one class, by video, frame and rank in the frame.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from zsstad_core.boxes import iou, paired_iou
from zsstad_core.metrics.columns import boxes_of, codes, frame_keys, rows_of_each_class
from zsstad_core.metrics.matching import Floats, Ints, pairs_in_same_group
from zsstad_core.metrics.protocols import video_rules
from zsstad_core.progress import watched
from zsstad_core.tables import BOX

NMS_IOU, BOXES_PER_FRAME = 0.6, 10
LINK_IOU = 0.5
SHORTEST, LOWEST_SCORE = 15, 0.005

_LAST_PIXEL = np.array([0, 0, 1, 1], np.float64)


def link_tubes(
    detections: pd.DataFrame,
    classes: Sequence[str],
    protocol: str = "multisports",
    shortest: int = SHORTEST,
    lowest_score: float = LOWEST_SCORE,
) -> pd.DataFrame:
    """Link the boxes of a table `detections` to tubes: one row per box of a tube.

    classes: the classes to link; rows of other classes are ignored. protocol: multisports, or act, which measures the
    overlap of consecutive boxes with the last pixel. shortest: the frames that a tube has at least. lowest_score: the
    mean score that a tube has at least.

    Columns: video_id, class_name, tube (int64, from 0 in the whole table), frame, x1, y1, x2, y2, score (of the box,
    after suppression; a tube's score is the mean over its rows). Sorted by class in the order of `classes`, video, the
    tube's first frame, the order in which the tubes of a frame began, and frame.
    """
    rules = video_rules(protocol)
    names = pd.Index(list(classes), dtype="str")
    videos = pd.Index(sorted(detections["video_id"].unique()))
    key, score = frame_keys(detections, videos), detections["score"].to_numpy(np.float64)
    parts: list[Ints] = []
    tube_of_part, score_of_part, tubes = [], [], 0
    classes_in_turn = rows_of_each_class(codes(detections["class_name"], names), len(names))
    for row_N in watched(classes_in_turn, "tubes", len(names), "classes"):
        row_N, score_N = _suppress_in_frames(row_N, key[row_N], boxes_of(detections, row_N), score[row_N])
        for members in _link(key[row_N], boxes_of(detections, row_N), score_N, rules.pixel):
            if len(members) >= shortest and score_N[members].mean() >= lowest_score:
                parts.append(row_N[members])
                score_of_part.append(score_N[members])
                tube_of_part.append(np.full(len(members), tubes))
                tubes += 1
    rows = np.concatenate([*parts, np.empty(0, np.int64)])
    linked = detections[["video_id", "class_name", "frame", *BOX]].iloc[rows].reset_index(drop=True)
    linked.insert(2, "tube", np.concatenate([*tube_of_part, np.empty(0, np.int64)]))
    return linked.assign(score=np.concatenate([*score_of_part, np.empty(0)]))


def _suppress_in_frames(row_N: Ints, key_N: Ints, box_N4: Floats, score_N: Floats) -> tuple[Ints, Floats]:
    """Rule 1: the rows that stay, by frame and by rank in the frame, and their scores."""
    by_frame_N = np.argsort(key_N, kind="stable")
    row_N, key_N, box_N4, score_N = row_N[by_frame_N], key_N[by_frame_N], box_N4[by_frame_N], score_N[by_frame_N]
    a_Q, b_Q = pairs_in_same_group(key_N, key_N)
    a_Q, b_Q = a_Q[a_Q < b_Q], b_Q[a_Q < b_Q]
    iou_Q = paired_iou(box_N4[a_Q] + _LAST_PIXEL, box_N4[b_Q] + _LAST_PIXEL)
    close = iou_Q > NMS_IOU
    a_Q, b_Q, iou_Q = a_Q[close], b_Q[close], iou_Q[close]
    frame, pairs = np.unique(key_N[a_Q], return_counts=True)
    for crowded in frame[pairs > 1]:
        here = slice(*np.searchsorted(key_N, [crowded, crowded + 1]))
        score_N[here] *= _weights(box_N4[here] + _LAST_PIXEL, score_N[here])
    alone_Q = np.isin(key_N[a_Q], frame[pairs == 1])  # frames with a single pair, the most common, are done at once
    a_Q, b_Q, iou_Q = a_Q[alone_Q], b_Q[alone_Q], iou_Q[alone_Q]
    score_N[np.where(score_N[a_Q] > score_N[b_Q], b_Q, a_Q)] *= 1 - iou_Q
    order_N = np.lexsort((-np.arange(len(row_N)), -score_N, key_N))
    first_F = np.flatnonzero(np.diff(key_N, prepend=-1))
    rank_N = np.arange(len(key_N)) - np.repeat(first_F, np.diff(first_F, append=len(key_N)))
    order_N = order_N[rank_N < BOXES_PER_FRAME]
    return row_N[order_N], score_N[order_N]


def _weights(box_N4: Floats, score_N: Floats) -> Floats:
    """The share of its score that each box of one frame keeps: float64 [N]."""
    iou_NN, weight_N = iou(box_N4, box_N4), np.ones(len(box_N4))
    left = np.argsort(score_N, kind="stable")[::-1]
    while len(left):
        best, others = left[0], left[1:]
        close = iou_NN[best, others] > NMS_IOU
        weight_N[others[close]] = 1 - iou_NN[best, others[close]]
        left = others[~close]
    return weight_N


def _link(key_N: Ints, box_N4: Floats, score_N: Floats, pixel: float) -> Iterator[Ints]:
    """Rules 2 and 3: the rows of each tube; tubes come by first frame, then in the order in which they began."""
    a_Q, b_Q = pairs_in_same_group(key_N, key_N + 1)  # every box with the boxes of the next frame, by rank
    last_pixel = np.array([0, 0, pixel, pixel], np.float64)
    near_Q = paired_iou(box_N4[a_Q] + last_pixel, box_N4[b_Q] + last_pixel) >= LINK_IOU
    next_Q = b_Q[near_Q].tolist()
    bound_N1 = np.searchsorted(a_Q[near_Q], np.arange(len(key_N) + 1)).tolist()
    score = score_N.tolist()

    first_F = np.flatnonzero(np.diff(key_N, prepend=-2))
    bounds = zip(first_F.tolist(), np.append(first_F, len(key_N))[1:].tolist(), strict=True)
    taken = bytearray(len(key_N))
    tubes: list[tuple[list[int], list[float]]] = []  # rows, and a list that holds the sum of their scores
    current: list[tuple[list[int], list[float]]] = []
    frame_before = -2
    for (start, end), frame in zip(bounds, key_N[first_F].tolist(), strict=True):
        if frame != frame_before + 1:
            current = []
        if len(current) > 1:
            current.sort(key=lambda tube: -tube[1][0] / len(tube[0]))  # stable
        going_on = []
        for tube in current:
            rows, total = tube
            last = rows[-1]
            for row in next_Q[bound_N1[last] : bound_N1[last + 1]]:
                if not taken[row]:
                    taken[row] = True
                    rows.append(row)
                    total[0] += score[row]
                    going_on.append(tube)
                    break
        new = [([row], [score[row]]) for row in range(start, end) if not taken[row]]
        tubes += new
        current = going_on + new
        frame_before = frame
    for rows, _ in tubes:
        yield np.array(rows, np.int64)
