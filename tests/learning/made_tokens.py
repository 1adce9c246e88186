"""Small made-up videos with random tokens, for tests of banks, training and scoring."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch

from zsstad_core.keyframes import Step
from zsstad_core.learning.bank import Bank
from zsstad_core.learning.frame_features import CachedTokens, FrameFeatures
from zsstad_core.learning.frame_index import EVERY_FRAME, FrameIndex
from zsstad_core.learning.person_samples import PersonSamples
from zsstad_core.methods.common.features import FrameTokens
from zsstad_core.methods.common.labels import Labels, one_text_labels
from zsstad_core.methods.contract import Reads
from zsstad_core.methods.registry import method
from zsstad_core.settings.pipeline import Settings
from zsstad_core.settings.training import Training

WIDTH = 16
CLASSES = 3


@dataclass(frozen=True)
class Made:
    """Tables and tokens of a few videos, and what each person does (`Bank`)."""

    frames: pd.DataFrame
    persons: pd.DataFrame
    objects: pd.DataFrame
    frame_tokens: np.ndarray
    person_tokens: np.ndarray
    object_tokens: np.ndarray
    target_R: np.ndarray | None

    def features(
        self, reads: Reads, device: str = "cpu", seed: int = 0, step: Step = EVERY_FRAME, **changes: Any
    ) -> FrameFeatures:
        """Features of the videos with their samples; `changes` take the place of tables and tokens."""
        own = {**vars(self), **changes}
        samples = PersonSamples(own["persons"], FrameIndex(own["frames"], step), reads.slots.persons)
        tokens = CachedTokens(own["frame_tokens"], own["person_tokens"], own["object_tokens"])
        return FrameFeatures(reads, samples, tokens, torch.device(device), own["objects"], seed)

    def bank(self, reads: Reads, device: str = "cpu", seed: int = 0, **changes: Any) -> Bank[FrameTokens]:
        """A bank of the videos; `changes` take the place of tables, tokens and targets."""
        target_R = changes.pop("target_R", self.target_R)
        features = self.features(reads, device, seed, **changes)
        return Bank(features.samples, features, target_R)


def made(
    seed: int = 0, videos: int = 4, longest: int = 12, persons: int = 3, objects: int = 6, gaps: bool = False
) -> Made:
    """Up to `persons` persons and `objects` objects a frame; `gaps` drops some frame numbers. Rows are shuffled."""
    rng = np.random.default_rng(seed)
    frames: list[tuple[str, int]] = []
    for video in range(videos):
        numbers = np.arange(rng.integers(1, longest + 1))
        if gaps:
            numbers = numbers[rng.random(len(numbers)) < 0.7]
        frames += [(f"c{video % CLASSES}/v{video}", int(number)) for number in numbers]
    table = pd.DataFrame(frames, columns=["video_id", "frame"])
    person_rows = _boxes(rng, frames, persons)
    target_R = person_rows["video_id"].str[1].to_numpy(np.int64)
    object_rows = _boxes(rng, frames, objects)
    tokens = [rng.standard_normal((len(rows), WIDTH)).astype(np.float16) for rows in (table, person_rows, object_rows)]
    return Made(table, person_rows, object_rows, *tokens, target_R)


def _boxes(rng: np.random.Generator, frames: list[tuple[str, int]], most: int) -> pd.DataFrame:
    rows = []
    for video_id, frame in frames:
        for box in range(rng.integers(0, most + 1)):
            x1, y1 = rng.integers(0, 160, 2) / 2  # halves: rounding matters, and edges meet
            width, height = rng.integers(2, 60, 2) / 2
            score = rng.choice([0.25, 0.5, 0.75])  # equal scores occur
            rows.append((video_id, frame, box, x1, y1, x1 + width, y1 + height, score))
    columns = ["video_id", "frame", "box", "x1", "y1", "x2", "y2", "score"]
    table = pd.DataFrame(rows, columns=columns).astype({"video_id": "str", "frame": "int32", "box": "int32"})
    table = table.astype(dict.fromkeys(columns[3:], "float32"))
    return table.iloc[rng.permutation(len(table))].reset_index(drop=True)


def small_settings(training: dict[str, Any] | None = None, **iclip: Any) -> Settings:
    """iCLIP with two rounds' worth of blocks and short memory; 12 iterations of 4 samples."""
    own = {"blocks": "POCM", "memory_before": 3, "memory_after": 2, "prompting_layers": 1, **iclip}
    run = {"iterations": 12, "warmup": 4, "batch": 4, "lr": 0.05, "checkpoint_every": 4, "log_every": 5}
    return Settings.model_validate({"heads": {"iclip": own}, "training": {**run, **(training or {})}})


def iclip_reads(settings: Settings) -> Reads:
    return method("iclip").reads(settings)


def training(**changes: Any) -> Training:
    return small_settings(changes).training


def labels_of(text_KD: torch.Tensor) -> Labels:
    """Classes by number, one text each."""
    return one_text_labels([f"class {k}" for k in range(len(text_KD))], text_KD)
