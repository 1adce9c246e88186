"""Detectors that are not mmdet's, as somebody writes them outside the package: they find boxes in a frame's corners."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
from pydantic import Field

from zsstad_core.frozen.detector.contract import DetectorKind
from zsstad_core.frozen.detector.frame_boxes import FrameBoxes
from zsstad_core.settings.base import BY_DIGEST, HOW, Section
from zsstad_core.settings.frozen import Detector as DetectorSettings


class Options(Section):
    """Options of a detector of corners."""

    weights: Annotated[str, BY_DIGEST]
    """File of the weights."""

    side: Annotated[int, Field(ge=1)] = 8
    """Side of a box, in pixels."""

    fits: Annotated[int, HOW] = 1000
    """Frames that fit into memory together."""


class Corners:
    """A person in the upper left corner of each frame, a chair that reaches over the lower right one."""

    classes: tuple[str, ...] = ("chair", "person")

    def __init__(self, settings: DetectorSettings, options: Options, device: str) -> None:
        self.options, self.weights, self.calls = options, Path(options.weights).read_text(), list[int]()

    def __call__(self, frames: Sequence[np.ndarray]) -> list[FrameBoxes]:
        self.calls.append(len(frames))
        if len(frames) > self.options.fits:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        return [self._boxes(*frame.shape[:2]) for frame in frames]

    def _boxes(self, height: int, width: int) -> FrameBoxes:
        side = self.options.side
        xyxy = [[0, 0, side, side], [width - side, height - side, width + 5, height + 5]]
        return FrameBoxes(np.array(xyxy, np.float32), np.array([0.9, 0.8], np.float32), np.array([1, 0]))


class Chairs(Corners):
    """The same, without a name for persons."""

    classes = ("chair", "table")


def _identity(settings: DetectorSettings, options: Options) -> dict[str, Any]:
    return {"weights": Path(options.weights), "code": 1}


CORNERS = DetectorKind("corners", Corners, _identity, Options)
CHAIRS = DetectorKind("chairs", Chairs, _identity, Options)
IMPOSTOR = DetectorKind("mmdet", Corners, _identity, Options)
REPLACED = DetectorKind("replaced", Corners, lambda settings, options: {"person_score": 0.1}, Options)
NOT_A_KIND = Corners
WITHOUT_WEIGHTS = DetectorKind("without weights", Corners, lambda settings, options: {}, Section)  # is not loaded
