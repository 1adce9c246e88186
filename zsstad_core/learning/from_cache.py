"""Token banks out of the cache: what a plan trains on, and what it scores."""

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from zsstad_core.boxes import select
from zsstad_core.cache.read import read_artifact_table, read_artifact_tokens
from zsstad_core.cache.token_kinds import Rows as RowsOf
from zsstad_core.cache.token_kinds import TokenKind
from zsstad_core.cache.tokens import read_tokens
from zsstad_core.extraction.token_boxes import annotated_persons, on_real_frames
from zsstad_core.frozen.encoder_identity import view_rules
from zsstad_core.frozen.frame_boxes import PERSON
from zsstad_core.learning.frame_index import EVERY_FRAME
from zsstad_core.learning.labels import class_index, multi_hot
from zsstad_core.learning.pixel_bank import PixelBank, reads_crops
from zsstad_core.learning.pixels import CachedPixels, CachedRows, DecodedPixels, Pixels
from zsstad_core.learning.token_bank import TokenBank
from zsstad_core.learning.training_videos import TrainingVideos, training_videos
from zsstad_core.plan.plan import Plan

type Rows = tuple[pd.DataFrame, NDArray[np.generic] | None]  # a table, and its tokens where the head reads them


def training_bank(plan: Plan, device: str) -> TokenBank:
    """Annotated persons of the training videos (`training_videos`) that do a seen action, with its number in
    `split.seen` as target.

    Of a dataset with several actions a person, all its seen ones are its labels. Persons who do nothing that is seen
    are in it neither as targets nor as keys.
    """
    annotated = read_artifact_table(plan.groundtruth, "groundtruth")
    chosen = training_videos(annotated, plan.official_split, plan.split, plan.settings.training)
    used = annotated["video_id"].isin(chosen.used)
    annotated = annotated[used & annotated["decoded"] & annotated["class_name"].isin(plan.split.seen)]
    videos = set(chosen.used)
    persons, tokens = _annotated_persons(plan, videos)
    label_RK = None
    if plan.dataset.class_types is None:
        target_R = class_index(persons, annotated, plan.split.seen)
        seen_R = target_R >= 0
        persons = persons[seen_R].assign(target=target_R[seen_R])
    else:
        label_RK = multi_hot(persons, annotated, plan.split.seen)
        seen_R = label_RK.any(1)
        persons, label_RK = persons[seen_R], label_RK[seen_R]
    return _bank(plan, device, videos, persons, None if tokens is None else tokens[seen_R], label_RK)


def videos_of(plan: Plan) -> TrainingVideos:
    """The videos of `training_bank`."""
    annotated = read_artifact_table(plan.groundtruth, "groundtruth")
    return training_videos(annotated, plan.official_split, plan.split, plan.settings.training)


def classes_of(plan: Plan, part: str) -> set[str]:
    """Classes with ground truth on frames that are there, in a part of the official split."""
    annotated = read_artifact_table(plan.groundtruth, "groundtruth")
    chosen = annotated["decoded"] & (annotated["video_id"].map(plan.official_split) == part)
    return set(annotated.loc[chosen, "class_name"].unique())


def scoring_bank(plan: Plan, device: str, videos: Collection[str]) -> TokenBank:
    """The persons of `videos` that `settings.scoring` chooses: detected ones, or annotated ones with score 1."""
    annotated = plan.settings.scoring.boxes == "groundtruth"
    return _bank(plan, device, videos, *scored_persons(plan, videos), annotated=annotated)


def scored_persons(plan: Plan, videos: Collection[str]) -> Rows:
    """Table boxes of the persons of `scoring_bank`, and their tokens."""
    if plan.settings.scoring.boxes == "groundtruth":
        return _annotated_persons(plan, videos)
    persons, tokens = _detected(plan, "person", videos)
    chosen = select(persons, plan.settings.scoring)
    return chosen.reset_index(drop=True), None if tokens is None else tokens[chosen.index]


def text_tokens(plan: Plan, class_names: Sequence[str]) -> Tensor:
    """float32 [K, D]: text tokens of some classes of the dataset, in the order given."""
    (unit, _), *_ = plan.text.parts()
    rows = [plan.dataset.classes.index(name) for name in class_names]
    return torch.from_numpy(read_tokens(unit)[rows].astype(np.float32))


