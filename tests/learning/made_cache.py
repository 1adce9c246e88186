"""The small J-HMDB of the end-to-end tests, extracted into a cache by a detector and an encoder that cost nothing."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tests.conftest import TINY_CLIP
from tests.end_to_end.made import DETECTOR, write_annotation, write_clips
from tests.extraction.fakes import CLASSES, FakeEncoder
from tests.made_plans import plan
from zsstad_core.cache.read import read_artifact_table
from zsstad_core.extraction.detect import detect
from zsstad_core.extraction.encode import encode
from zsstad_core.extraction.scan import annotate, scan
from zsstad_core.extraction.token_boxes import boxes_of
from zsstad_core.frozen.detector.frame_boxes import FrameBoxes
from zsstad_core.plan.plan import Plan
from zsstad_core.work import Content, Work, run, run_whole


def write_dataset(folder: Path) -> None:
    """What `made_plan` needs in `folder`; the detector's files decide its key and are never opened."""
    (folder / "jhmdb").mkdir()
    write_clips(folder / "jhmdb")
    write_annotation(folder / "jhmdb")
    (folder / "config.py").write_text(DETECTOR)
    (folder / "weights.pth").write_text("weights")


def made_plan(folder: Path, **changed: Any) -> Plan:
    """A plan of split 2 (unseen: run, stand)."""
    own = {"detector.config": str(folder / "config.py"), "detector.checkpoint": str(folder / "weights.pth")}
    encoder = {"encoder.model": str(TINY_CLIP), "encoder.pretrained": "random"}
    return plan(folder, split=2, **{**own, **encoder, "cache.clips_per_unit": 2, **changed})


def extract(made: Plan) -> None:
    """What `make extract` does, with fakes."""
    run(Work("index", [made.index], lambda: scan(made.videos)))
    videos = read_artifact_table(made.index, "videos")
    run(Work("groundtruth", [made.groundtruth], lambda: annotate(made.dataset.groundtruth(), videos)))
    run(Work("detect", [made.detect], lambda: detect(made.videos, ThreeBoxes(), made.settings.detector)))
    boxes = boxes_of(
        made.kinds(),
        read_artifact_table(made.detect, "boxes"),
        read_artifact_table(made.groundtruth, "groundtruth"),
    )
    encoder: Any = FakeEncoder() if any(kind.form != "pixel" for kind in made.kinds()) else None
    tokens = [made.tokens(kind) for kind in made.kinds()]
    run(Work("encode", tokens, lambda: encode(made.videos, encoder, made.settings.encoder, boxes)))
    run_whole("text", made.text, lambda: Content(tokens=text_of(made)))


def text_of(made: Plan) -> np.ndarray:
    """float32 [K, 4]: a class's number, four times."""
    return np.repeat(np.arange(len(made.dataset.classes), dtype=np.float32)[:, None], 4, axis=1)


class ThreeBoxes:
    """A detector that finds on each frame two persons (0.9 and 0.15) and a chair that touches the first of them."""

    classes, weights = CLASSES, "fake"

    def __call__(self, frames: Sequence[np.ndarray]) -> list[FrameBoxes]:
        xyxy = np.array([[10, 10, 40, 60], [60, 10, 90, 60], [30, 40, 50, 70]], np.float32)
        return [FrameBoxes(xyxy, np.array([0.9, 0.15, 0.8], np.float32), np.array([0, 0, 1])) for _ in frames]
