"""Settings of scoring and evaluation."""

from typing import Annotated, Literal

from pydantic import Field

from zsstad_core.settings.base import HOW, Fraction, Section


class Scoring(Section):
    """Which boxes a head scores, against which labels."""

    boxes: Literal["detected", "groundtruth"] = "detected"
    """Detected persons, or the ground truth's boxes with detection score 1 (the papers' starred rows)."""

    select: Literal["threshold", "first", "margin", "all"] = "threshold"
    """Which detected persons of a frame: score at least `threshold` (iCLIP), the `first` best (ST-CLIP's code), those
    within `margin` of the best (ST-CLIP's paper), or all that were kept."""

    threshold: Fraction = 0.2
    """For `select: threshold`. iCLIP: 0.2."""

    first: Annotated[int, Field(ge=1)] = 3
    """For `select: first`. ST-CLIP's code: 3."""

    margin: Fraction = 0.001
    """For `select: margin`. ST-CLIP's paper: 0.001 on J-HMDB, 0.7 on UCF101-24 and AVA."""

    labels: Literal["own", "all", "unseen", "seen"] = "own"
    """Which labels a test video is scored against: its `own` group's, unseen or seen (the published way on J-HMDB and
    UCF101-24), or `all` of the split (ST-CLIP's way on AVA). `unseen` and `seen`: that group alone is scored and
    counted, against its own labels."""

    voting: Literal["none", "mean", "weighted"] = "none"
    """Single-action assumption: every person of a video gets the mean of its persons' probabilities, all counting the
    same or by detection score (ST-CLIP's soft voting, whose weights are not published). Refused where persons do
    several actions at once; the oracle, who knows the action, does not vote."""

    batch: Annotated[int, HOW, Field(ge=1)] = 64
    """Frames that are scored together."""


class Evaluation(Section):
    """Frame mAP and video mAP, by whose rules (docs/protocols.md), and of which frames."""

    protocol: Literal["multisports", "act", "ava", "voc", "voc07"] = "multisports"
    """Frame AP as MultiSports, iCLIP and ST-CLIP compute it, as ACT and MOC, as AVA's official tool, as PASCAL VOC
    since 2010, or as VOC 2007. Video AP is ACT's with `act`, else MultiSports'."""

    iou: Annotated[float, Field(gt=0, le=1)] = 0.5
    """Smallest overlap of a detection with the ground truth that counts."""

    frames: Literal["all", "annotated", "decoded"] = "all"
    """`all`: every annotated frame, and detections on any frame (the code of MultiSports, ACT, iCLIP and ST-CLIP).
    `annotated`: detections on frames without any annotated person are left out (YOWO). `decoded`: as `all`, without the
    annotated frames that the video does not have."""

    video_iou: list[Annotated[float, Field(gt=0, le=1)] | Literal["0.05:0.45", "0.10:0.90", "0.50:0.95"]] = Field(
        default=[0.2, 0.5, "0.50:0.95"]
    )
    """Video mAP at these overlaps of tubes, or its mean over a range of them, where the ground truth has tubes; an
    empty list for none."""
