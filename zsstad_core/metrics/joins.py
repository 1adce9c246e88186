"""Whether two files of boxes belong together: their units, and whether their videos, classes and frames have the same
names. Evaluators do not ask: files that do not join have mAP 0, as the official tools print it."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from zsstad_core.lookalikes import refuse_lookalikes
from zsstad_core.metrics.columns import codes, frame_keys, video_names

_NEARLY_ALL, _NEARLY_NONE = 0.99, 0.01
_FRACTION = 2.0  # a detected box may reach beyond the frame, as `ava_files` allows it
_SHOWN = 3


def refuse_names_that_look_alike(
    groundtruth: pd.DataFrame, detections: pd.DataFrame, truth_file: object, found_file: object
) -> None:
    """Raise DataError if a video or class of the detections looks like one of the ground truth, and is another."""
    for what, column in (("video", "video_id"), ("class", "class_name")):
        refuse_lookalikes(
            what, _names(detections[column]), str(found_file), _names(groundtruth[column]), str(truth_file)
        )


def remarks(groundtruth: pd.DataFrame, detections: pd.DataFrame, truth_file: object, found_file: object) -> list[str]:
    """Sentences on what keeps two files apart: none where they belong together.

    groundtruth, detections: columns video_id, frame, class_name, x1, y1, x2, y2. The files are for the sentences.
    """
    if groundtruth.empty or detections.empty:
        empty = [file for file, rows in ((truth_file, groundtruth), (found_file, detections)) if rows.empty]
        return [f"{empty[0]} holds no box, so there is nothing to compare"]
    found = [_other_units(groundtruth, detections, truth_file, found_file)]
    found.append(_nothing_joins(groundtruth, detections, truth_file, found_file))
    return [sentence for sentence in found if sentence]


def _other_units(groundtruth: pd.DataFrame, detections: pd.DataFrame, truth_file: object, found_file: object) -> str:
    truth_G, found_N = (_within(rows) for rows in (groundtruth, detections))  # which boxes may be fractions
    share_G, share_N = truth_G.mean(), found_N.mean()
    if min(share_G, share_N) > _NEARLY_NONE or max(share_G, share_N) < _NEARLY_ALL:
        return ""
    sides = [(truth_G, truth_file), (found_N, found_file)]
    (small, small_file), (large, large_file) = sides if share_G > share_N else sides[::-1]
    return (
        f"{small_file} and {large_file} are in other units: {small.sum()} of {len(small)} boxes of {small_file} end at "
        f"{_FRACTION:g} or before (fractions of the frame), {(~large).sum()} of {len(large)} boxes of {large_file} "
        "beyond (pixels); write both alike"
    )


def _within(rows: pd.DataFrame) -> NDArray[np.bool_]:
    """Whether each box may be in fractions of the frame."""
    within: NDArray[np.bool_] = ((rows["x2"] <= _FRACTION) & (rows["y2"] <= _FRACTION)).to_numpy()
    return within


def _nothing_joins(groundtruth: pd.DataFrame, detections: pd.DataFrame, truth_file: object, found_file: object) -> str:
    """A sentence on the first of video, class, frame and class in a frame that no detection shares."""
    beginning = f"none of the {len(detections)} detections of {found_file} is"
    videos = video_names(groundtruth)
    if not (codes(detections["video_id"], videos) >= 0).any():
        return f"{beginning} of a video of {truth_file} ({_examples(detections['video_id'], groundtruth['video_id'])})"
    classes = pd.Index(_names(groundtruth["class_name"]))
    class_N, class_G = codes(detections["class_name"], classes), codes(groundtruth["class_name"], classes)
    if not (class_N >= 0).any():
        return (
            f"{beginning} of a class of {truth_file} ({_examples(detections['class_name'], groundtruth['class_name'])})"
        )
    frame_N, frame_G = frame_keys(detections, videos), frame_keys(groundtruth, videos)
    frames = np.unique(frame_G)
    on_frame_N = np.isin(frame_N, frames)
    if not on_frame_N.any():
        ranges = (f"{rows['frame'].min()} to {rows['frame'].max()}" for rows in (detections, groundtruth))
        return f"{beginning} on a frame of {truth_file} (frames {' against '.join(ranges)})"
    pair_G = np.searchsorted(frames, frame_G) * (len(classes) + 1) + class_G
    pair_N = np.searchsorted(frames, frame_N) * (len(classes) + 1) + class_N
    if not (np.isin(pair_N, pair_G[class_G >= 0]) & on_frame_N & (class_N >= 0)).any():
        return f"{beginning} of a class that {truth_file} has on the same frame"
    return ""


def _names(column: "pd.Series[str]") -> list[str]:
    return [str(name) for name in column.dropna().unique()]


def _examples(detections: "pd.Series[str]", groundtruth: "pd.Series[str]") -> str:
    """The first names of each side: `a.mp4, b.mp4 against a, b, c, ...`."""
    sides = (sorted(_names(column)) for column in (detections, groundtruth))
    return " against ".join(
        ", ".join([*names[:_SHOWN], *(["..."] if len(names) > _SHOWN else [])]) or "no name" for names in sides
    )
