"""Small detectors of mmdet's real architectures with random weights, made in a temporary folder."""

from pathlib import Path

import torch
import torch.nn.functional as F

from zsstad_core.frozen.detector.mmdet import mmcv_ops
from zsstad_core.frozen.detector.mmdet.scope import inside_mmdet, quiet
from zsstad_core.settings.frozen import Detector as DetectorSettings

LAST_LAYERS = ("conv_cls.0.weight", "conv_cls.1.weight", "conv_cls.2.weight", "fc_cls.weight")

YOLOX = """
_base_ = 'mmdet::yolox/yolox_nano_8xb8-300e_coco.py'
model = dict(test_cfg=dict(score_thr=0.26, nms=dict(type='nms', iou_threshold=0.5)))
test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=(96, 96), keep_ratio=True),
    dict(type='Pad', pad_to_square=True, pad_val=dict(img=(114.0, 114.0, 114.0))),
    dict(type='LoadAnnotations', with_bbox=True),
    dict(type='PackDetInputs', meta_keys=('img_id', 'img_path', 'ori_shape', 'img_shape', 'scale_factor')),
]
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
"""

FASTER_RCNN = """
_base_ = 'mmdet::faster_rcnn/faster-rcnn_r50_fpn_1x_coco.py'
model = dict(
    backbone=dict(depth=18, base_channels=16),
    neck=dict(in_channels=[16, 32, 64, 128], out_channels=32),
    rpn_head=dict(in_channels=32, feat_channels=32),
    roi_head=dict(
        bbox_roi_extractor=dict(out_channels=32), bbox_head=dict(in_channels=32, fc_out_channels=64)),
    test_cfg=dict(rpn=dict(nms_pre=60, max_per_img=30), rcnn=dict(score_thr=0.013)))
test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=(160, 96), keep_ratio=True),
    dict(type='LoadAnnotations', with_bbox=True),
    dict(type='PackDetInputs', meta_keys=('img_id', 'img_path', 'ori_shape', 'img_shape', 'scale_factor')),
]
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
"""


def make_detector(folder: Path, config: str, meta: dict | None = None, **settings) -> DetectorSettings:
    """Write `config` and a checkpoint of random weights for it; the settings that name them."""
    (folder / "config.py").write_text(config)
    model = build_model(folder / "config.py")
    torch.save({"state_dict": model.state_dict(), "meta": meta or {}}, folder / "weights.pth")
    return DetectorSettings(config=str(folder / "config.py"), checkpoint=str(folder / "weights.pth"), **settings)


def build_model(config: Path) -> torch.nn.Module:
    mmcv_ops.bridge()
    with inside_mmdet():
        import mmdet.models  # noqa: F401
        from mmdet.registry import MODELS
        from mmengine.config import Config

        torch.manual_seed(0)
        model = MODELS.build(Config.fromfile(config).model)
    calibrate(model)
    return model


def calibrate(model: torch.nn.Module) -> None:
    """Give random weights running statistics and class scores that differ from frame to frame."""
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = None  # the statistics become the plain mean of what is seen below
    coarse = torch.rand(8, 3, 12, 12, generator=torch.Generator().manual_seed(1)) * 255
    with torch.no_grad(), quiet():
        features = model.train().extract_feat(F.interpolate(coarse, (160, 160), mode="bilinear"))
        if hasattr(model, "bbox_head"):  # the head of one stage has such statistics too
            model.bbox_head(features)
        for name, parameter in model.named_parameters():
            if name.endswith(LAST_LAYERS):
                parameter *= 8
