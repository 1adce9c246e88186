"""Soft voting: in a video of one action, all persons get the mean of their probabilities."""

from typing import Literal

import numpy as np
import pandas as pd

from zsstad_core.tables import table


def vote(detections: pd.DataFrame, voting: Literal["mean", "weighted"]) -> pd.DataFrame:
    """Table "detections" in which every person of a video has the same probabilities: the mean over its persons.

    Paper 002, section 5.3 ("we perform soft voting on each person's classification score"), for videos with a single
    action. The paper has no equation for it, and no code is published. That the mean is over all scored persons of all
    frames, and replaces each person's own probabilities, follows from what it is compared with (a video classifier,
    whose class is every person's) and from section 8 (wrongly detected persons vote too). Its weights, if any, are not
    known:

    mean      every person counts the same
    weighted  by detection score; where all scores of a video are 0, every person counts the same

    score = probability x box_score as before. The order of the rows does not matter. Every person must have a row for
    each class that any person of its video has.
    """
    voted = table("detections", detections)
    weight = voted["box_score"] if voting == "weighted" else pd.Series(1.0, index=voted.index)
    by_class = [voted["video_id"], voted["class_name"]]
    sums = weight.groupby(by_class, sort=False).transform("sum")
    weight = weight.where(sums > 0, 1.0)
    sums = weight.groupby(by_class, sort=False).transform("sum")
    probability = (voted["probability"] * weight).groupby(by_class, sort=False).transform("sum") / sums
    # By rounding, a mean may lie outside the range of its terms by a last digit.
    voted["probability"] = np.clip(probability.astype(np.float64), 0.0, 1.0)
    voted["score"] = voted["probability"] * voted["box_score"]
    return voted
