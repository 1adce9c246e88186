"""Builds banks from the cache: of persons or of clips, whichever the method classifies."""

from collections.abc import Collection
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from zsstad_core.cache.read import read_artifact_table
from zsstad_core.cache.token_kinds import TokenKind
from zsstad_core.frozen.encoder_identity import view_rules
from zsstad_core.learning import cached_rows
from zsstad_core.learning.bank import Bank
from zsstad_core.learning.cached_rows import RowsAndTokens, of_videos
from zsstad_core.learning.clip_features import ClipFeatures
from zsstad_core.learning.clip_samples import ClipSamples, tracklets_as_clips, videos_as_clips
from zsstad_core.learning.features import Features
from zsstad_core.learning.frame_features import CachedTokens, FrameFeatures
from zsstad_core.learning.frame_index import EVERY_FRAME, FrameIndex, Ints
from zsstad_core.learning.person_samples import PersonSamples
from zsstad_core.learning.pixels import CachedPixels, CachedRows, DecodedPixels, Pixels
from zsstad_core.learning.targets import class_of_clips, class_of_persons, classes_of_persons, target_of_tracklets
from zsstad_core.learning.tracklets import annotated_tracklets, searched_frames, tracklets_to_score
from zsstad_core.learning.training_videos import TrainingVideos, training_videos
from zsstad_core.learning.view_features import ViewFeatures, reads_crops
from zsstad_core.plan.plan import Plan


def training_bank(plan: Plan, device: str) -> Bank[Any]:
    """The bank for training: annotated persons, or clips, that do a seen action in the training videos
    (`chosen_videos`).

    The target is the index of the action in `split.seen`; in a dataset with several actions a person, all seen ones are
    targets. Persons who do no seen action are in the bank neither as rows nor as keys.
    """
    annotated = read_artifact_table(plan.groundtruth, "groundtruth")
    videos = set(chosen_videos(plan).used)
    annotated = annotated[annotated["decoded"] & annotated["class_name"].isin(plan.split.seen)]
    annotated = of_videos(annotated, videos)
    if _judges(plan, "video"):
        return _videos(plan, torch.device(device), videos, annotated)
    persons, tokens = cached_rows.persons_annotated(plan, videos)
    target_R: NDArray[np.int64] | NDArray[np.bool_]
    if plan.dataset.class_types is None:
        target_R = class_of_persons(persons, annotated, plan.split.seen)
        seen_R = target_R >= 0
    else:
        target_R = classes_of_persons(persons, annotated, plan.split.seen)
        seen_R = target_R.any(1)
    persons, tokens = persons[seen_R].reset_index(drop=True), None if tokens is None else tokens[seen_R]
    target_R = target_R[seen_R]
    if _judges(plan, "tracklet"):
        # Where a person does one action at a time, a change of action begins another tracklet.
        action_R = target_R.astype(np.int64) if plan.dataset.class_types is None else None
        track_R = annotated_tracklets(persons, searched_frames(plan, videos), action_R)
        return _tracklets(plan, torch.device(device), (persons, tokens), track_R, target_R)
    return _persons(plan, torch.device(device), videos, (persons, tokens), target_R, annotated=True)


def scoring_bank(plan: Plan, device: str, videos: Collection[str]) -> Bank[Any]:
    """The bank for scoring `videos`: the persons that `settings.scoring` chooses, or clips."""
    if _judges(plan, "video"):
        return _videos(plan, torch.device(device), videos)
    if _judges(plan, "tracklet"):
        every = cached_rows.persons_to_track(plan, videos)
        return _tracklets(plan, torch.device(device), every, tracklets_to_score(plan, every[0]))
    persons = cached_rows.persons_to_score(plan, videos)
    annotated = plan.settings.scoring.boxes == "groundtruth"
    return _persons(plan, torch.device(device), videos, persons, annotated=annotated)


def chosen_videos(plan: Plan) -> TrainingVideos:
    """The videos of `training_bank`."""
    annotated = read_artifact_table(plan.groundtruth, "groundtruth")
    return training_videos(annotated, plan.official_split, plan.split, plan.settings.training)


