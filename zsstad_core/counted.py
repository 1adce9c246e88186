"""Which rows an evaluation counts: what `make eval`, chance and the explanation of a number all start from."""

from dataclasses import dataclass, replace

import pandas as pd

from zsstad_core.settings.results import Evaluation, Scoring
from zsstad_core.splits import LabelSplit


@dataclass(frozen=True)
class Counted:
    """What `frame_ap` is asked: tables, the scored classes by group, and the rules.

    everything: the annotation, also of what does not count; groundtruth: what counts of it, sorted. split: without the
    classes that `scoring.labels` leaves unscored: they have no number, not a 0.
    """

    everything: pd.DataFrame
    groundtruth: pd.DataFrame
    detections: pd.DataFrame
    split: LabelSplit
    iou: float
    protocol: str

    @property
    def classes(self) -> list[str]:
        """The evaluated classes, unseen first (the order decides ties by `ava`)."""
        return [*self.split.unseen, *self.split.seen]


def counted(
    evaluation: Evaluation,
    scoring: Scoring,
    split: LabelSplit,
    annotated: pd.DataFrame,
    missing: pd.DataFrame,
    detections: pd.DataFrame,
) -> Counted:
    """What these settings evaluate.

    annotated: table groundtruth of the test videos on disk; missing: of those that are not there, or not readable,
    whose boxes are missed.
    """
    everything = pd.concat([annotated, missing], ignore_index=True) if len(missing) else annotated
    truth = everything[everything["decoded"]] if evaluation.frames == "decoded" else everything
    truth = truth.sort_values(["video_id", "frame", "box"], kind="stable", ignore_index=True)
    if evaluation.frames == "annotated":
        detections = detections.merge(truth[["video_id", "frame"]].drop_duplicates(), on=["video_id", "frame"])
    split = replace(
        split,
        seen=() if scoring.labels == "unseen" else split.seen,
        unseen=() if scoring.labels == "seen" else split.unseen,
    )
    detections = detections.reset_index(drop=True)
    return Counted(everything, truth, detections, split, evaluation.iou, evaluation.protocol)
