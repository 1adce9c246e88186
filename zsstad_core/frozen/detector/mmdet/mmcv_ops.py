"""The two compiled mmcv operators that mmdet's usual detectors need, from torchvision.

mmdet imports `mmcv._ext`, which only a compiled mmcv has; mmcv-lite has all the Python around it. `bridge` puts a
module of that name in its place, before mmdet is imported. Every operator that is not bridged can still be imported,
and raises ModelError when it is called. Signatures are those of mmcv 2.1.0 (`mmcv/ops/csrc/pytorch/pybind.cpp`).
"""

import sys
from collections.abc import Callable
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from torch import Tensor
from torchvision import ops

from zsstad_core.errors import ModelError

EXTENSION = "mmcv._ext"


def bridge() -> None:
    """Register the bridge as `mmcv._ext`, unless a compiled mmcv is installed. Calling it again does nothing."""
    mmcv = find_spec("mmcv")
    compiled = mmcv and PathFinder.find_spec(EXTENSION, mmcv.submodule_search_locations)
    if not compiled:
        sys.modules.setdefault(EXTENSION, _Bridge())


class _Bridge(ModuleType):
    def __init__(self) -> None:
        super().__init__(EXTENSION, __doc__)
        self.__spec__ = ModuleSpec(EXTENSION, loader=None)  # mmengine reads it
        self.nms, self.roi_align_forward = _nms, _roi_align_forward

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *_, **__: _refuse(name)


def _refuse(op: str) -> None:
    raise ModelError(
        f"this detector needs mmcv's compiled operator {op}, which mmcv-lite does not have; "
        "build mmcv 2.1.0 from source in its place, or choose a detector without it (Faster R-CNN, RTMDet, YOLOX)"
    )


def _nms(boxes: Tensor, scores: Tensor, iou_threshold: float, offset: int = 0) -> Tensor:
    if offset:
        _refuse(f"nms(offset={offset})")
    kept: Tensor = ops.nms(boxes, scores, iou_threshold)
    return kept


def _roi_align_forward(
    features: Tensor, rois: Tensor, output: Tensor, argmax_y: Tensor, argmax_x: Tensor,
    aligned_height: int, aligned_width: int, spatial_scale: float, sampling_ratio: int, pool_mode: int, aligned: bool,
) -> None:  # fmt: skip
    if pool_mode != 1:
        _refuse("roi_align(pool_mode='max')")
    size = (aligned_height, aligned_width)
    output.copy_(ops.roi_align(features, rois, size, spatial_scale, sampling_ratio, aligned))