def _judges(plan: Plan, clips: str) -> bool:
    """Whether the method classifies clips, and these are of the kind `clips` (`clips.of`): "video" or "tracklet"."""
    return plan.method.classifies == "clip" and plan.settings.clips.of == clips


def _persons(
    plan: Plan,
    device: torch.device,
    videos: Collection[str],
    persons: RowsAndTokens,
    target_R: NDArray[np.int64] | NDArray[np.bool_] | None = None,
    *,
    annotated: bool,
) -> Bank[Any]:
    reads = plan.reads
    frames, frame_tokens = cached_rows.frames(plan, videos)
    step = plan.dataset.keyframes.step if plan.dataset.keyframes else EVERY_FRAME
    samples = PersonSamples(persons[0], FrameIndex(frames, step), reads.slots.persons)
    objects, object_tokens = cached_rows.detected_rows(plan, "object", videos) if reads.slots.objects else (None, None)
    tokens = CachedTokens(frame_tokens, persons[1], object_tokens)
    features: Features[Any]
    if TokenKind.pixel in reads.kinds:
        pixels = _pixels(plan, frames, persons[0], annotated)
        features = ViewFeatures(reads, samples, tokens, pixels, device)
    else:
        features = FrameFeatures(reads, samples, tokens, device, objects, plan.settings.training.seed)
    return Bank(samples, features, target_R)


def _videos(
    plan: Plan, device: torch.device, videos: Collection[str], annotated: pd.DataFrame | None = None
) -> Bank[Any]:
    """A bank with each video as a clip. annotated: table groundtruth of the classes to train on; None for scoring."""
    frames, tokens = cached_rows.frames(plan, videos)
    samples = videos_as_clips(frames)
    target_C = None if annotated is None else class_of_clips(samples.table, annotated, plan.split.seen)
    return Bank(samples, _clip_features(plan, samples, (frames, tokens), device), target_C)


def _tracklets(
    plan: Plan,
    device: torch.device,
    persons: RowsAndTokens,
    track_R: Ints,
    target_R: NDArray[np.int64] | NDArray[np.bool_] | None = None,
) -> Bank[Any]:
    """A bank with each tracklet as a clip.

    track_R: the tracklet of each person. target_R: the class of each person, the same in all frames of a tracklet; or
    the classes of each person, of which the tracklet gets all.
    """
    table, row_R = persons[0], np.arange(len(persons[0]))
    seen_of = persons
    if TokenKind.frame in plan.reads.kinds:
        seen_of = cached_rows.frames(plan, set(table["video_id"]))
        row_R = FrameIndex(seen_of[0]).rows(table, "persons")
    tracks = table[["video_id", "frame"]].assign(track=track_R)
    samples = tracklets_as_clips(tracks, row_R)
    features = _clip_features(plan, samples, seen_of, device)
    return Bank(samples, features, None if target_R is None else target_of_tracklets(samples.table, tracks, target_R))


def _clip_features(plan: Plan, samples: ClipSamples, rows: RowsAndTokens, device: torch.device) -> ClipFeatures:
    assert plan.reads.segments is not None
    return ClipFeatures(plan.reads.segments, samples, rows[1], len(rows[0]), device, plan.settings.training.seed)


def _pixels(plan: Plan, frames: pd.DataFrame, persons: pd.DataFrame, annotated: bool) -> Pixels:
    """The views of frames and persons. annotated: whether the persons are annotated ones, not detected ones."""
    crops = reads_crops(plan.reads)
    if plan.settings.encoder.pixels == "decoded":
        rules = view_rules(plan.settings.encoder)
        return DecodedPixels(plan.videos, rules, frames, persons, crops, plan.reading)
    kind = TokenKind.groundtruth_pixel if annotated else TokenKind.person_pixel
    return CachedPixels(
        CachedRows(plan.tokens(TokenKind.pixel), frames), CachedRows(plan.tokens(kind), persons) if crops else None
    )
