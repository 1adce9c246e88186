"""The tables of a plan that the checks read, as far as they are made."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from zsstad_core.cache.read import read_artifact_table
from zsstad_core.cache.tokens import read_tokens
from zsstad_core.datasets.box_files import read_boxes
from zsstad_core.evaluation.metrics_file import read_metrics
from zsstad_core.evaluation.rows import missing_groundtruth
from zsstad_core.extraction.picture_size import scale_to_video
from zsstad_core.keyframes import NOWHERE
from zsstad_core.plan.plan import Plan
from zsstad_core.settings.pipeline import Settings
from zsstad_core.splits import LabelSplit
from zsstad_core.tables import labelled
from zsstad_core.unplaced import second_of

_TOKENS = 2000  # rows of each token kind that are checked


@dataclass(frozen=True)
class PlanTables:
    """Tables and facts of a plan; None stands for a table that is not made yet.

    groundtruth: of all videos on disk; before `make groundtruth` the annotation, whose frames are not compared with the
    videos yet (`placed` is False). annotated: the same in pixels of the videos, not clipped to the picture. missing:
    the ground truth of test videos that are not on disk. texts: the texts of each class. frames: with the column fps.
    seconds: table keyframes. tokens: some image tokens of each kind.
    """

    settings: Settings
    split: LabelSplit
    classes: Sequence[str]
    official_split: Mapping[str, str]
    trains: bool
    reads_text: bool
    knows_truth: bool
    texts: Mapping[str, Sequence[str]]
    groundtruth: pd.DataFrame
    placed: bool
    annotated: pd.DataFrame
    missing: pd.DataFrame
    keyframes: bool
    videos: pd.DataFrame | None
    frames: pd.DataFrame | None
    seconds: pd.DataFrame | None
    boxes: pd.DataFrame | None
    text: NDArray[np.generic] | None
    tokens: Mapping[str, NDArray[np.generic]]
    detections: pd.DataFrame | None
    metrics: Mapping[str, Any] | None

    @property
    def tested(self) -> pd.DataFrame:
        """The ground truth of test videos, without boxes whose action is unknown."""
        return labelled(self.groundtruth[self.groundtruth["video_id"].map(self.official_split) == "test"])

    @property
    def tested_boxes(self) -> pd.DataFrame:
        """Table boxes of the videos of `tested`."""
        assert self.boxes is not None
        return self.boxes[self.boxes["video_id"].isin(self.tested["video_id"].unique())]

    @property
    def given(self) -> bool:
        """Whether boxes come from a file."""
        return self.settings.detector.boxes_from is not None

    def in_steps(self, rows: pd.DataFrame) -> pd.DataFrame:
        """The rows with a `frame` that rises by one from one annotated frame to the next: for keyframes, the second."""
        if self.seconds is None:
            return rows
        second = second_of(rows, self.seconds)
        return rows.assign(frame=second)[second != NOWHERE]


def gather(plan: Plan) -> PlanTables:
    """Read all complete artifacts of a plan. Raises CacheError for a damaged artifact, and as the dataset does."""
    placed = plan.groundtruth.is_complete()
    groundtruth = read_artifact_table(plan.groundtruth, "groundtruth") if placed else plan.dataset.groundtruth()
    keyframes = plan.dataset.keyframes is not None
    indexed = plan.index.is_complete()
    videos = read_artifact_table(plan.index, "videos") if indexed else None
    frames = None
    if videos is not None:
        rate = videos.set_index("video_id")["fps"]
        frames = read_artifact_table(plan.index, "frames").assign(fps=lambda rows: rows["video_id"].map(rate))
    groundtruth = groundtruth[groundtruth["video_id"].isin(plan.members)]
    reads_text = bool(plan.reads.texts)
    return PlanTables(
        settings=plan.settings,
        split=plan.split,
        classes=plan.dataset.classes,
        official_split=plan.official_split,
        trains=plan.trains_here,
        reads_text=reads_text,
        knows_truth=plan.method.truth is not None,
        texts={
            name: [text] if isinstance(text, str) else text
            for name, text in zip(plan.dataset.classes, plan.class_texts, strict=True)
        },
        groundtruth=groundtruth,
        placed=placed,
        annotated=groundtruth if keyframes or videos is None else _unclipped(plan, videos),
        missing=labelled(missing_groundtruth(plan.dataset, plan.missing)),
        keyframes=keyframes,
        videos=videos,
        frames=frames,
        seconds=read_artifact_table(plan.index, "keyframes") if keyframes and indexed else None,
        boxes=_boxes(plan),
        text=_text(plan) if reads_text else None,
        tokens=_some_tokens(plan),
        detections=read_artifact_table(plan.score, "detections") if plan.score.is_complete() else None,
        metrics=read_metrics(plan.evaluate) if plan.evaluate.is_complete() else None,
    )


def _unclipped(plan: Plan, videos: pd.DataFrame) -> pd.DataFrame:
    """The boxes as they are annotated: the groundtruth stage clips boxes to the picture, which hides mistakes."""
    rows = plan.dataset.groundtruth()
    return scale_to_video(rows[rows["video_id"].isin(plan.members)], videos, plan.dataset.annotated_size)


def _boxes(plan: Plan) -> pd.DataFrame | None:
    """Table boxes; boxes of a file as they are in the file, since the detect stage clips them, which hides mistakes."""
    if file := plan.settings.detector.boxes_from:
        return read_boxes(Path(file), list(plan.members)).boxes
    return read_artifact_table(plan.detect, "boxes") if plan.detect.is_complete() else None


def _text(plan: Plan) -> NDArray[np.generic] | None:
    if not plan.text.is_complete():
        return None
    return read_tokens(plan.text.whole_unit())


def _some_tokens(plan: Plan) -> Mapping[str, NDArray[np.generic]]:
    """Some rows of each complete kind of image tokens that are as wide as the text tokens."""
    some = {}
    for kind in plan.kinds():
        if kind.form == "token" and plan.tokens(kind).is_complete():
            for unit, _ in plan.tokens(kind).parts()[:1]:
                rows = read_tokens(unit)
                some[kind.name] = rows[:: max(1, len(rows) // _TOKENS)]
    return some
