"""Checks for frame numbers that mean other frames: off by a constant, counted from 1, in seconds, beyond the end.

The overlap of annotated and detected boxes shows whether both number the frames alike: if one is shifted along the
video, the overlap must fall equally fast in both directions. The best shift alone says little, since most persons
hardly move from one frame to the next (on J-HMDB a frame costs 0.01 of IoU).

Shapes: G annotated boxes, V videos.
"""

import numpy as np
import pandas as pd

from zsstad_core.doctor.finding import Finding
from zsstad_core.doctor.overlap import Floats, by_video, pairs, sample_persons
from zsstad_core.unplaced import frame_text

_LARGEST_SHIFT = 30  # the largest shift that is tried
_FAR_BOXES = 400  # annotated boxes that are compared for a large shift
_STEPS = 5  # shifts by one frame until the overlap is symmetric
_GAIN = 0.1  # mean IoU by which a large shift, or reading numbers as seconds, must win
_INSIDE = 0.9  # share of boxes that must lie on an existing frame when their numbers are read as seconds
_SURE = 2.0  # standard errors over videos
_FEWEST_VIDEOS = 4
_LOST = 0.05  # share of annotated boxes without a frame that is a finding; in J-HMDB it is 0.0014
_BEYOND = 0.01  # share of detected boxes beyond the ends of videos that is a finding; in ST-CLIP's file it is 0.0014


def annotated_beyond(groundtruth: pd.DataFrame, missing: pd.DataFrame) -> list[Finding]:
    """Find annotated boxes on frames that do not exist.

    groundtruth, missing: tables groundtruth of the test videos on disk, and of the missing test videos.
    """
    persons = pd.concat([groundtruth, missing]).drop_duplicates(["video_id", "frame", "box"])
    lost = persons[~persons["decoded"]]
    if len(lost) <= _LOST * len(persons):
        return []
    absent = set(missing["video_id"])
    first = lost.iloc[0]
    beyond = lost.loc[~lost["video_id"].isin(absent), "video_id"].nunique()
    where = [f"{len(absent)} videos are not there or not readable"] if absent else []
    where += [f"{beyond} videos end before their annotation"] if beyond else []
    return [
        Finding(
            "annotated frames that do not exist",
            f"{len(lost)} of {len(persons)} annotated test boxes ({' and '.join(where)}), all counted as missed",
            f"{first['video_id']} {frame_text(int(first['frame']))}",
            "fetch the videos that lack (make status lists them), or check that annotation and videos are the same cut",
        )
    ]


def detected_beyond(boxes: pd.DataFrame, frames: pd.DataFrame) -> list[Finding]:
    """Find detected boxes on frames that do not exist.

    Frames are counted from 1 if most videos have a box on the frame after the last and none on the first. boxes: table
    boxes. frames: table frames of the same videos, with every frame.
    """
    count = frames.groupby("video_id")["frame"].max() + 1
    frame, length = boxes["frame"].to_numpy(), boxes["video_id"].map(count).fillna(0).to_numpy()
    beyond = boxes[frame >= length]
    if len(beyond) <= _BEYOND * len(boxes):
        return []
    spans = boxes.groupby("video_id")["frame"].agg(["min", "max"])
    from_one = spans[(spans["min"] > 0) & (spans["max"] == count.reindex(spans.index))]
    first = beyond.iloc[0]
    counted = f", {len(from_one)} of {len(spans)} videos have boxes from frame 1 to one behind the last"
    numbered = len(from_one) > len(spans) / 2
    return [
        Finding(
            "detected boxes counted from 1" if numbered else "detected boxes on frames that do not exist",
            f"{len(beyond)} of {len(boxes)} boxes{counted if numbered else ''}",
            f"{first['video_id']} frame {int(first['frame'])} of {int(count.get(first['video_id'], 0))}",
            "write frames from 0 into detector.boxes_from"
            if numbered
            else "check that detector.boxes_from was made of these videos, with frames from 0",
        )
    ]


def shifted(
    groundtruth: pd.DataFrame, persons: pd.DataFrame, frames: pd.DataFrame, given: bool, unit: str = "frame"
) -> list[Finding]:
    """Find annotation and detections that fit better some frames apart.

    persons: the persons of table boxes. frames: table frames with the column `fps` of its video. In all three tables
    `frame` is a number that rises by one from one place to the next (for keyframes it is the second, unit "second").
    given: whether detections come from a file, which may be wrong.
    """
    truth = sample_persons(groundtruth)
    if truth.empty or persons.empty:
        return []
    ends = frames.groupby("video_id")["frame"].agg(["min", "max"])
    if unit == "frame" and (found := _in_seconds(truth, persons, frames, ends)):
        return found
    # Detections may begin late and end early: only frames on which boxes can overlap show a shift.
    spans = persons.groupby("video_id")["frame"].agg(["min", "max"]).reindex(ends.index)
    shown = pd.DataFrame({"min": ends["min"].clip(lower=spans["min"]), "max": ends["max"].clip(upper=spans["max"])})
    off = 0
    for _ in range(_LARGEST_SHIFT):
        off += (step := _large_shift(truth.assign(frame=truth["frame"] + off), persons))
        if abs(step) < _LARGEST_SHIFT:
            break
    for _ in range(_STEPS):
        # The first step needs certainty that the numbers are off; the others go to the most likely shift.
        off += (step := _one_step(truth.assign(frame=truth["frame"] + off), persons, shown, 0.0 if off else _SURE))
        if not step:
            break
    if not off:
        return []
    moved = truth.assign(frame=truth["frame"] + off)
    inside = _is_inside(moved, ends)
    inside |= not inside.any()  # if no frame is inside, all are compared
    as_is, better = (pairs(rows[inside], persons).best() for rows in (truth, moved))
    at = truth[inside].iloc[int(np.argmax(better - as_is))]
    high = "low" if off > 0 else "high"
    one = " (counted from 1?)" if abs(off) == 1 else ""
    these = "annotated frames" if unit == "frame" else "annotated seconds"
    sides = f"{these} are {abs(off)} too {high}{one if off < 0 else ''}"
    if given:
        sides += f", or those of detector.boxes_from {abs(off)} too {'high' if off > 0 else 'low'}"
        sides += one if off > 0 else ""
    return [
        Finding(
            f"{unit}s off by {abs(off)}",
            f"{sides}: the mean IoU of {int(inside.sum())} annotated boxes is {as_is.mean():.3f} as it is and "
            f"{better.mean():.3f} so, over {truth['video_id'].nunique()} videos",
            f"{at['video_id']} {unit} {int(at['frame'])}",
            f"count both from the same {unit}",
        )
    ]


