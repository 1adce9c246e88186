"""The recipes that pipeline.yaml starts with: named changes to the defaults of the settings.

Those of a method stand with its settings, in `methods/NAME/settings.py`.
"""

from typing import Any

from zsstad_core.methods import registry

RECIPES: dict[str, dict[str, Any]] = {
    "ava": {
        "cache": {"clips_per_unit": 1},
        "encoder": {"model": "ViT-L-14"},
        "training": {"loss": "ava", "videos": "without_unseen"},
        "scoring": {"select": "margin", "margin": 0.7, "labels": "all"},
        "evaluation": {"protocol": "ava", "video_iou": []},
    },
    "single-action": {"scoring": {"voting": "mean"}},
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
    "folder": {"split": "all-unseen", "scoring": {"labels": "all", "similarities": True}},
    "finetune": {"detector": {"finetune": {"epochs": 10}}},
    "yolox-nano": {
        "detector": {"config": "yolox/yolox_nano_8xb8-300e_coco.py", "checkpoint": "data/yolox_nano_mmdet.pth"}
    },
    **dict(registry.recipes()),
}
