"""The bridged operators against references written out in plain torch."""

import importlib
import sys
import warnings
from importlib.machinery import EXTENSION_SUFFIXES

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from zsstad_core.errors import ModelError
from zsstad_core.frozen.detector.mmdet import mmcv_ops

mmcv_ops.bridge()
with warnings.catch_warnings(record=True):  # deprecations inside torch and mmcv
    from mmcv import ops


def reference_nms(boxes: Tensor, scores: Tensor, iou_threshold: float) -> list[int]:
    kept: list[int] = []
    for i in scores.argsort(descending=True).tolist():
        x1, y1, x2, y2 = boxes[i].tolist()
        for a1, b1, a2, b2 in boxes[kept].tolist():
            both = max(0, min(x2, a2) - max(x1, a1)) * max(0, min(y2, b2) - max(y1, b1))
            if both > iou_threshold * ((x2 - x1) * (y2 - y1) + (a2 - a1) * (b2 - b1) - both):
                break
        else:
            kept.append(i)
    return kept


def bilinear(image_HW: Tensor, y: float, x: float) -> Tensor:
    height, width = image_HW.shape
    if y < -1 or y > height or x < -1 or x > width:
        return torch.tensor(0.0)
    y, x = min(max(y, 0), height - 1), min(max(x, 0), width - 1)
    top, left = int(y), int(x)
    bottom, right = min(top + 1, height - 1), min(left + 1, width - 1)
    down, along = y - top, x - left
    upper = image_HW[top, left] * (1 - along) + image_HW[top, right] * along
    lower = image_HW[bottom, left] * (1 - along) + image_HW[bottom, right] * along
    return upper * (1 - down) + lower * down


def reference_roi_align(image_HW: Tensor, roi: list[float], size: int, scale: float, samples: int, aligned: bool):
    """RoIAlign of Mask R-CNN (He et al. 2017), section 3; `aligned` shifts by half a pixel as Detectron2 does."""
    x1, y1, x2, y2 = (value * scale - (0.5 if aligned else 0) for value in roi)
    width, height = x2 - x1, y2 - y1
    if not aligned:
        width, height = max(width, 1), max(height, 1)
    across, down = samples or -int(-width // size), samples or -int(-height // size)
    pooled = torch.zeros(size, size)
    for row in range(size):
        for column in range(size):
            points = [
                bilinear(
                    image_HW,
                    y1 + (row + (i + 0.5) / down) * height / size,
                    x1 + (column + (j + 0.5) / across) * width / size,
                )
                for i in range(down)
                for j in range(across)
            ]
            pooled[row, column] = torch.stack(points).mean()
    return pooled


corner = st.integers(0, 40)
side = st.integers(1, 30)


@given(st.lists(st.tuples(corner, corner, side, side), max_size=30), st.sampled_from([0.25, 0.5, 0.75]))
def test_nms_keeps_what_greedy_suppression_keeps(rectangles, iou_threshold):
    boxes = torch.tensor([(x, y, x + w, y + h) for x, y, w, h in rectangles], dtype=torch.float32).reshape(-1, 4)
    scores = torch.rand(len(boxes), generator=torch.Generator().manual_seed(len(boxes)))
    detections, kept = ops.nms(boxes, scores, iou_threshold)
    assert kept.tolist() == reference_nms(boxes, scores, iou_threshold)
    assert torch.equal(detections, torch.cat([boxes, scores[:, None]], 1)[kept])


@pytest.mark.parametrize("aligned", [True, False])
@pytest.mark.parametrize("samples", [0, 2])
def test_roi_align_pools_what_its_definition_says(aligned, samples):
    features = torch.rand(2, 3, 12, 16, generator=torch.Generator().manual_seed(0))
    rois = torch.tensor(
        [
            [0, 4.0, 8.0, 52.0, 40.0],
            [1, -9.0, 3.0, 30.5, 70.0],  # over the edges
            [1, 20.0, 20.0, 20.5, 21.0],  # smaller than a cell
        ]
    )
    pooled = ops.roi_align(features, rois, 4, 0.25, samples, "avg", aligned)
    for roi, values in zip(rois.tolist(), pooled, strict=True):
        for channel in range(3):
            image = features[int(roi[0]), channel]
            expected = reference_roi_align(image, roi[1:], 4, 0.25, samples, aligned)
            torch.testing.assert_close(values[channel], expected)


def call_soft_nms():
    ops.soft_nms(torch.rand(3, 4), torch.rand(3), 0.5)


def call_deformable_convolution():
    ops.deform_conv2d(torch.rand(1, 2, 5, 5), torch.zeros(1, 18, 3, 3), torch.rand(2, 2, 3, 3))


def call_nms_with_offset():
    ops.nms(torch.rand(3, 4), torch.rand(3), 0.5, offset=1)


def call_max_pooling():
    ops.roi_align(torch.rand(1, 1, 5, 5), torch.rand(1, 5), 2, 1.0, 0, "max", True)


@pytest.mark.parametrize(
    ("call", "op"),
    [
        (call_soft_nms, "softnms"),
        (call_deformable_convolution, "deform_conv_forward"),
        (call_nms_with_offset, "nms"),
        (call_max_pooling, "roi_align"),
    ],
)
def test_an_operator_that_is_not_bridged_says_so_instead_of_giving_wrong_boxes(call, op):
    with pytest.raises(ModelError, match=rf"compiled operator {op}.*build mmcv 2\.1\.0") as error:
        call()
    assert "\n" not in str(error.value)


def test_a_compiled_mmcv_is_used_where_there_is_one(tmp_path, monkeypatch):
    for name in [name for name in sys.modules if name.split(".")[0] == "mmcv"]:
        monkeypatch.delitem(sys.modules, name)
    (tmp_path / "mmcv").mkdir()
    (tmp_path / "mmcv" / "__init__.py").touch()
    (tmp_path / "mmcv" / f"_ext{EXTENSION_SUFFIXES[0]}").touch()
    monkeypatch.syspath_prepend(tmp_path)
    mmcv_ops.bridge()
    assert mmcv_ops.EXTENSION not in sys.modules


def test_bridging_twice_keeps_the_first_bridge():
    before = importlib.import_module(mmcv_ops.EXTENSION)
    mmcv_ops.bridge()
    assert importlib.import_module(mmcv_ops.EXTENSION) is before
