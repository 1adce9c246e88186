"""Reads persons, objects, frames and texts from the cache, with their tokens, for training and scoring."""

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from zsstad_core.boxes import select
from zsstad_core.cache.read import read_artifact_table, read_artifact_tokens
from zsstad_core.cache.token_kinds import TokenKind
from zsstad_core.cache.tokens import read_tokens
from zsstad_core.datasets.label_types import label_types
from zsstad_core.extraction.token_boxes import annotated_persons, on_real_frames
from zsstad_core.extraction.words import read_words
from zsstad_core.frozen.detector.frame_boxes import PERSON
from zsstad_core.methods.common.labels import Labels, Words, one_text_labels
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


def training_labels(plan: Plan) -> Labels:
    """The seen classes of the label split: one text each, or all phrasings where the method reads phrasings."""
    return _phrasings(plan, plan.split.seen) if "phrasings" in plan.reads.texts else _means(plan, plan.split.seen)


def scoring_labels(plan: Plan, class_names: Sequence[str]) -> Labels:
    """Labels of some classes of the dataset, in the order given.

    A class has one text, or all its texts where the method reads phrasings or the best text counts
    (`encoder.phrasings`).
    """
    return _means(plan, class_names) if plan.phrasings is None else _phrasings(plan, class_names)


def _means(plan: Plan, class_names: Sequence[str]) -> Labels:
    rows = [plan.dataset.classes.index(name) for name in class_names]
    tokens = read_tokens(plan.text.whole_unit())[rows].astype(np.float32)
    types = label_types(class_names, plan.dataset.class_types)
    return replace(one_text_labels(class_names, torch.from_numpy(tokens), types), words=_words(plan, class_names))


def _phrasings(plan: Plan, class_names: Sequence[str]) -> Labels:
    assert plan.phrasings is not None
    rows, class_M = _texts_of(plan, class_names)
    tokens = read_tokens(plan.phrasings.whole_unit())[rows].astype(np.float32)
    types = label_types(class_names, plan.dataset.class_types)
    return Labels(tuple(class_names), torch.from_numpy(tokens), class_M, types, _words(plan, class_names))


def _words(plan: Plan, class_names: Sequence[str]) -> Words | None:
    """All texts of some classes word by word; None where the method does not read words."""
    if plan.words is None:
        return None
    rows, class_M = _texts_of(plan, class_names)
    words = (torch.from_numpy(array[rows]) for array in read_words(plan.words.whole_unit()))
    return Words(class_M, *words)


def _texts_of(plan: Plan, class_names: Sequence[str]) -> tuple[list[int], Tensor]:
    """Rows of the texts of some classes among the texts of all, class after class, and the class of each text, [M]."""
    class_of = [name for name, texts in plan.phrasings_of_classes.items() for _ in texts]
    rows = [row for name in class_names for row, other in enumerate(class_of) if other == name]
    return rows, torch.tensor([class_names.index(class_of[row]) for row in rows], dtype=torch.int64)


def of_videos(rows: pd.DataFrame, videos: Collection[str]) -> pd.DataFrame:
    """The rows of some videos."""
    return rows[rows["video_id"].isin(set(videos))].reset_index(drop=True)


def _cached_kind(plan: Plan, rows: str) -> TokenKind | None:
    """The kind in `Reads.kinds` of cached tokens (not views) of `rows`, "person" or "object"; None if there is none."""
    return next((kind for kind in plan.reads.kinds if kind.rows == rows and kind.form != "pixel"), None)
