"""Frames that are as full of persons as the detector's limit allows, so that others may have been left out."""

from typing import TYPE_CHECKING, Any

import pandas as pd

from zsstad_core.boxes import select
from zsstad_core.settings.pipeline import Settings

if TYPE_CHECKING:
    from collections.abc import Collection

LIMIT = "detector.persons_per_frame"


def full_frames(boxes: pd.DataFrame, settings: Settings) -> "pd.Series[int]":
    """How many frames of each video (index: video_id) hold as many scored persons as `detector.persons_per_frame`
    keeps; videos without such a frame are absent.

    boxes: table boxes. A frame whose weakest kept person is not scored (`scoring.select`) lost nobody who would be.
    Boxes from a file or of the ground truth have no limit.
    """
    if settings.detector.boxes_from or settings.scoring.boxes != "detected":
        return pd.Series(dtype="int64")
    persons = select(boxes, settings.scoring).groupby(["video_id", "frame"]).size()
    return persons[persons >= settings.detector.persons_per_frame].groupby("video_id").size()


def limits_reached(boxes: pd.DataFrame, videos: "Collection[str]", settings: Settings) -> dict[str, Any]:
    """Entry "limits reached" of metrics.json: of each limit that some frame reached its value, and the number of such
    frames and of their clips. videos: the clips that are evaluated."""
    full = full_frames(boxes[boxes["video_id"].isin(set(videos))], settings)
    if full.empty:
        return {}
    limit = settings.detector.persons_per_frame
    return {LIMIT: {"limit": limit, "frames": int(full.sum()), "clips": len(full)}}
