"""The recipes that pipeline.yaml starts with: named changes to the defaults of `zsstad_core.settings`."""

from typing import Any

STCLIP_TRAINING: dict[str, Any] = {
    "iterations": 3_000,
    "warmup": 800,
    "warmup_factor": 0.25,
    "lr": 2.5e-4,
    "weight_decay": 1e-7,
    "batch": 8,
}
"""Of ST-CLIP on J-HMDB and UCF101-24: its code, and its paper as far as that says."""

RECIPES: dict[str, dict[str, Any]] = {
    "ava": {
        "cache": {"clips_per_unit": 1},
        "encoder": {"model": "ViT-L-14"},
        "training": {"loss": "ava", "videos": "without_unseen"},
        "scoring": {"select": "margin", "margin": 0.7, "labels": "all"},
        "evaluation": {"protocol": "ava", "video_iou": []},
    },
    "iclip/ava": {"training": {"iterations": 30_000, "warmup": 2_000, "lr": 4e-4}},
    "oracle/ava": {"heads": {"oracle": {"knows": "person"}}},
    "oracle/ucf101_24": {"heads": {"oracle": {"knows": "person"}}},
    "single-action": {"scoring": {"voting": "mean"}},
    "iclip/ucf101_24": {"training": {"iterations": 10_000, "warmup": 1_000}},
    "iclip/stickworld": {"training": {"iterations": 600, "warmup": 60, "lr": 5e-5}},
    "stclip/jhmdb": {"training": {**STCLIP_TRAINING}, "scoring": {"select": "first", "first": 3, "batch": 8}},
    "stclip/ucf101_24": {
        "cache": {"clips_per_unit": 8},
        "training": {**STCLIP_TRAINING},
        "scoring": {"select": "margin", "margin": 0.7, "batch": 8},
    },
    "stclip/ava": {
        "datasets": {"ava": {"around": 4, "step": 1.0, "step_unit": "frames"}},
        "heads": {"stclip": {"prompt_tokens": "interest", "interest_tokens": 100}},
        "training": {**STCLIP_TRAINING, "iterations": 20_000, "warmup": 2_000, "lr": 4e-4},
        "scoring": {"batch": 8},
    },
    "stclip/stickworld": {
        "training": {**STCLIP_TRAINING, "iterations": 150, "warmup": 60, "lr": 2.5e-3, "checkpoint_every": 50},
        "scoring": {"batch": 8},
    },
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
}
