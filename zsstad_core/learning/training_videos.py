"""Chooses the training videos that a head learns from, under a label split."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from zsstad_core.errors import DataError
from zsstad_core.settings.training import Training
from zsstad_core.splits import LabelSplit


@dataclass(frozen=True)
class TrainingVideos:
    """Video ids, sorted: the eligible ones, and those of them that are used."""

    eligible: tuple[str, ...]  # as `training.videos` says
    used: tuple[str, ...]  # at most `training.videos_at_most` of the eligible videos

    def to_json(self, settings: Training) -> dict[str, Any]:
        """The videos as metrics.json lists them."""
        rule = {"videos": settings.videos, "videos_at_most": settings.videos_at_most, "seed": settings.videos_seed}
        return {**rule, "eligible": len(self.eligible), "used": list(self.used)}


def training_videos(
    groundtruth: pd.DataFrame, official_split: Mapping[str, str], split: LabelSplit, settings: Training
) -> TrainingVideos:
    """The videos of the official training part that have a sample of a seen class on a decoded frame.

    With `training.videos: without_unseen` only those are eligible that show no unseen class anywhere in their
    annotation (ST-CLIP on AVA: training videos "all lack samples" of the test classes).

    At most `training.videos_at_most` of them are used: the first when they are sorted by the SHA-256 of `SEED VIDEO`
    (UTF-8, one space; hexadecimal digits in ASCII order). So a video that is not on disk is replaced by the next one,
    and nothing else changes.

    groundtruth: table groundtruth. Raises DataError where no video is left.
    """
    train = groundtruth[groundtruth["video_id"].map(official_split) == "train"]
    seen = train.loc[train["decoded"] & train["class_name"].isin(split.seen), "video_id"].unique()
    barred = set()
    if settings.videos == "without_unseen":
        barred = set(train.loc[train["class_name"].isin(split.unseen), "video_id"].unique())
    eligible = tuple(sorted(set(seen) - barred))
    if barred and not eligible:
        raise DataError(
            f"label split {split.name}: every one of the {len(seen)} training videos with a seen class shows an unseen "
            "one too; add training videos, or set training.videos=any"
        )
    ranked = sorted(eligible, key=lambda name: hashlib.sha256(f"{settings.videos_seed} {name}".encode()).hexdigest())
    return TrainingVideos(eligible, tuple(sorted(ranked[: settings.videos_at_most])))
