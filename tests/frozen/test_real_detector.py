"""YOLOX-nano with its real weights on real clips, against detections of the same weights under ONNX Runtime."""

import numpy as np
import pytest

from tests.frozen.agreement import agreement
from zsstad_core.frozen.detector.contract import Detector
from zsstad_core.frozen.detector.frame_boxes import FrameBoxes, keep
from zsstad_core.frozen.detector.loading import load_detector
from zsstad_core.settings.frozen import Detector as DetectorSettings
from zsstad_core.video import VideoSource, decode

EVERY = 5  # frames


@pytest.fixture(scope="module")
def detector(realdata) -> Detector:
    weights = realdata / "weights" / "yolox_nano" / "yolox_nano_mmdet.pth"
    settings = DetectorSettings(config="yolox/yolox_nano_8xb8-300e_coco.py", checkpoint=str(weights))
    return load_detector(settings, "cpu")


@pytest.fixture(scope="module")
def reference(realdata) -> dict[str, np.ndarray]:
    with np.load(realdata / "annotations" / "jhmdb" / "yolox_nano_dets_all928.npz") as arrays:
        return dict(arrays)


def clips(reference, realdata, count: int) -> list[VideoSource]:
    """The first clip that is on disk of each of `count` classes."""
    names = [name for name in reference["names"].tolist() if (realdata / "videos" / "jhmdb" / f"{name}.avi").is_file()]
    first = {name.split("/")[0]: name for name in reversed(names)}
    every = max(1, len(first) // count)
    return [VideoSource(n, realdata / "videos" / "jhmdb" / f"{n}.avi") for n in sorted(first.values())[::every][:count]]


def persons(reference, clip: VideoSource, frame: int) -> FrameBoxes:
    """The reference's persons above 0.3; its frames count from 1, its boxes may stand over the frame (320x240)."""
    video = reference["names"].tolist().index(clip.video_id)
    chosen = (reference["video"] == video) & (reference["frame"] == frame + 1) & (reference["cls"] == 0)
    chosen &= reference["score"] > 0.3
    return FrameBoxes(
        reference["box"][chosen].clip(0, [320, 240, 320, 240]),
        reference["score"][chosen],
        reference["cls"][chosen].astype(np.int64),
    )


def found_share(detector, reference, sources) -> tuple[float, int]:
    """The share of the reference's persons that the detector finds, and how many there are."""
    wanted: list[FrameBoxes] = []
    frames: list[np.ndarray] = []
    for clip in sources:
        for number, _, frame in decode(clip):
            if number % EVERY == 0:
                wanted.append(persons(reference, clip, number))
                frames.append(frame)
    return agreement(wanted, detector(frames), iou=0.9, score=0.02), sum(len(boxes.score) for boxes in wanted)


def test_persons_of_real_clips_are_those_of_the_reference(detector, reference, realdata):
    share, count = found_share(detector, reference, clips(reference, realdata, 10))
    assert count > 70
    assert share >= 0.98


@pytest.mark.slow
def test_persons_of_a_clip_of_every_class_are_those_of_the_reference(detector, reference, realdata):
    share, count = found_share(detector, reference, clips(reference, realdata, 21))
    assert count > 150
    assert share >= 0.98


def test_the_best_kept_box_of_a_real_frame_is_the_person(detector, reference, realdata):
    clip = clips(reference, realdata, 10)[0]
    _, _, frame = next(decode(clip))
    kept = keep(detector([frame])[0], detector.classes, DetectorSettings())
    best = persons(reference, clip, 0)
    assert kept.rows["what"][0] == "person"
    np.testing.assert_allclose([kept.rows[c][0] for c in ("x1", "y1", "x2", "y2")], best.xyxy[0], atol=0.5)
    np.testing.assert_allclose(kept.rows["score"][0], best.score[0], atol=0.01)
