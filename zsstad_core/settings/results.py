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

    labels: Literal["own", "all"] = "own"
    """Softmax over the video's own group of labels, unseen or seen (the published way), or over all of them."""

    batch: Annotated[int, HOW, Field(ge=1)] = 64
    """Frames that are scored together."""


class Evaluation(Section):
    """Frame mAP, J-HMDB protocol (MultiSports' and ST-CLIP's lineage)."""

    iou: Annotated[float, Field(gt=0, le=1)] = 0.5
    """Smallest overlap of a detection with the ground truth that counts."""

    frames: Literal["annotated", "decoded"] = "annotated"
    """Ground truth on every annotated frame (the field's evaluators), or only on frames that the video really has."""
