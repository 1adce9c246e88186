"""Frame numbers that do not mean the same frames: off by one, from 1, by a constant, in seconds, beyond the end.

Whether annotation and detections are counted alike is read from how their overlap falls off when one is moved along the
video: it must fall as fast to both sides. A best shift alone says little, since most persons hardly move from one frame
to the next (on J-HMDB a frame costs 0.01 of IoU).

Shapes: G annotated boxes, V videos.
"""

import numpy as np
import pandas as pd

from zsstad_core.doctor.finding import Finding
from zsstad_core.doctor.overlap import Floats, annotated_persons, by_video, pairs
from zsstad_core.unplaced import frame_text

_FAR = 30  # the largest shift that is tried
_FEW = 400  # annotated boxes that are compared for it
_STEPS = 5  # by one frame each, to where it is symmetric
_GAIN = 0.1  # in mean IoU, that a far shift or seconds must win
_INSIDE = 0.9  # share of annotated boxes that are on a frame when read as seconds
_SURE = 2.0  # standard errors over videos
_FEWEST_VIDEOS = 4
_LOST = 0.05  # share of annotated boxes without a frame that is a finding; J-HMDB's own is 0.0014
_BEYOND = 0.01  # share of detected boxes beyond the ends of videos; ST-CLIP's own is 0.0014


def annotated_beyond(groundtruth: pd.DataFrame, missing: pd.DataFrame) -> list[Finding]:
    """Annotated boxes on frames that do not exist. Tables groundtruth of test videos: here, and not on disk."""
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
    """Detected boxes on frames that do not exist; from 1, where most videos have one on the frame after the last and
    none on the first. boxes: table boxes; frames: table frames of the same videos, every frame."""
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
    """Annotation and detections that fit better some frames apart.

    persons: table boxes, persons. frames: table frames with the column `fps` of its video; `frame` of all three is a
    number that rises by one from a place to the next (of keyframes: their seconds, unit "second"). given: whether
    detections come from a file, and may be wrong themselves.
    """
    truth = annotated_persons(groundtruth)
    if truth.empty or persons.empty:
        return []
    ends = frames.groupby("video_id")["frame"].agg(["min", "max"])
    if unit == "frame" and (found := _in_seconds(truth, persons, frames, ends)):
        return found
    # What is detected may begin late and end early: where nothing can overlap, nothing leans to a side.
    spans = persons.groupby("video_id")["frame"].agg(["min", "max"]).reindex(ends.index)
    shown = pd.DataFrame({"min": ends["min"].clip(lower=spans["min"]), "max": ends["max"].clip(upper=spans["max"])})
    off = 0
    for _ in range(_FAR):
        off += (step := _far(truth.assign(frame=truth["frame"] + off), persons))
        if abs(step) < _FAR:
            break
    for _ in range(_STEPS):
        # That they are off must be sure; by how much is where it is most likely.
        off += (step := _near(truth.assign(frame=truth["frame"] + off), persons, shown, 0.0 if off else _SURE))
        if not step:
            break
    if not off:
        return []
    moved = truth.assign(frame=truth["frame"] + off)
    inside = _inside(moved, ends)
    inside |= not inside.any()  # as they are, all are beyond the end
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
    """Whether one side holds seconds where frames are due.

    Read so, its boxes must be on frames that exist. Detected ones are compared where they then are: of a file with one
    look a second, most annotated frames have none either way.
    """
    fps = frames.drop_duplicates("video_id").set_index("video_id")["fps"]
    annotated, detected = (rows.assign(frame=_at_seconds(rows, fps)) for rows in (truth, persons))
    reached = truth.merge(detected[["video_id", "frame"]].drop_duplicates(), how="inner")
    exists = _inside(annotated, ends)
    tried = {
        "annotated": (exists.mean(), truth[exists], annotated[exists], persons),
        "detected": (_inside(detected, ends).mean(), reached, reached, detected),
    }
    for side, (share, before, after, found) in tried.items():
        if share < _INSIDE or before.empty:
            continue
        as_is, better = pairs(before, persons).best(), pairs(after, found).best()
        if _clear(by_video(before, better - as_is)):
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


def _at_seconds(rows: pd.DataFrame, fps: "pd.Series[float]") -> "pd.Series[int]":
    rate = rows["video_id"].map(fps).fillna(1.0)
    return (rows["frame"] * rate).round().astype("int64")


def _far(truth: pd.DataFrame, persons: pd.DataFrame) -> int:
    """The shift of the annotation, up to `_FAR`, that clearly raises the overlap most; 0 where none does.

    Frames that do not exist overlap nothing, so a shift that only looks at the few best does not win.
    """
    truth = truth.iloc[:: -(-len(truth) // _FEW)].reset_index(drop=True)
    as_is, best, most = pairs(truth, persons).best(), 0, 0.0
    for shift in [*range(-_FAR, 0), *range(1, _FAR + 1)]:
        gain = pairs(truth.assign(frame=truth["frame"] + shift), persons).best() - as_is
        if gain.mean() > most and _clear(by_video(truth, gain)):
            best, most = shift, float(gain.mean())
    return best


def _clear(gain_V: "pd.Series[float]") -> bool:
    """Whether a gain is large, and most videos show it."""
    return len(gain_V) >= _FEWEST_VIDEOS and gain_V.mean() >= _GAIN and (gain_V > 0).mean() >= 2 / 3


def _near(truth: pd.DataFrame, persons: pd.DataFrame, ends: pd.DataFrame, sure: float) -> int:
    """-1, 0 or 1: round which shift of the annotation the overlap is symmetric, by so many standard errors."""
    for reach in (4, 2, 1):  # short clips have no room for more
        shifts = range(-reach - 1, reach + 2)
        inside = _inside(truth, ends, reach + 1)
        kept = truth[inside].reset_index(drop=True)
        if kept["video_id"].nunique() < _FEWEST_VIDEOS:
            continue
        overlap = {s: pairs(kept.assign(frame=kept["frame"] + s), persons).best() for s in shifts}

        def lean(centre: int, reach: int = reach, overlap: dict[int, Floats] = overlap) -> Floats:
            """How much better boxes overlap behind a shift than before it, mean of all distances, float64 [G]."""
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


def _inside(rows: pd.DataFrame, ends: pd.DataFrame, margin: int = 0) -> "pd.Series[bool]":
    """Rows whose frame exists, and so many before and after it."""
    first, last = (rows["video_id"].map(ends[name]) for name in ("min", "max"))
    return (rows["frame"] - margin >= first) & (rows["frame"] + margin <= last)
