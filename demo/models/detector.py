"""A narrow RTMDet for stickworld: person and eight object classes, on frames of 160x120 enlarged to 320x240."""

_base_ = "mmdet::rtmdet/rtmdet_tiny_8xb32-300e_coco.py"

classes = ("person", "ball", "box", "chair", "bag", "cup", "stick", "plant", "table")
scale = (320, 240)

model = dict(
    backbone=dict(widen_factor=0.1875, norm_cfg=dict(type="BN"), init_cfg=None),
    neck=dict(in_channels=[48, 96, 192], out_channels=48, norm_cfg=dict(type="BN")),
    bbox_head=dict(num_classes=len(classes), in_channels=48, feat_channels=48, norm_cfg=dict(type="BN")),
    test_cfg=dict(nms_pre=300, score_thr=0.01, max_per_img=50),
)
train_pipeline = [
    dict(type="RandomFlip", prob=0.5),
    dict(type="RandomResize", scale=scale, ratio_range=(0.75, 1.3), keep_ratio=True),
    dict(type="RandomCrop", crop_size=(320, 256), allow_negative_crop=True),
    dict(type="YOLOXHSVRandomAug"),
    dict(type="Pad", size=(320, 256), pad_val=dict(img=(114, 114, 114))),
    dict(type="PackDetInputs"),
]
test_pipeline = [
    dict(type="LoadImageFromFile"),
    dict(type="Resize", scale=scale, keep_ratio=True),
    dict(type="Pad", size_divisor=32, pad_val=dict(img=(114, 114, 114))),
    dict(type="PackDetInputs", meta_keys=("img_id", "img_path", "ori_shape", "img_shape", "scale_factor")),
]
test_dataloader = dict(dataset=dict(metainfo=dict(classes=classes), pipeline=test_pipeline))
