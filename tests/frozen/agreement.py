"""How much of one detector's boxes another one finds."""

from collections.abc import Sequence

import numpy as np

from zsstad_core.frozen.detector.frame_boxes import FrameBoxes


def agreement(wanted: Sequence[FrameBoxes], found: Sequence[FrameBoxes], iou: float, score: float) -> float:
    """The share of the wanted boxes, over all frames, that have one of the same class among the found ones of the
    frame that overlaps at least `iou` and scores within `score`. Boxes without area count for nothing."""
    hits = [_has_counterpart(w, f, iou, score) for w, f in zip(wanted, found, strict=True)]
    return float(np.concatenate(hits).mean())


def _has_counterpart(wanted: FrameBoxes, found: FrameBoxes, iou: float, score: float) -> np.ndarray:
    a_W4, b_F4 = wanted.xyxy.astype(np.float64), found.xyxy.astype(np.float64)
    sides = np.minimum(a_W4[:, None, 2:], b_F4[None, :, 2:]) - np.maximum(a_W4[:, None, :2], b_F4[None, :, :2])
    both_WF = np.clip(sides, 0, None).prod(2)
    area_W, area_F = (a_W4[:, 2:] - a_W4[:, :2]).prod(1), (b_F4[:, 2:] - b_F4[:, :2]).prod(1)
    close = both_WF >= iou * np.maximum(area_W[:, None] + area_F[None] - both_WF, 1e-9)
    close &= np.abs(wanted.score[:, None] - found.score[None]) <= score
    close &= wanted.label[:, None] == found.label[None]
    return close.any(1)[area_W > 0]  # [wanted with area]
