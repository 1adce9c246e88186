"""Settings of scoring and evaluation."""

from typing import Annotated, Literal

from pydantic import Field

from zsstad_core.settings.base import BY_DIGEST, HOW, Fraction, Section


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
    several actions at once; a method that knows the action from the annotation does not vote."""

    similarities: Annotated[bool, BY_DIGEST] = False
    """Keep beside each probability the similarity that it comes from, the cosine of the person's and the label's
    tokens (table similarities); `make ask` reads it."""

    batch: Annotated[int, HOW, Field(ge=1)] = 64
    """Frames that are scored together."""


class Tracks(Section):
    """Persons followed through a video (ByteTrack), for what is shown of it. Scores depend on it only where a method
    judges tracklets of detected persons (`clips.of`)."""

    lost_after: Annotated[float, Field(ge=0)] = 1.0
    """Seconds after which a person who is not found any more is given up; one who comes back later is a new one."""

    high_score: Fraction = 0.4
    """Detection score from which on a box may begin a track; weaker ones only continue those that are there."""


class Ask(Section):
    """`make ask`: when a person is said to do something (docs/ask.md)."""

    threshold: Annotated[Fraction | None, HOW] = None
    """Probability below which a person is labelled nothing; empty: a quarter more than by chance, 1.25 / labels."""

    similarity: Annotated[Annotated[float, Field(ge=-1, le=1)] | None, HOW] = None
    """Similarity below which a person is labelled nothing, whatever the probability: the labels may all be wrong.
    Empty: it does not matter."""

    smoothing: Annotated[Literal["none", "window", "exponential"], HOW] = "window"
    """Along a track, a score becomes the mean of those around it (`window`), or of those up to it, which count less
    the older they are (`exponential`)."""

    seconds: Annotated[float, HOW, Field(gt=0)] = 1.0
    """Of the window, its length; of the exponential, the time in which a score's weight falls to 1/e."""


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


class Report(Section):
    """What the page of `make report` shows (docs/report.md)."""

    clips: Annotated[int, HOW, Field(ge=0)] = 12
    """Clips in the player: in turn one of each unseen class, one of a best moment and one of a worst."""

    frames: Annotated[int, HOW, Field(ge=1)] = 300
    """Most frames of a clip. Of a longer video a stretch is shown around what it is shown for."""

    moments: Annotated[int, HOW, Field(ge=0)] = 2
    """Frames in the gallery: of the best for unseen and for seen classes so many each, of the worst for each kind of
    error."""

    picture: Annotated[int, HOW, Field(ge=16)] = 480
    """Pixels of the longer side of a picture; smaller ones keep their size."""

    megabytes: Annotated[float, HOW, Field(gt=0)] = 12.0
    """Size of the player's clips together; those that do not fit are left out. Everything else is 5 to 8 MB."""
