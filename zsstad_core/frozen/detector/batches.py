"""Runs a detector on any number of frames: in batches that fit into GPU memory, with boxes clipped to their frames."""

import logging
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch

from zsstad_core.errors import ModelError
from zsstad_core.frozen.detector.class_names import refuse_unnamed_labels
from zsstad_core.frozen.detector.contract import Detector
from zsstad_core.frozen.detector.frame_boxes import FrameBoxes

logger = logging.getLogger(__name__)


class Batches:
    """A `Detector` for any number of frames; it calls another detector with at most `batch` frames at once.

    classes: the names of the detector's labels, in place of its own.
    """

    def __init__(self, detector: Detector, classes: tuple[str, ...], batch: int) -> None:
        self.detector, self.classes, self._batch = detector, classes, batch
        self.weights = detector.weights

    def __call__(self, frames: Sequence[np.ndarray]) -> list[FrameBoxes]:
        """The boxes of each frame, clipped to it. frames: RGB uint8 [H, W, 3] of any sizes.

        Where GPU memory is too small, the batch is halved, for all later calls too. Raises ModelError where one frame
        does not fit, or where a label has no class name.
        """
        boxes: list[FrameBoxes] = []
        while len(boxes) < len(frames):
            part = frames[len(boxes) : len(boxes) + self._batch]
            found = self._detect(part)
            if found is None:
                self._batch = self._smaller(len(part))
                continue
            boxes += found
        return boxes

    def _detect(self, frames: Sequence[np.ndarray]) -> list[FrameBoxes] | None:
        """The boxes of one batch, or None where GPU memory is too small."""
        try:
            found = self.detector(frames)
        except torch.OutOfMemoryError:
            return None
        for boxes in found:
            refuse_unnamed_labels(boxes, self.classes)
        return [_clipped(boxes, frame) for boxes, frame in zip(found, frames, strict=True)]

    def _smaller(self, batch: int) -> int:
        if batch == 1:
            raise ModelError("detector: one frame does not fit into GPU memory; free some, or set device to cpu")
        torch.cuda.empty_cache()
        logger.warning("detector: %d frames do not fit into GPU memory, going on with %d", batch, batch // 2)
        return batch // 2


def _clipped(boxes: FrameBoxes, frame: np.ndarray) -> FrameBoxes:
    height, width = frame.shape[:2]
    return replace(boxes, xyxy=np.clip(boxes.xyxy, 0, np.array([width, height, width, height], np.float32)))
