"""The rows of an evaluation, chosen as `zsstad_core.evaluation.evaluate` chooses them."""

from dataclasses import dataclass, replace

import pandas as pd

from zsstad_core.settings import Evaluation, Scoring
from zsstad_core.splits import LabelSplit


@dataclass(frozen=True)
class Counted:
    """What `frame_ap` is asked: tables, the classes by group (those that are scored at all), and the rules."""

    groundtruth: pd.DataFrame
    detections: pd.DataFrame
    unseen: tuple[str, ...]
    seen: tuple[str, ...]
    iou: float
    protocol: str

    @property
    def classes(self) -> list[str]:
        """The evaluated classes, unseen first, as `evaluate` orders them (which decides ties by `ava`)."""
        return [*self.unseen, *self.seen]


def counted(
    evaluation: Evaluation,
    scoring: Scoring,
    split: LabelSplit,
    annotated: pd.DataFrame,
    missing: pd.DataFrame,
    detections: pd.DataFrame,
) -> Counted:
    """What these settings evaluate; annotated, missing and detections as `evaluate` takes them."""
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
    return Counted(
        truth, detections.reset_index(drop=True), split.unseen, split.seen, evaluation.iou, evaluation.protocol
    )
