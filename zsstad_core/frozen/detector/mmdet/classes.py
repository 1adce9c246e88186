"""The class names of a model of mmdet, which must be as many as its head has classes."""

from collections.abc import Mapping
from typing import Any

from torch import nn

from zsstad_core.errors import ModelError

_HEADS = ("roi_head.bbox_head", "bbox_head", "panoptic_fusion_head")
"""Where detectors of mmdet have the head that gives a box its label; the first that a model has."""


def class_names(cfg: Any, model: nn.Module, named: tuple[str, ...] | None, where: str) -> tuple[str, ...]:
    """The class name of each label.

    named: the names in the checkpoint, None where it has none. Where these do not fit the head, the config's names
    count (test_dataloader.dataset.metainfo.classes); where neither has names, COCO's. where: the checkpoint, for
    messages. Raises ModelError where nothing fits the number of classes of the head.
    """
    from mmdet.datasets import CocoDataset

    things, all_classes = _numbers_of_classes(model, where)
    counts = {things, all_classes}  # names of a panoptic model may go on with those of its stuff, which has no boxes
    given = _configured(cfg)
    for names in (named, given, None if named or given else CocoDataset.METAINFO["classes"]):
        if names and len(names) in counts:
            return tuple(names)
    way_out = "name them in the config (test_dataloader.dataset.metainfo.classes)"
    if named:
        raise ModelError(
            f"{where}: names {_counted(len(named))} ({', '.join(named[:3])}{', ...' if len(named) > 3 else ''}), the "
            f"head of the config has {things}; {way_out}, or take the config's own checkpoint"
        )
    others = (
        f"the config names {len(given)}" if given else f"they are not COCO's {len(CocoDataset.METAINFO['classes'])}"
    )
    raise ModelError(f"{where}: does not name its {_counted(things)}, and {others}; {way_out}")


def refuse_without_boxes(model: nn.Module, config: str) -> None:
    """Raise ModelError for a model of mmdet that finds masks alone: its boxes are none, or all without area."""
    from mmdet.models.detectors import MaskFormer, TwoStagePanopticSegmentor
    from mmdet.models.detectors.single_stage_instance_seg import SingleStageInstanceSegmentor

    masks_alone = isinstance(model, SingleStageInstanceSegmentor) and getattr(model, "bbox_head", None) is None
    instances_off = isinstance(model, MaskFormer) and not (model.test_cfg or {}).get("instance_on", False)
    if masks_alone or instances_off or isinstance(model, TwoStagePanopticSegmentor):
        way_out = "set model.test_cfg.instance_on=True, or take" if instances_off else "take"
        raise ModelError(
            f"{config}: {type(model).__name__} gives masks and no boxes; {way_out} a detector of boxes (Faster R-CNN, "
            "RTMDet, YOLOX, Mask R-CNN)"
        )


def _configured(cfg: Any) -> tuple[str, ...] | None:
    dataset = (cfg.get("test_dataloader") or {}).get("dataset") or {}
    meta = dataset.get("metainfo")
    names = meta.get("classes") if isinstance(meta, Mapping) else None
    if not names:
        return None
    return (names,) if isinstance(names, str) else tuple(map(str, names))  # ('person') without a comma is a str


def _numbers_of_classes(model: nn.Module, where: str) -> tuple[int, int]:
    """How many classes boxes have, and how many the head has in all, with those of stuff."""
    model = getattr(model, "teacher", model)  # a semi-supervised pair; its teacher predicts
    for path in _HEADS:
        head: Any = model
        for name in path.split("."):
            head = getattr(head, name, None)
        if isinstance(head, nn.ModuleList):  # a cascade; its last stage decides
            head = head[-1]
        if head is not None and isinstance(getattr(head, "num_classes", None), int):
            return getattr(head, "num_things_classes", head.num_classes), head.num_classes
    raise ModelError(
        f"{where}: {type(model).__name__} of mmdet has no head whose classes are known here; take another detector"
    )


def _counted(number: int) -> str:
    return f"{number} class" if number == 1 else f"{number} classes"
