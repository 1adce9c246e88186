"""A J-HMDB in small whose clips decode, a narrow YOLOX with random weights, and the settings that use both.

    python -m tests.end_to_end.made FOLDER

writes them into a folder and prints the settings, as SET= takes them.
"""

import math
import shlex
import sys
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.conftest import TINY_CLIP
from tests.datasets.made_jhmdb import write_pickle
from tests.made_videos import write_video
from zsstad_core.datasets.jhmdb import CLASSES

HERE = ("catch", "golf", "run", "stand", "wave")  # the classes that have clips; unseen in split 2: run, stand
TRAIN = [f"{name}/clip_{letter}" for name in HERE for letter in "ac"]
TEST = [f"{name}/clip_b" for name in HERE]
CLIPS = sorted(TRAIN + TEST)
SHORT, LOST = "stand/clip_b", 2  # a clip that ends so many frames before its annotation, as three of the real ones do
WIDTH, HEIGHT = 96, 72
PERSON = (28, 52)  # width and height

type Settings = Mapping[str, object]


def frames_of(video_id: str) -> int:
    """How many frames are annotated, 8 to 12."""
    return 8 + CLIPS.index(video_id) % 5


def tube_of(video_id: str) -> NDArray[np.float32]:
    """Rows of frame from 1, x1, y1, x2, y2: a person that walks to the right."""
    start = CLIPS.index(video_id) * 2
    width, height = PERSON
    rows = [[f + 1, start + 2 * f, 10, start + 2 * f + width - 1, 10 + height - 1] for f in range(frames_of(video_id))]
    return np.array(rows, np.float32)


def pictures(video_id: str) -> list[NDArray[np.uint8]]:
    """RGB frames: a coarse pattern of the class's own colours, and on it the person in the clip's own."""
    rng = np.random.default_rng([HERE.index(video_id.split("/")[0]), 7])
    coarse = rng.integers(0, 256, (6, 8, 3), dtype=np.uint8)
    ground = coarse.repeat(HEIGHT // 6, 0).repeat(WIDTH // 8, 1)
    colour = np.random.default_rng(CLIPS.index(video_id)).integers(0, 256, 3)
    frames = []
    for _, x1, y1, x2, y2 in tube_of(video_id).astype(int):
        frame = ground.copy()
        frame[y1 : y2 + 1, x1 : x2 + 1] = colour
        frame[y1 : y1 + 12, x1 + 8 : x2 - 7] = 255 - colour  # a head
        frames.append(frame)
    return frames[:-LOST] if video_id == SHORT else frames


def write_clips(root: Path, video_ids: Collection[str] = CLIPS) -> None:
    for video_id in video_ids:
        write_video(root / "videos" / f"{video_id}.avi", pictures(video_id))


def write_annotation(root: Path) -> None:
    content: dict[str, Any] = {
        "labels": list(CLASSES),
        "train_videos": [TRAIN, TEST, TRAIN],
        "test_videos": [TEST, TRAIN, TEST],
        "gttubes": {name: {CLASSES.index(name.split("/")[0]): [tube_of(name)]} for name in CLIPS},
        "nframes": {name: frames_of(name) for name in CLIPS},
        "resolution": dict.fromkeys(CLIPS, (HEIGHT, WIDTH)),
    }
    write_pickle(root, content)


DETECTOR = """
_base_ = 'mmdet::yolox/yolox_nano_8xb8-300e_coco.py'
model = dict(
    backbone=dict(widen_factor=0.125),
    neck=dict(in_channels=[32, 64, 128], out_channels=32),
    bbox_head=dict(num_classes=3, in_channels=32, feat_channels=32),
    test_cfg=dict(score_thr=0.05, nms=dict(type='nms', iou_threshold=0.6)))
test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=(96, 96), keep_ratio=True),
    dict(type='Pad', pad_to_square=True, pad_val=dict(img=(114.0, 114.0, 114.0))),
    dict(type='LoadAnnotations', with_bbox=True),
    dict(type='PackDetInputs', meta_keys=('img_id', 'img_path', 'ori_shape', 'img_shape', 'scale_factor')),
]
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
"""


def write_detector(folder: Path) -> None:
    """`config.py` and `weights.pth`: random, but for boxes about as large as our persons, so that some hit."""
    import torch

    from tests.frozen.made_detectors import build_model

    (folder / "config.py").write_text(DETECTOR)
    model = build_model(folder / "config.py")
    for stride, layer in zip((8, 16, 32), model.bbox_head.multi_level_conv_reg, strict=True):
        layer.weight.data *= 0.1
        layer.bias.data[2:] = torch.tensor([math.log(side / stride) for side in PERSON])
    meta = {"dataset_meta": {"classes": ("person", "sports ball", "chair")}}
    torch.save({"state_dict": model.state_dict(), "meta": meta}, folder / "weights.pth")


def write_all(folder: Path) -> None:
    """Dataset and detector."""
    folder.mkdir(parents=True, exist_ok=True)
    write_clips(folder)
    write_annotation(folder)
    write_detector(folder)


def settings_of(folder: Path) -> dict[str, object]:
    """Settings that use what `write_all` wrote: everything small, and on the CPU."""
    return {
        "device": "cpu",
        "datasets.jhmdb.root": folder,
        "detector.config": folder / "config.py",
        "detector.checkpoint": folder / "weights.pth",
        "detector.person_score": 0.2,
        "detector.persons_per_frame": 10,
        "detector.objects_per_frame": 5,
        "encoder.model": TINY_CLIP,
        "encoder.pretrained": "random",
        "training.iterations": 60,
        "training.warmup": 6,
        "training.checkpoint_every": 20,
        "training.log_every": 20,
        "cache.clips_per_unit": 3,
        "cache.root": folder / "cache",
    }


def as_set(settings: Settings) -> str:
    """Settings as SET= takes them."""
    return " ".join(f"{key}={shlex.quote(str(value))}" for key, value in settings.items())


if __name__ == "__main__":
    target = Path(sys.argv[1]).absolute()
    write_all(target)
    print(as_set(settings_of(target)))
