"""Reads persons, objects and frames from the cache, with their tokens, for training and scoring. Imports no torch."""

from collections.abc import Collection

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from zsstad_core.boxes import select
from zsstad_core.cache.read import read_artifact_table, read_artifact_tokens
from zsstad_core.cache.token_kinds import TokenKind
from zsstad_core.extraction.token_boxes import annotated_persons, on_real_frames
from zsstad_core.frozen.detector.frame_boxes import PERSON
from zsstad_core.plan.plan import Plan

type RowsAndTokens = tuple[pd.DataFrame, NDArray[np.generic] | None]
"""A table, and the tokens of its rows where the method reads them (else None)."""


def frames(plan: Plan, videos: Collection[str]) -> RowsAndTokens:
    """Table frames of some videos, with tokens."""
    if TokenKind.frame in plan.reads.kinds:
        return read_artifact_tokens(plan.tokens(TokenKind.frame), "frames", videos)
    return of_videos(read_artifact_table(plan.index, "frames"), videos), None


def persons_to_score(plan: Plan, videos: Collection[str]) -> RowsAndTokens:
    """Table boxes of the persons that `settings.scoring` chooses: detected persons, or annotated ones with score 1."""
    if plan.settings.scoring.boxes == "groundtruth":
        return persons_annotated(plan, videos)
    persons, tokens = detected_rows(plan, "person", videos)
    chosen = select(persons, plan.settings.scoring)
    return chosen.reset_index(drop=True), None if tokens is None else tokens[chosen.index]


def persons_to_track(plan: Plan, videos: Collection[str]) -> RowsAndTokens:
    """Table boxes of all persons whose tracks are classified: every detected person, chosen or not, or the annotated
    ones."""
    if plan.settings.scoring.boxes == "groundtruth":
        return persons_annotated(plan, videos)
    return detected_rows(plan, "person", videos)


def persons_annotated(plan: Plan, videos: Collection[str]) -> RowsAndTokens:
    """Table boxes of the annotated persons of some videos, with score 1."""
    if kind := _cached_kind(plan, "person"):
        return read_artifact_tokens(plan.tokens(kind.annotated), "boxes", videos)
    return annotated_persons(of_videos(read_artifact_table(plan.groundtruth, "groundtruth"), videos)), None


def detected_rows(plan: Plan, rows: str, videos: Collection[str]) -> RowsAndTokens:
    """Table boxes of the detected persons or objects of some videos."""
    if kept := _cached_kind(plan, rows):
        return read_artifact_tokens(plan.tokens(kept), "boxes", videos)
    boxes = of_videos(read_artifact_table(plan.detect, "boxes"), videos)
    if plan.reads.kinds:  # a file of boxes may name frames that the videos do not have; these have no tokens
        boxes = on_real_frames(boxes, read_artifact_table(plan.index, "frames"))
    return boxes[(boxes["what"] == PERSON) == (rows == "person")].reset_index(drop=True), None


def of_videos(rows: pd.DataFrame, videos: Collection[str]) -> pd.DataFrame:
    """The rows of some videos."""
    return rows[rows["video_id"].isin(set(videos))].reset_index(drop=True)


def classes_with_groundtruth(plan: Plan, part: str) -> set[str]:
    """Classes that are annotated on decoded frames of one part of the official split ("train" or "test")."""
    annotated = read_artifact_table(plan.groundtruth, "groundtruth")
    chosen = annotated["decoded"] & (annotated["video_id"].map(plan.official_split) == part)
    return set(annotated.loc[chosen, "class_name"].unique())


def _cached_kind(plan: Plan, rows: str) -> TokenKind | None:
    """The kind in `Reads.kinds` of cached tokens (not views) of `rows`, "person" or "object"; None if there is none."""
    return next((kind for kind in plan.reads.kinds if kind.rows == rows and kind.form != "pixel"), None)
