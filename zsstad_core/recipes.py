"""The recipes that pipeline.yaml starts with: named changes to the defaults of `zsstad_core.settings`."""

from typing import Any

RECIPES: dict[str, dict[str, Any]] = {
    "iclip/ucf101_24": {"training": {"iterations": 10_000, "warmup": 1_000}},
    "iclip/stickworld": {"training": {"iterations": 600, "warmup": 60, "lr": 5e-5}},
    "stickworld": {
        "detector": {
            "config": "demo/models/detector.py",
            "checkpoint": "demo/models/detector.pth",
            "person_score": 0.1,
            "object_score": 0.2,
            "batch": 16,
        },
        "encoder": {
            "model": "demo/models/clip.json",
            "pretrained": "demo/models/clip.safetensors",
            "crop": "squash",
            "underscores": "space",
        },
    },
    "yolox-nano": {
        "detector": {"config": "yolox/yolox_nano_8xb8-300e_coco.py", "checkpoint": "data/yolox_nano_mmdet.pth"}
    },
}
