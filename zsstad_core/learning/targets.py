"""The targets of training: the actions of persons and clips as class indices or multi-hot rows.

Where a person does one action, the target is a class index. Where a person does several at once (AVA: one pose, and any
number of interactions with objects and persons), it is a row of a multi-hot matrix.

Shapes: R persons, C clips, K classes of a label set.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from zsstad_core.errors import DataError

_PERSON = ["video_id", "frame", "box"]


def class_of_persons(persons: pd.DataFrame, annotated: pd.DataFrame, class_names: Sequence[str]) -> NDArray[np.int64]:
    """The class of each person, as an index into `class_names`: int64 [R], -1 where the person does none of them.

    persons: columns video_id, frame, box, one row a person. annotated: table groundtruth. Raises DataError naming the
    first person with several classes.
    """
    target = annotated.loc[annotated["class_name"].isin(class_names), [*_PERSON, "class_name"]]
    if (several := target.duplicated(_PERSON)).any():
        row = target[several].iloc[0]
        raise DataError(
            f"{row.video_id} frame {row.frame}: a person has several classes; the softmax losses need one: give one "
            "(several need a dataset whose classes have a type: pose, object or person)"
        )
    found = persons[_PERSON].merge(target, on=_PERSON, how="left", validate="one_to_one")
    names = pd.Index(list(class_names))
    index_R: NDArray[np.int64] = names.get_indexer(pd.Index(found["class_name"])).astype(np.int64)
    return index_R


def classes_of_persons(persons: pd.DataFrame, annotated: pd.DataFrame, class_names: Sequence[str]) -> NDArray[np.bool_]:
    """Whether each person does each of `class_names`: bool [R, K]; the tables are those of `class_of_persons`."""
    row = pd.MultiIndex.from_frame(persons[_PERSON]).get_indexer(pd.MultiIndex.from_frame(annotated[_PERSON]))
    place = pd.Index(list(class_names)).get_indexer(pd.Index(annotated["class_name"]))
    known = (row >= 0) & (place >= 0)
    label_RK = np.zeros((len(persons), len(class_names)), bool)
    label_RK[row[known], place[known]] = True
    return label_RK


def class_of_clips(clips: pd.DataFrame, annotated: pd.DataFrame, class_names: Sequence[str]) -> NDArray[np.int64]:
    """The class of each video, as an index into `class_names`: int64 [C].

    clips: column video_id, one row a video. annotated: table groundtruth. Raises DataError naming the first video that
    shows several of the classes, or none.
    """
    shown = annotated.loc[annotated["class_name"].isin(class_names), ["video_id", "class_name"]].drop_duplicates()
    several = shown["video_id"].duplicated(keep=False)
    if several.any():
        video_id = shown.loc[several, "video_id"].iloc[0]
        names = ", ".join(shown.loc[shown["video_id"] == video_id, "class_name"])
        raise DataError(
            f"{video_id}: shows several actions ({names}), and the method judges a clip by one: set clips.of=tracklet, "
            "so that each person's track is a clip"
        )
    found = clips[["video_id"]].merge(shown, on="video_id", how="left", validate="one_to_one")
    none = found.loc[found["class_name"].isna(), "video_id"]
    if len(none):
        raise DataError(
            f"{none.iloc[0]}: shows no action of the label split ({len(none)} such videos); it cannot be trained on"
        )
    class_C: NDArray[np.int64] = pd.Index(list(class_names)).get_indexer(pd.Index(found["class_name"])).astype(np.int64)
    return class_C


def target_of_tracklets(
    clips: pd.DataFrame, tracks: pd.DataFrame, target_R: NDArray[np.int64] | NDArray[np.bool_]
) -> NDArray[np.int64] | NDArray[np.bool_]:
    """The target of each tracklet: the class of its persons, int64 [C], or all classes that they do, bool [C, K].

    clips: columns video_id and clip, one row a tracklet, sorted by them. tracks: columns video_id and track, one row a
    person. target_R: the class of each person, int64 [R], the same for all persons of a tracklet, or its classes, bool
    [R, K].
    """
    keys = pd.MultiIndex.from_frame(clips[["video_id", "clip"]])
    clip_R = keys.get_indexer(pd.MultiIndex.from_frame(tracks[["video_id", "track"]]))
    found = np.zeros((len(clips), *target_R.shape[1:]), target_R.dtype)
    if target_R.dtype == np.bool_:
        np.logical_or.at(found, clip_R, target_R)
    else:
        found[clip_R] = target_R
    return found
