"""Link frame detections to tubes: the greedy linking of ACT, MOC and MultiSports, for detections of single frames.

For each class of a video, frame after frame (ACT's `BuildTubes` with tubelets of one frame, which is what mmaction2
runs for MultiSports):

1. soft suppression in each frame (`suppression.py`);
2. tubes, by falling mean score, take the free box with the best score that overlaps their last box by 0.5 or more; a
   tube that finds no box in the very next frame has ended;
3. boxes that no tube took start new tubes;
4. tubes with a mean score below 0.005 or shorter than 15 frames are dropped.

Where scores are equal, the later box of a frame comes first, as in the reversed sort of the published code, and the
tube that began first. mmaction2 gives every box the score of the table's last row; here each box keeps its score.

What happens in one class of a video, from one gap between frames to the next, concerns no other such run of frames.
Where each box overlaps at most one box of the next frame, and no other box does, there is no choice; in the other runs
the tubes choose frame by frame, all runs side by side (`linking_steps.py`).

Shapes: N detections by class, video, frame and rank in the frame; F frames; Q pairs of a detection with one of the next
frame that overlaps it.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from zsstad_core.boxes import paired_iou
from zsstad_core.metrics.columns import boxes_of, codes, rows_of_each_class
from zsstad_core.metrics.linking_steps import follow_chains, renamed, take_steps
from zsstad_core.metrics.matching import Floats, Ints, pairs_in_same_group
from zsstad_core.metrics.protocols import video_rules
from zsstad_core.metrics.suppression import suppress_in_frames
from zsstad_core.progress import watched
from zsstad_core.tables import BOX

LINK_IOU = 0.5
SHORTEST, LOWEST_SCORE = 15, 0.005

_ROWS_AT_ONCE = 1 << 17


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
    rows, tube, score, tubes = [np.empty(0, np.int64)], [np.empty(0, np.int64)], [np.empty(0)], 0
    score_of_row = detections["score"].to_numpy(np.float64)
    for row_N, key_N in _parts(detections, classes):
        kept, score_N = suppress_in_frames(key_N, boxes_of(detections, row_N), score_of_row[row_N])
        row_N, key_N = row_N[kept], key_N[kept]
        tube_N = _link(key_N, boxes_of(detections, row_N), score_N, rules.pixel)
        length_T = np.bincount(tube_N)
        lasting_T = (length_T >= shortest) & (np.bincount(tube_N, score_N) >= lowest_score * length_T)
        by_tube = np.argsort(tube_N, kind="stable")
        by_tube = by_tube[lasting_T[tube_N[by_tube]]]
        rows.append(row_N[by_tube])
        score.append(score_N[by_tube])
        tube.append(tubes + (np.cumsum(lasting_T) - 1)[tube_N[by_tube]])
        tubes += int(lasting_T.sum())
    linked = detections[["video_id", "class_name", "frame", *BOX]].iloc[np.concatenate(rows)].reset_index(drop=True)
    linked.insert(2, "tube", np.concatenate(tube))
    return linked.assign(score=np.concatenate(score))


def _parts(detections: pd.DataFrame, classes: Sequence[str]) -> Iterator[tuple[Ints, Ints]]:
    """The rows of the classes by class, video and frame, in parts that fit a processor's cache; each with a key.

    Frames of a class that follow each other have keys that do. No video of a class is cut.
    """
    names, video_ids = pd.Index(list(classes), dtype="str"), pd.Index(sorted(detections["video_id"].unique()))
    video = codes(detections["video_id"], video_ids).astype(np.int64)
    frame = detections["frame"].to_numpy(np.int64)
    waiting: list[tuple[Ints, Ints]] = []
    rows_of_classes = rows_of_each_class(codes(detections["class_name"], names), len(names))
    for number, row_N in enumerate(watched(rows_of_classes, "tubes", len(names), "classes")):
        key_N = ((number * len(video_ids) + video[row_N]) << 32) + frame[row_N]
        by_frame = np.argsort(key_N, kind="stable")
        waiting.append((row_N[by_frame], key_N[by_frame]))
        if number < len(names) - 1 and sum(len(rows) for rows, _ in waiting) < _ROWS_AT_ONCE:
            continue
        row_N, key_N = (np.concatenate(arrays) for arrays in zip(*waiting, strict=True))
        new_video = np.flatnonzero(np.diff(key_N >> 32)) + 1
        wanted = np.arange(_ROWS_AT_ONCE, len(row_N), _ROWS_AT_ONCE)
        cuts = np.unique(new_video[np.searchsorted(new_video, wanted[wanted <= new_video.max(initial=0)])])
        yield from zip(np.split(row_N, cuts), np.split(key_N, cuts), strict=True)
        waiting = []


def _link(key_N: Ints, box_N4: Floats, score_N: Floats, pixel: float) -> Ints:
    """Rules 2 and 3: the tube of each detection, int64 [N]; tubes are numbered in the order of their first boxes.

    key_N: the class, video and frame of each detection; consecutive frames have consecutive keys.
    """
    box_4N = np.ascontiguousarray(box_N4.T + np.array([[0], [0], [pixel], [pixel]], np.float64))
    a_Q, b_Q = pairs_in_same_group(key_N, key_N + 1)
    near_Q = paired_iou(np.take(box_4N, a_Q, axis=1).T, np.take(box_4N, b_Q, axis=1).T) >= LINK_IOU
    a_Q, b_Q = a_Q[near_Q], b_Q[near_Q]
    first_N = follow_chains(a_Q, b_Q, len(key_N))
    run_N, step_N = _runs(key_N)
    several_N = (np.bincount(a_Q, minlength=len(key_N)) > 1) | (np.bincount(b_Q, minlength=len(key_N)) > 1)
    contested = np.zeros(run_N[-1] + 1 if len(run_N) else 0, bool)
    contested[run_N[several_N]] = True  # there, tubes must choose
    rows = np.flatnonzero(contested[run_N])
    rows = rows[np.argsort(step_N[rows], kind="stable")]
    first_N[rows] = rows[take_steps(run_N[rows], step_N[rows], score_N[rows], *renamed(rows, a_Q, b_Q, len(key_N)))]
    number_N = np.cumsum(first_N == np.arange(len(key_N))) - 1
    tube_N: Ints = number_N[first_N]
    return tube_N


def _runs(key_N: Ints) -> tuple[Ints, Ints]:
    """The run of consecutive frames that each detection is in, rising, and the place of its frame in the run."""
    new_frame_N = np.diff(key_N, prepend=-2) != 0
    frame_N, key_F = np.cumsum(new_frame_N) - 1, key_N[new_frame_N]
    new_run_F = np.diff(key_F, prepend=-2) != 1
    run_F = np.cumsum(new_run_F) - 1
    step_F = np.arange(len(key_F)) - np.flatnonzero(new_run_F)[run_F]
    return run_F[frame_N], step_F[frame_N]
