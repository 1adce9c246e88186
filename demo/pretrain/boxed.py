"""Stills with boxes, in the form that mmdet's transforms take."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from demo.pretrain import many
from zsstad_core.stickworld.stills import render_still

_SEEN = 0.2  # boxes that are less visible than this are ignored: neither to be detected nor false positives


class BoxedStill(NamedTuple):
    """A still: RGB uint8 [H, W, 3]; boxes float32 [N, 4] in pixels; what [N]; hidden bool [N]."""

    image: NDArray[np.uint8]
    boxes: NDArray[np.float32]
    what: list[str]
    hidden: NDArray[np.bool_]


def boxed_stills(stills: range) -> list[BoxedStill]:
    """The stills with these seeds, on all cores."""
    return list(many.of_stills(boxed_still, stills, "boxes"))


def boxed_still(seed: int) -> BoxedStill:
    still = render_still(seed)
    boxes = [person.box for person in still.persons] + [thing.box for thing in still.objects]
    visible = [person.visible for person in still.persons] + [thing.visible for thing in still.objects]
    what = ["person"] * len(still.persons) + [thing.name for thing in still.objects]
    return BoxedStill(still.image, np.array(boxes, np.float32).reshape(-1, 4), what, np.array(visible) < _SEEN)


def as_sample(still: BoxedStill, number: int, classes: Sequence[str]) -> dict[str, Any]:
    """The sample that mmdet's LoadImageFromFile and LoadAnnotations would make of a still."""
    from mmdet.structures.bbox import HorizontalBoxes

    height, width = still.image.shape[:2]
    return {
        "img": still.image[..., ::-1].copy(),  # BGR
        "img_id": number,
        "img_path": "",
        "img_shape": (height, width),
        "ori_shape": (height, width),
        "gt_bboxes": HorizontalBoxes(still.boxes.copy()),
        "gt_bboxes_labels": np.array([classes.index(what) for what in still.what], np.int64),
        "gt_ignore_flags": still.hidden.copy(),
    }
