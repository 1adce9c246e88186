"""Frame AP by the J-HMDB protocol: the evaluator of MultiSports, which iCLIP and ST-CLIP took over.

A detection of a class is a true positive where its best-overlapping ground truth of that class in its frame reaches
the IoU and no better-scored detection has taken it. Everything else is a false positive: duplicates, detections whose
second-best ground truth would be free, and detections in frames (or videos) without ground truth of the class.

Two things differ from the published evaluators, on purpose: scores are not rounded to five decimals, and equal scores
keep the order of the table, where theirs are sorted by an unstable sort.

Shapes: G ground truths and N detections of one class, detections by falling score; Q pairs of both in one frame.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from zsstad_core.boxes import paired_iou
from zsstad_core.errors import DataError
from zsstad_core.metrics.average_precision import average_precision
from zsstad_core.tables import BOX

type Ints = NDArray[np.int64]
type Floats = NDArray[np.float64]
type Bools = NDArray[np.bool_]


def frame_ap(
    groundtruth: pd.DataFrame, detections: pd.DataFrame, classes: Sequence[str], iou: float = 0.5
) -> pd.DataFrame:
    """Frame AP of each class, one row a class in the order of `classes`, indexed by class_name.

    groundtruth: table `groundtruth`, the rows that count (test videos; `decoded` ones, if only those shall).
    detections: table `detections`, every scored (box, class). Those with a score of 0 or less are not counted.
    classes: what is evaluated; rows of other classes are ignored, in both tables.
    iou: smallest overlap of a true positive, inclusive.

    Columns: ap (float64, 0 to 1; NaN for a class without ground truth, 0 for one without detections), groundtruth,
    detections, true_positives (int64), recall (float64, NaN without ground truth). On equal overlaps the first ground
    truth of the table is the best one. Boxes are unpacked one class at a time.

    Raises DataError where a class is named twice, an annotated (box, class) stands twice, or a score is not finite.
    """
    _refuse_what_cannot_be_counted(groundtruth, detections, classes)
    names = pd.Index(list(classes), dtype="str", name="class_name")
    videos = pd.Index(groundtruth["video_id"].unique())
    truth_class, found_class = _codes(groundtruth["class_name"], names), _codes(detections["class_name"], names)
    truth_frame, found_frame = _frame_keys(groundtruth, videos), _frame_keys(detections, videos)
    score = detections["score"].to_numpy(np.float64)
    rows = []
    for code in range(len(names)):
        truth_G = np.flatnonzero(truth_class == code)
        found_N = np.flatnonzero((found_class == code) & (score > 0))
        found_N = found_N[np.argsort(-score[found_N], kind="stable")]
        truth_G4, found_N4 = _boxes(groundtruth, truth_G), _boxes(detections, found_N)
        hit_N = true_positives(truth_frame[truth_G], truth_G4, found_frame[found_N], found_N4, iou)
        rows.append((average_precision(hit_N, len(truth_G)), len(truth_G), len(found_N), int(hit_N.sum())))
    per_class = pd.DataFrame(rows, index=names, columns=["ap", "groundtruth", "detections", "true_positives"])
    per_class["recall"] = per_class["true_positives"] / per_class["groundtruth"].where(per_class["groundtruth"] > 0)
    return per_class


def _refuse_what_cannot_be_counted(groundtruth: pd.DataFrame, detections: pd.DataFrame, classes: Sequence[str]) -> None:
    twice = [name for name in dict.fromkeys(classes) if list(classes).count(name) > 1]
    if twice:
        raise DataError(f"classes to evaluate: {twice[0]} is named twice; name each class once")
    repeated = groundtruth.duplicated(["video_id", "frame", "box", "class_name"]).to_numpy()
    if repeated.any():
        row = groundtruth.iloc[int(np.flatnonzero(repeated)[0])]
        raise DataError(
            f"ground truth: {row.video_id} frame {row.frame} box {row.box} has class {row.class_name} twice; "
            "annotate each class of a person once"
        )
    infinite = ~np.isfinite(detections["score"].to_numpy(np.float64))
    if infinite.any():
        row = detections.iloc[int(np.flatnonzero(infinite)[0])]
        raise DataError(
            f"detections: {row.video_id} frame {row.frame} box {row.box} {row.class_name}: score is {row.score}; "
            "it must be finite (a head that diverged in training gives such scores)"
        )


def true_positives(truth_frame_G: Ints, truth_G4: Floats, found_frame_N: Ints, found_N4: Floats, iou: float) -> Bools:
    """Which detections of one class are true positives: bool [N]; detections come by falling score.

    truth_frame_G, found_frame_N: the frame of each box, by any numbering. truth_G4, found_N4: the boxes, float64.
    """
    found_Q, truth_Q = _pairs_in_same_frame(truth_frame_G, found_frame_N)
    iou_Q = paired_iou(found_N4[found_Q], truth_G4[truth_Q])
    best = _first_best_of_each(found_Q, iou_Q)
    best = best[iou_Q[best] >= iou]
    _, first_to_come = np.unique(truth_Q[best], return_index=True)
    hit_N = np.zeros(len(found_N4), bool)
    hit_N[found_Q[best[first_to_come]]] = True
    return hit_N


def _pairs_in_same_frame(truth_frame_G: Ints, found_frame_N: Ints) -> tuple[Ints, Ints]:
    """Numbers of every detection with every ground truth of its frame: found_Q (rising), truth_Q (rising in it)."""
    by_frame_G = np.argsort(truth_frame_G, kind="stable")
    first_N = np.searchsorted(truth_frame_G[by_frame_G], found_frame_N, side="left")
    count_N = np.searchsorted(truth_frame_G[by_frame_G], found_frame_N, side="right") - first_N
    found_Q = np.repeat(np.arange(len(found_frame_N)), count_N)
    nth_in_frame_Q = np.arange(len(found_Q)) - np.repeat(np.cumsum(count_N) - count_N, count_N)
    return found_Q, by_frame_G[first_N[found_Q] + nth_in_frame_Q]


def _first_best_of_each(found_Q: Ints, iou_Q: NDArray[np.float64]) -> Ints:
    """The pair of each detection that overlaps most, the first of equals; pairs come grouped by detection."""
    if len(found_Q) == 0:
        return np.empty(0, np.int64)
    starts = np.flatnonzero(np.diff(found_Q, prepend=-1))
    most_Q = np.repeat(np.maximum.reduceat(iou_Q, starts), np.diff(starts, append=len(found_Q)))
    best_Q = np.flatnonzero(iou_Q == most_Q)
    first_best: Ints = best_Q[np.flatnonzero(np.diff(found_Q[best_Q], prepend=-1))]
    return first_best


def _boxes(table: pd.DataFrame, rows: Ints) -> Floats:
    return table[BOX].iloc[rows].to_numpy(np.float64)


def _frame_keys(table: pd.DataFrame, videos: "pd.Index[str]") -> Ints:
    """One int64 a frame, the same in both tables; negative, and so in no ground truth, where the video is not known."""
    keys: Ints = (_codes(table["video_id"], videos) << 32) + table["frame"].to_numpy(np.int64)
    return keys


def _codes(values: "pd.Series[str]", names: "pd.Index[str]") -> Ints:
    """The place of each value in `names`, -1 where it is not there."""
    number_of_value, distinct = pd.factorize(values)
    code_of_number = np.append(names.get_indexer(pd.Index(distinct)), -1).astype(np.int64)
    codes: Ints = code_of_number[number_of_value]
    return codes
