"""Overlap of boxes, and which detected persons a head scores.

Boxes are `x1, y1, x2, y2`; areas are plain products, without the +1 pixel of older evaluators. All overlaps are
computed in float64 from unrounded coordinates.

Shapes: N, M boxes of two sets, compared all with all; P rows of person boxes.
"""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from zsstad_core.errors import DataError
from zsstad_core.settings.results import Scoring

type Floats = NDArray[np.float64]


def iou(a_N4: ArrayLike, b_M4: ArrayLike) -> Floats:
    """Intersection over union of every a with every b: float64 [N, M], 0 if either box has no area."""
    a_N4, b_M4 = np.asarray(a_N4, np.float64), np.asarray(b_M4, np.float64)
    return paired_iou(a_N4[:, None, :], b_M4[None, :, :])


def paired_iou(a_N4: ArrayLike, b_N4: ArrayLike) -> Floats:
    """Intersection over union of each a with the b of the same row: float64 [N], 0 if either box has no area."""
    a_N4, b_N4 = np.asarray(a_N4, np.float64), np.asarray(b_N4, np.float64)
    width_N = np.minimum(a_N4[..., 2], b_N4[..., 2]) - np.maximum(a_N4[..., 0], b_N4[..., 0])
    height_N = np.minimum(a_N4[..., 3], b_N4[..., 3]) - np.maximum(a_N4[..., 1], b_N4[..., 1])
    shared_N = np.maximum(width_N, 0) * np.maximum(height_N, 0)
    union_N = _area(a_N4) + _area(b_N4) - shared_N
    iou_N: Floats = np.divide(shared_N, union_N, out=np.zeros_like(shared_N), where=shared_N > 0)
    return iou_N


def _area(box_N4: Floats) -> Floats:
    area_N: Floats = (box_N4[..., 2] - box_N4[..., 0]) * (box_N4[..., 3] - box_N4[..., 1])
    return area_N


def select(boxes: pd.DataFrame, scoring: Scoring) -> pd.DataFrame:
    """The persons of table `boxes` that a head scores, by the rule `scoring.select`; rows keep order and index.

    threshold   score >= `threshold` (iCLIP, `TEST.BOX_THRESH`)
    first       the `first` highest scores of each frame, equal scores in the order of box numbers (ST-CLIP's code)
    margin      the highest score S of each frame, and every other score > S - `margin` (ST-CLIP's paper)
    all         every person

    Scores are float32, so limits are rounded to float32 before they are compared: a score written 0.7 passes 0.7.
    Raises DataError if the rows are not sorted by video and frame with falling scores inside a frame.
    """
    persons = boxes[boxes["what"] == "person"]
    score_P = persons["score"].to_numpy(np.float32)
    match scoring.select:
        case "all":
            keep_P = np.ones(len(persons), bool)
        case "threshold":
            keep_P = score_P >= np.float32(scoring.threshold)
        case "first":
            keep_P = _rank_in_frame(persons)[0] < scoring.first
        case "margin":
            rank_P, first_row_P = _rank_in_frame(persons)
            limit_P = (score_P[first_row_P].astype(np.float64) - scoring.margin).astype(np.float32)
            keep_P = (rank_P == 0) | (score_P > limit_P)
    return persons[keep_P]


def _rank_in_frame(persons: pd.DataFrame) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """For each row its rank in its frame (from 0) and the number of its frame's first row: two int arrays [P]."""
    video_P = pd.factorize(persons["video_id"])[0]
    frame_P, score_P = persons["frame"].to_numpy(np.int64), persons["score"].to_numpy()
    next_video, same_video = video_P[1:] > video_P[:-1], video_P[1:] == video_P[:-1]
    next_frame, same_frame = frame_P[1:] > frame_P[:-1], frame_P[1:] == frame_P[:-1]
    in_order = next_video | (same_video & (next_frame | (same_frame & (score_P[1:] <= score_P[:-1]))))
    if not in_order.all():
        row = persons.iloc[int(np.flatnonzero(~in_order)[0]) + 1]
        raise DataError(
            f"table boxes: {row.video_id} frame {row.frame} box {row.box} (score {row.score}) is out of order; rows "
            "must be sorted by video and frame, with falling scores inside a frame: run the detect stage again"
        )
    starts_P = np.concatenate([np.ones(min(len(persons), 1), bool), ~(same_video & same_frame)])
    row_P = np.arange(len(persons))
    first_row_P = np.maximum.accumulate(np.where(starts_P, row_P, 0))
    return row_P - first_row_P, first_row_P
