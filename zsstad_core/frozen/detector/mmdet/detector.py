"""Runs any mmdet detector on frames, many in one forward pass.

mmdet's own `inference_detector` runs a list of images one by one; here the same test pipeline feeds `model.test_step`
with a batch. A batch holds only frames that the pipeline resizes to the same size: mmdet pads a batch to its largest
image, and a frame's boxes would then depend on the other frames of its batch.
"""

import logging
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from zsstad_core.frozen.detector.frame_boxes import FrameBoxes
from zsstad_core.frozen.detector.mmdet.config import resolve_config
from zsstad_core.frozen.detector.mmdet.model import load
from zsstad_core.frozen.detector.mmdet.scope import quiet
from zsstad_core.settings.frozen import Detector as DetectorSettings

logger = logging.getLogger(__name__)


class MmdetDetector:
    """A frozen detector of mmdet; a `Detector`.

    classes: its own class names, by label; `detector.person_class` is one of them.
    weights: SHA-256 of the checkpoint file, hex.

    The test_cfg of the config limits which boxes the model returns (score_thr is 0.05 for Faster R-CNN, 0.01 for YOLOX,
    0.001 for RTMDet; also NMS and the number of boxes).

    Raises as `load`.
    """

    classes: tuple[str, ...]
    weights: str

    def __init__(self, settings: DetectorSettings, device: str = "cpu") -> None:
        loaded = load(settings, device)
        self._pipeline = loaded.pipeline
        self._model: Any = loaded.model.eval()
        self.classes, self.weights = loaded.classes, loaded.weights
        _warn_of_thresholds(settings, loaded.cfg)

    def __call__(self, frames: Sequence[np.ndarray]) -> list[FrameBoxes]:
        """The boxes of each frame of one batch. frames: RGB uint8 [H, W, 3] of any sizes.

        Raises torch.OutOfMemoryError where GPU memory is too small.
        """
        prepared = [self._pipeline({"img": frame[..., ::-1].copy(), "img_id": 0}) for frame in frames]  # BGR
        boxes: dict[int, FrameBoxes] = {}
        for same_size in _by_size(prepared):
            batch = {key: [prepared[i][key] for i in same_size] for key in ("inputs", "data_samples")}
            with quiet(), torch.inference_mode():
                results = self._model.test_step(batch)
            boxes |= {i: _frame_boxes(result.pred_instances) for i, result in zip(same_size, results, strict=True)}
        return [boxes[i] for i in range(len(frames))]


def _by_size(prepared: Sequence[dict[str, Any]]) -> list[list[int]]:
    groups: dict[tuple[int, ...], list[int]] = {}
    for i, sample in enumerate(prepared):
        groups.setdefault(tuple(sample["inputs"].shape), []).append(i)
    return list(groups.values())


def _frame_boxes(found: Any) -> FrameBoxes:
    return FrameBoxes(
        found.bboxes.float().cpu().numpy(),
        found.scores.float().cpu().numpy(),
        found.labels.cpu().numpy().astype(np.int64),
    )


def _warn_of_thresholds(settings: DetectorSettings, cfg: Any) -> None:
    test = cfg.model.get("test_cfg") or {}
    floor = test.get("rcnn", test).get("score_thr", 0)
    config = resolve_config(settings.config)
    for name in ("person_score", "object_score"):
        if (ours := getattr(settings, name)) < floor:
            logger.warning("detector.%s is %g, but %s gives no box below its own %g", name, ours, config.name, floor)