def scored_texts(plan: Plan, class_names: Sequence[str]) -> tuple[Tensor, list[int]]:
    """float32 [T, D]: text tokens that persons are scored against, and of each the place of its class in `class_names`.

    One a class, the mean of its texts; or each of its texts, where the best of them counts (`encoder.phrasings`).
    """
    if plan.phrasings is None:
        return text_tokens(plan, class_names), [*range(len(class_names))]
    (unit, _), *_ = plan.phrasings.parts()
    class_of = [
        name
        for name, texts in zip(plan.dataset.classes, plan.class_texts, strict=True)
        for _ in range(1 if isinstance(texts, str) else len(texts))
    ]
    rows = [row for name in class_names for row, other in enumerate(class_of) if other == name]
    tokens_TD = torch.from_numpy(read_tokens(unit)[rows].astype(np.float32))
    return tokens_TD, [class_names.index(class_of[row]) for row in rows]


def _bank(
    plan: Plan,
    device: str,
    videos: Collection[str],
    persons: pd.DataFrame,
    tokens: NDArray[np.generic] | None,
    label_RK: NDArray[np.bool_] | None = None,
    annotated: bool = True,
) -> TokenBank:
    if TokenKind.frame in plan.reads.tokens:
        frames, frame_tokens = read_artifact_tokens(plan.tokens(TokenKind.frame), "frames", videos)
    else:
        frames, frame_tokens = _of(read_artifact_table(plan.index, "frames"), videos), None
    objects, object_tokens = _detected(plan, "object", videos) if plan.reads.objects else (None, None)
    what: dict[str, Any] = {
        "frames": frames,
        "persons": persons,
        "objects": objects,
        "frame_tokens": frame_tokens,
        "person_tokens": tokens,
        "object_tokens": object_tokens,
        "label_RK": label_RK,
        "seed": plan.settings.training.seed,
        "step": plan.dataset.keyframes.step if plan.dataset.keyframes else EVERY_FRAME,
    }
    if TokenKind.pixel in plan.reads.tokens:
        return PixelBank(plan.reads, device, _pixels(plan, frames, persons, annotated), **what)
    return TokenBank(plan.reads, device, **what)


def _pixels(plan: Plan, frames: pd.DataFrame, persons: pd.DataFrame, annotated: bool) -> Pixels:
    """The views of frames and persons of a bank; `annotated` says which persons they are."""
    crops = reads_crops(plan.reads)
    if plan.settings.encoder.pixels == "decoded":
        return DecodedPixels(plan.videos, view_rules(plan.settings.encoder), frames, persons, crops)
    of_persons = TokenKind.groundtruth_pixel if annotated else TokenKind.person_pixel
    return CachedPixels(
        CachedRows(plan.tokens(TokenKind.pixel), frames),
        CachedRows(plan.tokens(of_persons), persons) if crops else None,
    )


def _kept(plan: Plan, of: RowsOf) -> TokenKind | None:
    """The kind of tokens of persons or objects that a bank holds in memory, as `Reads.tokens` calls it."""
    return next((kind for kind in plan.reads.tokens if kind.rows == of and kind.form != "pixel"), None)


def _annotated_persons(plan: Plan, videos: Collection[str]) -> Rows:
    if kind := _kept(plan, "person"):
        return read_artifact_tokens(plan.tokens(kind.annotated), "boxes", videos)
    return annotated_persons(_of(read_artifact_table(plan.groundtruth, "groundtruth"), videos)), None


def _detected(plan: Plan, kind: RowsOf, videos: Collection[str]) -> Rows:
    if kept := _kept(plan, kind):
        return read_artifact_tokens(plan.tokens(kept), "boxes", videos)
    boxes = _of(read_artifact_table(plan.detect, "boxes"), videos)
    if plan.reads.tokens:  # a file of boxes may name frames that the videos lack; only the oracle wants those
        boxes = on_real_frames(boxes, read_artifact_table(plan.index, "frames"))
    return boxes[(boxes["what"] == PERSON) == (kind == "person")].reset_index(drop=True), None


def _of(rows: pd.DataFrame, videos: Collection[str]) -> pd.DataFrame:
    return rows[rows["video_id"].isin(set(videos))].reset_index(drop=True)