def _in_seconds(truth: pd.DataFrame, persons: pd.DataFrame, frames: pd.DataFrame, ends: pd.DataFrame) -> list[Finding]:
    """Find out whether annotation or detections hold seconds in place of frames.

    Read as seconds, the boxes must lie on frames that exist. Detections are compared only on the frames to which their
    seconds lead: a file with one frame a second has no box on most annotated frames.
    """
    fps = frames.drop_duplicates("video_id").set_index("video_id")["fps"]
    annotated, detected = (rows.assign(frame=_seconds_as_frames(rows, fps)) for rows in (truth, persons))
    reached = truth.merge(detected[["video_id", "frame"]].drop_duplicates(), how="inner")
    exists = _is_inside(annotated, ends)
    tried = {
        "annotated": (exists.mean(), truth[exists], annotated[exists], persons),
        "detected": (_is_inside(detected, ends).mean(), reached, reached, detected),
    }
    for side, (share, before, after, found) in tried.items():
        if share < _INSIDE or before.empty:
            continue
        as_is, better = pairs(before, persons).best(), pairs(after, found).best()
        if _is_clear(by_video(before, better - as_is)):
            at = before.iloc[int(np.argmax(better - as_is))]
            return [
                Finding(
                    f"{side} boxes in seconds, not frames",
                    f"the mean IoU of {len(before)} annotated boxes is {as_is.mean():.3f} as it is and "
                    f"{better.mean():.3f} so, over {before['video_id'].nunique()} videos",
                    f"{at['video_id']} frame {int(at['frame'])}",
                    "write frame numbers: seconds times the video's frame rate",
                )
            ]
    return []


def _seconds_as_frames(rows: pd.DataFrame, fps: "pd.Series[float]") -> "pd.Series[int]":
    rate = rows["video_id"].map(fps).fillna(1.0)
    return (rows["frame"] * rate).round().astype("int64")


def _large_shift(truth: pd.DataFrame, persons: pd.DataFrame) -> int:
    """The shift of the annotation, up to `_LARGEST_SHIFT`, that clearly raises the overlap most; 0 if none does.

    On frames that do not exist nothing overlaps, so a shift that leaves only a few good boxes does not win.
    """
    truth = truth.iloc[:: -(-len(truth) // _FAR_BOXES)].reset_index(drop=True)
    as_is, best, most = pairs(truth, persons).best(), 0, 0.0
    for shift in [*range(-_LARGEST_SHIFT, 0), *range(1, _LARGEST_SHIFT + 1)]:
        gain = pairs(truth.assign(frame=truth["frame"] + shift), persons).best() - as_is
        if gain.mean() > most and _is_clear(by_video(truth, gain)):
            best, most = shift, float(gain.mean())
    return best


def _is_clear(gain_V: "pd.Series[float]") -> bool:
    """Whether a gain is large, and most videos have it."""
    return len(gain_V) >= _FEWEST_VIDEOS and gain_V.mean() >= _GAIN and (gain_V > 0).mean() >= 2 / 3


def _one_step(truth: pd.DataFrame, persons: pd.DataFrame, ends: pd.DataFrame, sure: float) -> int:
    """-1, 0 or 1: the shift of the annotation about which the overlap is symmetric, by `sure` standard errors."""
    for reach in (4, 2, 1):  # short clips have no room for more
        shifts = range(-reach - 1, reach + 2)
        inside = _is_inside(truth, ends, reach + 1)
        kept = truth[inside].reset_index(drop=True)
        if kept["video_id"].nunique() < _FEWEST_VIDEOS:
            continue
        overlap = {s: pairs(kept.assign(frame=kept["frame"] + s), persons).best() for s in shifts}

        def lean(centre: int, reach: int = reach, overlap: dict[int, Floats] = overlap) -> Floats:
            """By how much boxes overlap more after a shift than before it, mean over all distances, float64 [G]."""
            apart = range(1, reach + 1)
            return np.mean([overlap[centre + d] - overlap[centre - d] for d in apart], axis=0)

        for side in (-1, 1):
            # Symmetric beyond half a frame: at half a frame it still leans to that side.
            if _surely_positive(by_video(kept, side * (lean(0) + lean(side)) / 2), sure):
                return side
        return 0
    return 0


def _surely_positive(value_V: "pd.Series[float]", sure: float) -> bool:
    error = value_V.std(ddof=1) / np.sqrt(len(value_V))
    return bool(value_V.mean() > sure * error and value_V.mean() > 0)


def _is_inside(rows: pd.DataFrame, ends: pd.DataFrame, margin: int = 0) -> "pd.Series[bool]":
    """Whether the frame of each row exists, and `margin` frames before and after it: bool [rows]."""
    first, last = (rows["video_id"].map(ends[name]) for name in ("min", "max"))
    return (rows["frame"] - margin >= first) & (rows["frame"] + margin <= last)
