"""Choose the rows that an evaluation counts, in the same way for `make eval`, chance and the explanation of a number.

`tested_rows` selects the test videos with an action from the tables of a dataset, and `evaluated_rows` applies the
settings of evaluation and scoring to them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import pandas as pd

from zsstad_core.datasets.base import Dataset
from zsstad_core.settings.pipeline import Settings
from zsstad_core.splits import LabelSplit
from zsstad_core.tables import labelled, table


class TestedRows(NamedTuple):
    """Annotation and detections of the test videos in which an action is annotated.

    annotated: table groundtruth of the videos on disk, without boxes that have no action. missing: the same of videos
    that are not on disk, or not readable, whose boxes count as missed. detections: table detections of both.
    """

    annotated: pd.DataFrame
    missing: pd.DataFrame
    detections: pd.DataFrame

    @property
    def without_labels(self) -> bool:
        """Whether no test video has an action, so that there is nothing to evaluate against."""
        return self.annotated.empty and self.missing.empty


@dataclass(frozen=True)
class EvaluatedRows:
    """The arguments of `frame_ap`: tables, the evaluated classes by group, and the rules.

    everything: the whole annotation. groundtruth: its rows that count, sorted. split: the label split without the
    classes that `scoring.labels` leaves unscored, which get no number (not a 0).
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


def missing_groundtruth(dataset: Dataset, missing: Iterable[str]) -> pd.DataFrame:
    """Table groundtruth of the test videos in `missing` (not on disk, or not readable), with `decoded` false."""
    absent = [video_id for video_id in missing if dataset.official_split()[video_id] == "test"]
    annotated = dataset.groundtruth() if absent else table("groundtruth")
    return annotated[annotated["video_id"].isin(absent)].assign(decoded=False)


def tested_rows(
    part_of: Mapping[str, str], groundtruth: pd.DataFrame, missing: pd.DataFrame, detections: pd.DataFrame
) -> TestedRows:
    """The rows of the test videos that have an action.

    part_of: the part (train, test) of each video. groundtruth: of all videos on disk. missing: `missing_groundtruth`.
    """
    annotated = labelled(groundtruth[groundtruth["video_id"].map(part_of) == "test"])
    missing = labelled(missing)
    of_labelled = detections["video_id"].isin({*annotated["video_id"], *missing["video_id"]})
    return TestedRows(annotated, missing, detections[of_labelled])


def evaluated_rows(
    settings: Settings, split: LabelSplit, annotated: pd.DataFrame, missing: pd.DataFrame, detections: pd.DataFrame
) -> EvaluatedRows:
    """The rows that count under the settings of evaluation and scoring; tables as in `TestedRows`."""
    evaluation, scoring = settings.evaluation, settings.scoring
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
    return EvaluatedRows(everything, truth, detections, split, evaluation.iou, evaluation.protocol)
