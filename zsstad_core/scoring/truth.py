"""The annotated actions of persons as detections: a perfect classifier, which measures the detector alone."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd

from zsstad_core.boxes import paired_iou
from zsstad_core.tables import BOX, table

IOU = 0.5
"""Smallest IoU, inclusive, at which a person counts as an annotated person."""

_PERSON = ["video_id", "frame", "box"]


def true_actions(
    persons: pd.DataFrame, groundtruth: pd.DataFrame, class_names: Sequence[str], knows: Literal["video", "person"]
) -> pd.DataFrame:
    """Table "detections": probability 1 for each class of `class_names` that is true of a person, no other rows.

    persons: table boxes. groundtruth: table groundtruth. knows: which classes are true of a person:

    video   all classes of its video, wherever they are annotated. For clips of one action that everybody does; the
            published ceilings of J-HMDB are computed this way, with every false detection counted.
    person  the classes of the annotated person of its frame that it overlaps most, from IoU 0.5 on; none where there
            is no such person. For untrimmed videos, and for persons that do different things.
    """
    named = groundtruth[groundtruth["class_name"].isin(class_names)]
    rows = persons[[*_PERSON, *BOX, "score"]]
    if knows == "video":
        rows = rows.merge(named[["video_id", "class_name"]].drop_duplicates(), on="video_id")
    else:
        true = _annotated_as(persons, groundtruth).merge(
            named[[*_PERSON, "class_name"]].rename(columns={"box": "true_box"}), on=["video_id", "frame", "true_box"]
        )
        rows = rows.merge(true[[*_PERSON, "class_name"]], on=_PERSON)
    return table("detections", rows.assign(probability=1.0, box_score=rows["score"].astype(np.float64)))


def _annotated_as(persons: pd.DataFrame, groundtruth: pd.DataFrame) -> pd.DataFrame:
    """Columns video_id, frame, box of the persons that match an annotated one, and true_box, the number of its box."""
    annotated = groundtruth.drop_duplicates(_PERSON)[[*_PERSON, *BOX]]
    pairs = persons[[*_PERSON, *BOX]].merge(
        annotated.rename(columns={name: f"true_{name}" for name in ["box", *BOX]}), on=["video_id", "frame"]
    )
    overlap = paired_iou(pairs[BOX].to_numpy(), pairs[[f"true_{name}" for name in BOX]].to_numpy())
    # Among equal overlaps, take the same box number: where annotated persons are scored, each matches itself.
    pairs = pairs.assign(overlap=overlap, other=pairs["box"] != pairs["true_box"])[overlap >= IOU]
    pairs = pairs.sort_values(["overlap", "other", "true_box"], ascending=[False, True, True], kind="stable")
    return pairs.drop_duplicates(_PERSON)[[*_PERSON, "true_box"]]
