"""A detector and an encoder whose answers tell what they were given, and groups of clips made of grey frames."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from tests.made_videos import grey, number_of, write_folder
from zsstad_core.cache.artifact import Artifact, Group
from zsstad_core.cache.stages import Stage
from zsstad_core.frozen.detector.frame_boxes import FrameBoxes
from zsstad_core.progress import Clock
from zsstad_core.video import VideoSource
from zsstad_core.work import Compute, Content

CLASSES = ("person", "chair")


class FakeDetector:
    """On a frame of grey number n: n persons from x = 0, 1, … with falling scores, and as many chairs."""

    classes, weights = CLASSES, "of the weights"

    def __init__(self) -> None:
        self.batches: list[int] = []

    def __call__(self, frames: Sequence[np.ndarray]) -> list[FrameBoxes]:
        self.batches.append(len(frames))
        return [self._boxes(number_of(frame)) for frame in frames]

    def _boxes(self, number: int) -> FrameBoxes:
        x1 = np.tile(np.arange(number, dtype=np.float32), 2)
        xyxy = np.stack([x1, x1, x1 + 20, x1 + 30], axis=1)
        score = np.tile(0.9 - 0.1 * np.arange(number, dtype=np.float32), 2)
        return FrameBoxes(xyxy.reshape(-1, 4), score, np.repeat([0, 1], number))


class FakeEncoder:
    """The token of a view: its mean grey, the means of its left and its upper half, and how many came together."""

    size, width = 8, 4
    interpolation = "bicubic"
    description, weights = "fake", "none"

    def encode_views(self, views: np.ndarray) -> np.ndarray:
        pixels = views.astype(np.float32)
        means = [pixels.mean((1, 2, 3)), pixels[:, :, :4].mean((1, 2, 3)), pixels[:, :4].mean((1, 2, 3))]
        return np.stack([*means, np.full(len(views), len(views))], axis=1).astype(np.float16)


def grey_clips(folder: Path, clips: Mapping[str, Sequence[int]]) -> dict[str, VideoSource]:
    """Clips of lossless frames 64 x 48, each of the grey that its number says."""
    return {
        name: VideoSource(name, write_folder(folder / name, [grey(number) for number in numbers]))
        for name, numbers in clips.items()
    }


def group_of(sources: Mapping[str, VideoSource]) -> Group:
    return Group({name: f"digest of {name}" for name in sources}, tuple(sources))


def computed(compute: Compute, sources: Mapping[str, VideoSource], *stages: Stage) -> Mapping[Stage, Content]:
    """What the units of all these clips hold, by stage."""
    artifacts = [Artifact(Path(), stage, {}, {}) for stage in stages]
    return compute(group_of(sources), artifacts, Clock())
