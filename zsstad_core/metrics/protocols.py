"""The rules in which evaluators differ, by protocol: how boxes are measured, which ground truth a detection may match,
which area is the AP.

multisports  as MultiSports, and so iCLIP and ST-CLIP
act          as ACT and MOC
ava          as ActivityNet's tool for AVA (`ava.py` describes what it counts)
voc          as PASCAL VOC since 2010
voc07        as PASCAL VOC 2007
"""

from collections.abc import Callable
from dataclasses import dataclass

from zsstad_core.errors import DataError
from zsstad_core.metrics.average_precision import Bools, average_precision, eleven_point, trapezoid


@dataclass(frozen=True)
class Rules:
    """The rules by which the detections of one class are counted."""

    description: str
    """The protocol in words, for metrics.json."""
    pixel: float
    """Added to width and height, in the units of the boxes: 1 if coordinates name the last pixel inside."""
    second_best: bool
    """Whether a detection whose best ground truth is taken may match the best that is left, or is a false positive."""
    area: Callable[[Bools, int], float]
    """Computes the AP from the hits by falling score and the number of ground truths."""


FRAME: dict[str, Rules] = {
    "multisports": Rules(
        "frame AP, all-point interpolation, one detection a ground truth (MultiSports, ST-CLIP)",
        0,
        False,
        average_precision,
    ),
    "act": Rules(
        "frame AP, boxes with the last pixel, a detection may take the best ground truth left, trapezoids (ACT, MOC)",
        1,
        True,
        trapezoid,
    ),
    "ava": Rules(
        "frame AP, all-point interpolation, at most 50 detections a keyframe, keyframes without ground truth ignored "
        "(ActivityNet's tool for AVA)",
        0,
        False,
        average_precision,
    ),
    "voc": Rules(
        "frame AP, boxes with the last pixel, all-point interpolation (PASCAL VOC since 2010)",
        1,
        False,
        average_precision,
    ),
    "voc07": Rules("frame AP, boxes with the last pixel, 11-point (PASCAL VOC 2007)", 1, False, eleven_point),
}


@dataclass(frozen=True)
class TubeRules(Rules):
    """The rules by which the tubes of one class are linked and counted."""

    frame: int
    """Added to a difference of frames to make a duration: 1 counts frames, 0 the steps between them."""
    nms: float | None
    """The overlap above which only the better of two detected tubes is kept; None keeps all."""


VIDEO: dict[str, TubeRules] = {
    "multisports": TubeRules(
        "video AP, all-point interpolation, durations as differences of frames (MultiSports)",
        0,
        False,
        average_precision,
        frame=0,
        nms=None,
    ),
    "act": TubeRules(
        "video AP, boxes with the last pixel, tube NMS 0.3, a tube may take the best ground truth left, trapezoids "
        "(ACT, MOC)",
        1,
        True,
        trapezoid,
        frame=1,
        nms=0.3,
    ),
}


def frame_rules(protocol: str) -> Rules:
    """The rules of a frame AP. Raises DataError if no protocol has that name."""
    if protocol not in FRAME:
        raise DataError(f"there is no frame AP {protocol}; there are {', '.join(FRAME)}")
    return FRAME[protocol]


def video_rules(protocol: str) -> TubeRules:
    """The rules of a video AP. Raises DataError if no protocol has that name."""
    if protocol not in VIDEO:
        raise DataError(f"there is no video AP {protocol}; there are {', '.join(VIDEO)}")
    return VIDEO[protocol]
