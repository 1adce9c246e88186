"""What every detector must hold, whatever finds its boxes: `check` raises AssertionError where one does not."""

import json
import os
import subprocess
import sys

import cv2
import numpy as np

from tests.conftest import ROOT
from tests.frozen.agreement import agreement
from zsstad_core.cache.digests import sha256
from zsstad_core.frozen.detector.frame_boxes import PERSON
from zsstad_core.frozen.detector.loading import load_detector
from zsstad_core.frozen.detector.registry import identity
from zsstad_core.settings.frozen import Detector as DetectorSettings

SIZES = [(96, 128), (64, 48), (96, 128), (64, 48), (64, 48)]

_LOADED = """
import sys
from zsstad_core.frozen.detector.registry import identity
from zsstad_core.settings.frozen import Detector
identity(Detector.model_validate_json(sys.argv[1]), str, lambda paths: [*map(str, paths)])
print(*sorted({"torch", "torchvision", "mmdet", "mmengine", "mmcv"} & set(sys.modules)))
"""


def check(settings: DetectorSettings) -> None:
    """`settings` give some boxes on `frames()`, and `batch` is below the number of those."""
    detector, shown = load_detector(settings, "cpu"), frames()
    assert PERSON in detector.classes
    assert detector.weights
    assert detector([]) == []
    together = detector(shown)
    assert len(together) == len(shown)
    for boxes, frame in zip(together, shown, strict=True):
        number = len(boxes.score)
        assert (boxes.xyxy.dtype, boxes.xyxy.shape) == (np.float32, (number, 4))
        assert (boxes.score.dtype, boxes.score.shape) == (np.float32, (number,))
        assert (boxes.label.dtype, boxes.label.shape) == (np.int64, (number,))
        assert ((boxes.score >= 0) & (boxes.score <= 1)).all()
        assert ((boxes.label >= 0) & (boxes.label < len(detector.classes))).all()
        height, width = frame.shape[:2]
        assert ((boxes.xyxy >= 0) & (boxes.xyxy <= [width, height, width, height])).all()
    assert sum(len(boxes.score) for boxes in together) > 0
    alone = [detector([frame])[0] for frame in shown]
    # Convolutions of other batch sizes may round otherwise, and then a box close to a threshold may come or go.
    assert agreement(alone, together, iou=0.9, score=1e-4) > 0.95
    assert agreement(together, alone, iou=0.9, score=1e-4) > 0.95
    _check_identity(settings)


def _check_identity(settings: DetectorSettings) -> None:
    one, other = (identity(settings, sha256, lambda paths: {path.name: sha256(path) for path in paths}) for _ in "ab")
    assert json.dumps(one) == json.dumps(other)
    run = [sys.executable, "-c", _LOADED, settings.model_dump_json()]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
    done = subprocess.run(run, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "", "a plan loads nothing heavy for a key"


def frames() -> list[np.ndarray]:
    """Smooth coloured frames of two sizes, as compressed video has them. RGB uint8 [H, W, 3]."""
    rng = np.random.default_rng(0)
    return [cv2.resize(rng.integers(0, 256, (6, 8, 3), dtype=np.uint8), (w, h)) for h, w in SIZES]
