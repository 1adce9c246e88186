"""Frame AP as the official AVA tool computes it (ActivityNet's get_ava_performance.py).

It differs from `frame_map` in what is counted and in how ties are broken:

1. of each keyframe the best 50 detections are counted, of all evaluated classes together;
2. detections on keyframes without ground truth are ignored. A keyframe whose only ground truth is of a class that is
   not evaluated does count, and so does a keyframe that the ground truth names without a box;
3. detected boxes without area are dropped after the best 50 are taken;
4. equal scores: within a keyframe the order is that of heapq over (score, class, y1, x1, y2, x2), pushed in the
   order of the table, which also decides which are among the 50; matching goes by that order. In the ranking of a
   class, equal scores come in reverse: the later keyframe (by first detection in the table) and the later detection
   first, as argsort()[::-1] of a stable sort has it. numpy's default sort is not stable, so no file with ties has one
   official AP.

Never-predicted classes with ground truth have AP 0, classes without ground truth NaN. Excluded keyframes lose their
ground truth and their detections.

Shapes: N detections of a class; R detections of all classes on counted keyframes.
"""

import heapq
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from zsstad_core.metrics.columns import (
    COUNTS,
    add_recall,
    boxes_of,
    codes,
    frame_keys,
    refuse_invalid,
    rows_of_each_class,
    video_names,
)
from zsstad_core.metrics.matching import Ints, true_positives
from zsstad_core.metrics.protocols import FRAME
from zsstad_core.tables import BOX

CAP = 50

type Floats = NDArray[np.float64]


