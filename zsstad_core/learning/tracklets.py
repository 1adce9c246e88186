"""Tracklets: which boxes of a video, frame after frame, are the same person.

Shapes: R persons.
"""

from collections.abc import Collection

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from zsstad_core.cache.read import read_artifact_table
from zsstad_core.learning.frame_index import Ints
from zsstad_core.plan.plan import Plan
from zsstad_core.tracks import UNTRACKED

_PERSON = ["video_id", "frame", "box"]


def tracklets_to_score(plan: Plan, persons: pd.DataFrame) -> Ints:
    """The tracklet of each annotated or detected person to score, int64 [R]; each video numbers its own tracklets.

    persons: columns video_id, frame, box. Detected persons have the tracks of the artifact `tracks`; a person whom the
    tracker follows nowhere is a tracklet alone. The tracklets of annotated persons follow from the numbers of their
    boxes (`annotated_tracklets`).
    """
    if plan.tracks is None:
        return annotated_tracklets(persons, searched_frames(plan, persons["video_id"].unique()))
    tracks = read_artifact_table(plan.tracks, "tracks")
    found = persons[_PERSON].merge(tracks, on=_PERSON, how="left", validate="one_to_one")
    track_R = found["track"].fillna(UNTRACKED).to_numpy(np.int64)
    alone_R = track_R == UNTRACKED
    return np.where(alone_R, -1 - np.arange(len(track_R)), track_R)


def annotated_tracklets(persons: pd.DataFrame, frames: pd.DataFrame, action_R: NDArray[np.int64] | None = None) -> Ints:
    """The tracklet of each annotated person, int64 [R], from 1 in each video.

    A box number stands for one person. A tracklet lasts as long as the person is in consecutive rows of `frames`
    (columns video_id, frame: the frames in which persons are looked for) and, where `action_R` is given, does the same
    action. persons: columns video_id, frame, box.
    """
    places = frames[["video_id", "frame"]].assign(place=frames.groupby("video_id").cumcount())
    found = persons[_PERSON].merge(places, on=["video_id", "frame"], how="left", validate="many_to_one")
    found = found.assign(row=np.arange(len(found)), action=0 if action_R is None else action_R)
    found = found.sort_values(["video_id", "box", "place"], kind="stable")
    before = found.shift()
    goes_on = (found[["video_id", "box", "action"]] == before[["video_id", "box", "action"]]).all(axis=1)
    goes_on &= found["place"] - before["place"] == 1
    run = (~goes_on).cumsum()
    number = run - run.groupby(found["video_id"]).transform("min") + 1
    track_R = np.empty(len(found), np.int64)
    track_R[found["row"].to_numpy()] = number.to_numpy(np.int64)
    return track_R


def searched_frames(plan: Plan, videos: Collection[str]) -> pd.DataFrame:
    """The frames of some videos in which persons are looked for, sorted: the dataset's keyframes, or all without
    such."""
    name = "keyframes" if plan.dataset.keyframes else "frames"
    frames = read_artifact_table(plan.index, name)[["video_id", "frame"]].drop_duplicates()
    return frames[frames["video_id"].isin(set(videos))].sort_values(["video_id", "frame"], ignore_index=True)
