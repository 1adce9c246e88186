"""Annotated and detected persons on the same frames, and how much they overlap.

Shapes: G annotated boxes, N pairs of an annotated and a detected box.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from zsstad_core.boxes import paired_iou
from zsstad_core.tables import BOX

type Floats = NDArray[np.float64]

_MOST = 4000  # annotated boxes that are compared: enough to estimate a share, and seconds on the largest dataset
_FRAME = ["video_id", "frame"]


@dataclass(frozen=True)
class Pairs:
    """Every annotated box with every detected box of its frame."""

    row_N: NDArray[np.intp]  # the row of the annotated box
    truth_N4: Floats
    found_N4: Floats
    count: int  # G, the number of annotated boxes

    def best(self, truth_N4: Floats | None = None, found_N4: Floats | None = None) -> Floats:
        """The largest overlap of each annotated box with a detected box, float64 [G], 0 without a detected box.

        truth_N4, found_N4: other coordinates to use in place of the annotated or the detected boxes.
        """
        truth_N4 = self.truth_N4 if truth_N4 is None else truth_N4
        overlap_N = paired_iou(truth_N4, self.found_N4 if found_N4 is None else found_N4)
        best_G = np.zeros(self.count)
        np.maximum.at(best_G, self.row_N, overlap_N)
        return best_G


def sample_persons(groundtruth: pd.DataFrame) -> pd.DataFrame:
    """Annotated persons on existing frames, each once (video_id, frame, x1, y1, x2, y2).

    From a large table every n-th row is taken, at most `_MOST`.
    """
    persons = groundtruth[groundtruth["decoded"]].drop_duplicates([*_FRAME, "box"])
    step = -(-len(persons) // _MOST) if len(persons) else 1
    return persons[[*_FRAME, *BOX]].iloc[::step].reset_index(drop=True)


def pairs(truth: pd.DataFrame, found: pd.DataFrame) -> Pairs:
    """Pair the boxes of two tables with the columns video_id, frame, x1, y1, x2, y2."""
    left = truth[[*_FRAME, *BOX]].assign(row=np.arange(len(truth)))
    both = left.merge(found[[*_FRAME, *BOX]], on=_FRAME, suffixes=("", "_found"))
    return Pairs(
        both["row"].to_numpy(np.intp),
        both[BOX].to_numpy(np.float64),
        both[[f"{side}_found" for side in BOX]].to_numpy(np.float64),
        len(truth),
    )


def by_video(truth: pd.DataFrame, value_G: Floats) -> "pd.Series[float]":
    """The mean of a value in each video: boxes of one video are not independent, videos are."""
    return pd.Series(value_G).groupby(truth["video_id"].to_numpy()).mean()