def ava_ap(
    groundtruth: pd.DataFrame,
    detections: pd.DataFrame,
    classes: Sequence[str],
    iou: float = 0.5,
    keyframes: pd.DataFrame | None = None,
    excluded: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Frame AP of each class by the official AVA tool: a table like that of `frame_ap`.

    groundtruth, detections: columns video_id, frame, class_name, x1, y1, x2, y2, and in detections score; boxes in
    pixels or fractions of the frame. Rows of other classes are not evaluated, but their keyframes count. classes: in
    the order of their ids, which decides ties. keyframes: rows (video_id, frame) that count even without ground truth.
    excluded: rows (video_id, frame) that do not count.

    Raises DataError if a class is named twice or a score is not finite.
    """
    refuse_invalid(groundtruth, detections, classes, iou)
    tables = [table for table in (keyframes, excluded) if table is not None]
    names, videos = pd.Index(list(classes), dtype="str", name="class_name"), video_names(groundtruth, *tables)
    truth_frame = frame_keys(groundtruth, videos)
    counted = np.unique(truth_frame)
    if keyframes is not None:
        counted = np.union1d(counted, frame_keys(keyframes, videos))
    if excluded is not None:
        counted = np.setdiff1d(counted, frame_keys(excluded, videos))
    truth_class = np.where(_is_among(truth_frame, counted), codes(groundtruth["class_name"], names), -1)

    found = evaluated_detections(detections, names, videos, counted)
    score = detections["score"].to_numpy(np.float64)
    found_frame = frame_keys(detections[["video_id", "frame"]].iloc[found], videos)
    found_class = codes(detections["class_name"].iloc[found], names)
    rows = []
    for truth_G, within_N in zip(
        rows_of_each_class(truth_class, len(names)), rows_of_each_class(found_class, len(names)), strict=True
    ):
        hit_N = true_positives(
            truth_frame[truth_G],
            boxes_of(groundtruth, truth_G),
            found_frame[within_N],
            boxes_of(detections, found[within_N]),
            iou,
        )
        ranked_N = np.argsort(score[found[within_N]], kind="stable")[::-1]
        ap = FRAME["ava"].area(hit_N[ranked_N], len(truth_G))
        rows.append((ap, len(truth_G), len(within_N), int(hit_N.sum())))
    return add_recall(pd.DataFrame(rows, index=names, columns=COUNTS))


def _is_among(keys: Ints, sorted_keys: Ints) -> NDArray[np.bool_]:
    place = np.minimum(np.searchsorted(sorted_keys, keys), max(len(sorted_keys) - 1, 0))
    return sorted_keys[place] == keys if len(sorted_keys) else np.zeros(len(keys), bool)


def evaluated_detections(
    detections: pd.DataFrame, names: "pd.Index[str]", videos: "pd.Index[str]", counted: Ints
) -> Ints:
    """Row numbers of the detections that count, keyframe by keyframe, each keyframe in the official tool's order."""
    class_code = codes(detections["class_name"], names)
    key = frame_keys(detections, videos)
    row_R = np.flatnonzero((class_code >= 0) & _is_among(key, counted))
    frame_R = pd.factorize(key[row_R])[0].astype(np.int32)  # keyframes by their first detection
    del key
    score_R = detections["score"].to_numpy(np.float64)[row_R]
    order_R = np.lexsort((-score_R, frame_R))  # stable
    row_R, frame_R, score_R = row_R[order_R], frame_R[order_R], score_R[order_R]
    del order_R
    start_F = np.flatnonzero(np.diff(frame_R, prepend=-1))
    rank_R = np.arange(len(row_R)) - np.repeat(start_F, np.diff(start_F, append=len(row_R)))
    kept = rank_R < CAP
    tied = _frames_with_ties(frame_R, score_R, class_code[row_R], rank_R, kept)
    if len(tied):
        end_F = np.append(start_F[1:], len(row_R))
        boxes = [detections[side].to_numpy(np.float64) for side in ("y1", "x1", "y2", "x2")]
        for frame in tied.tolist():
            rows = np.sort(row_R[start_F[frame] : end_F[frame]])
            official = _official_order(
                rows, detections["score"].to_numpy()[rows], class_code[rows], *(b[rows] for b in boxes)
            )
            row_R[start_F[frame] : start_F[frame] + len(official)] = official
    row_K = row_R[kept]
    x1, y1, x2, y2 = (detections[side].to_numpy()[row_K] for side in BOX)
    chosen: Ints = row_K[(x1 < x2) & (y1 < y2)]
    return chosen


def _frames_with_ties(
    frame_R: NDArray[np.int32],
    score_R: Floats,
    class_R: NDArray[np.int32],
    rank_R: Ints,
    kept_R: NDArray[np.bool_],
) -> Ints:
    """Keyframes in which tied scores decide which detections count, or the order of two detections of one class."""
    first_out = np.flatnonzero(rank_R == CAP)
    at_the_cap = frame_R[first_out[score_R[first_out] == score_R[first_out - 1]]]
    frame_K, score_K, class_K = frame_R[kept_R], score_R[kept_R], class_R[kept_R]
    order = np.lexsort((class_K, score_K, frame_K))
    frame_K, score_K, class_K = frame_K[order], score_K[order], class_K[order]
    same = (frame_K[1:] == frame_K[:-1]) & (score_K[1:] == score_K[:-1]) & (class_K[1:] == class_K[:-1])
    frames: Ints = np.union1d(at_the_cap, frame_K[1:][same]).astype(np.int64)
    return frames


def _official_order(rows: Ints, *columns: NDArray[np.generic]) -> list[int]:
    """The rows of one keyframe that count, in the order of the official tool's heap.

    columns: score, class, y1, x1, y2, x2.
    """
    heap: list[tuple[float, ...]] = []
    rows_of: dict[tuple[float, ...], list[int]] = {}  # not in the heap: the rows of equal entries must not be compared
    for row, *values in zip(rows.tolist(), *(column.tolist() for column in columns), strict=True):
        entry = tuple(values)
        rows_of.setdefault(entry, []).append(row)
        if len(heap) < CAP:
            heapq.heappush(heap, entry)
        elif entry[0] > heap[0][0]:
            heapq.heapreplace(heap, entry)
    return [rows_of[entry].pop() for entry in sorted(heap, key=lambda kept: -kept[0])]
