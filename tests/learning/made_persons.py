"""Clips of made-up persons for a detector to learn, and small trainable detectors of mmdet's real architectures."""

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from tests.conftest import ROOT
from tests.frozen.made_detectors import FASTER_RCNN, YOLOX
from tests.made_videos import write_video
from zsstad_core.boxes import iou
from zsstad_core.frozen.detector.loading import load_detector
from zsstad_core.frozen.detector.mmdet import mmcv_ops
from zsstad_core.frozen.detector.mmdet.scope import inside_mmdet
from zsstad_core.learning.finetune import finetune
from zsstad_core.learning.finetune_frames import Sample
from zsstad_core.settings.frozen import Detector as DetectorSettings
from zsstad_core.settings.frozen import Finetune
from zsstad_core.video import VideoSource

WIDTH, HEIGHT, FRAMES = 160, 120, 4
DEMO = DetectorSettings(config=str(ROOT / "demo/models/detector.py"), checkpoint=str(ROOT / "demo/models/detector.pth"))
CONFIGS = {"yolox": YOLOX, "faster_rcnn": FASTER_RCNN}


@dataclass(frozen=True)
class World:
    """Clips with a person in every frame: a coloured box with a head, on a coarse pattern."""

    samples: list[Sample]
    videos: dict[str, VideoSource]
    images: list[NDArray[np.uint8]]


def world(folder: Path, clips: int, seed: int) -> World:
    dice = np.random.default_rng(seed)
    made = World([], {}, [])
    for clip in range(clips):
        name, path = f"clip {clip}", folder / f"{seed}-{clip}.avi"
        ground = dice.integers(0, 256, (6, 8, 3), dtype=np.uint8).repeat(20, 0).repeat(20, 1)
        colour, start, y = dice.integers(0, 256, 3), int(dice.integers(0, 80)), int(dice.integers(5, 40))
        frames = []
        for number in range(FRAMES):
            image, x = ground.copy(), start + 4 * number
            image[y : y + 70, x : x + 34] = colour
            image[y : y + 16, x + 10 : x + 24] = 255 - colour
            frames.append(image)
            made.samples.append(Sample(name, number, np.array([[x, y, x + 34, y + 70]], np.float32)))
        made.videos[name] = VideoSource(name, write_video(path, frames))
        made.images.extend(frames)
    return made


def recall(settings: DetectorSettings, shown: World) -> float:
    """Share of the persons that a box with a score of 0.3 overlaps by half."""
    detector = load_detector(settings, "cpu")
    hits = []
    for sample, found in zip(shown.samples, detector(shown.images), strict=True):
        person = (found.label == detector.classes.index("person")) & (found.score >= 0.3)
        hits.append(bool((iou(sample.boxes, found.xyxy[person]) >= 0.5).any()))
    return float(np.mean(hits))


def make_trainable(folder: Path, architecture: str, tuning: Finetune) -> DetectorSettings:
    """A detector with the weights that mmdet begins a training with."""
    from mmengine.logging import MMLogger

    mmcv_ops.bridge()
    config = folder / "config.py"
    config.write_text(CONFIGS[architecture])
    with inside_mmdet():
        import mmdet.models  # noqa: F401
        from mmdet.registry import MODELS
        from mmengine.config import Config

        MMLogger.get_instance("mmengine").setLevel("WARNING")  # init_weights would tell of every weight
        torch.manual_seed(0)
        content = Config.fromfile(config).model
        content.backbone.init_cfg = None
        model = MODELS.build(content)
        model.init_weights()
    torch.save({"state_dict": model.state_dict(), "meta": {}}, folder / "weights.pth")
    return DetectorSettings(config=str(config), checkpoint=str(folder / "weights.pth"), finetune=tuning)


TUNING = Finetune(epochs=2, batch=4, lr=2e-3, checkpoint_every=2, log_every=1)


def run(
    world_in: Path, work_dir: Path, log: Callable[[str], None] = lambda line: None, tuning: Finetune = TUNING
) -> dict[str, torch.Tensor]:
    """Fine-tune the demo's detector on two clips, four steps. One thread, so that all add up in the same order."""
    torch.set_num_threads(1)
    shown = world(world_in, clips=2, seed=0)
    seven = shown.samples[:7]  # the second batch spans two epochs, the last has two frames
    file, _ = finetune(DEMO.model_copy(update={"finetune": tuning}), seven, shown.videos, "cpu", work_dir, log)
    work_dir.mkdir(exist_ok=True)
    (work_dir / "result").write_bytes(file)
    weights: dict[str, torch.Tensor] = torch.load(work_dir / "result", weights_only=True)["state_dict"]
    return weights


def killed_run(world_in: Path, work_dir: Path, at: str) -> None:
    """The same in another process, which kills itself at the line that begins so."""
    process = multiprocessing.get_context("forkserver").Process(
        target=_run_and_die, args=(world_in, work_dir, at, list(sys.path))
    )
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL, f"ended with {process.exitcode}, it was not killed"


def _run_and_die(world_in: Path, work_dir: Path, at: str, path: list[str]) -> None:
    sys.path[:] = path

    def log(line: str) -> None:
        if line.startswith(at):
            os.kill(os.getpid(), signal.SIGKILL)

    run(world_in, work_dir, log)
