"""Frame AP once more, in plain loops and exact fractions: slow, and short enough to check by eye."""

from fractions import Fraction
from typing import NamedTuple

import pandas as pd

type Box = tuple[int, int, int, int]


class Truth(NamedTuple):
    video_id: str
    frame: int
    xyxy: Box
    class_name: str


class Found(NamedTuple):
    video_id: str
    frame: int
    xyxy: Box
    class_name: str
    score: float


def overlap(a: Box, b: Box, pixel: int = 0) -> Fraction:
    width, height = min(a[2], b[2]) - max(a[0], b[0]) + pixel, min(a[3], b[3]) - max(a[1], b[1]) + pixel
    if width <= 0 or height <= 0:
        return Fraction(0)
    shared = width * height
    return Fraction(shared, area(a, pixel) + area(b, pixel) - shared)


def area(box: Box, pixel: int) -> int:
    return (box[2] - box[0] + pixel) * (box[3] - box[1] + pixel)


def hits(
    truths: list[Truth], detections: list[Found], threshold: float, pixel: int = 0, second_best: bool = False
) -> list[tuple[Found, int | None]]:
    """Detections of one class by falling score, each with the number of the truth it is a true positive of, or None."""
    taken: set[int] = set()
    ranked: list[tuple[Found, int | None]] = []
    for found in sorted(detections, key=lambda d: -d.score):  # sorted() is stable
        best, most = None, Fraction(-1)
        for number, truth in enumerate(truths):
            if (truth.video_id, truth.frame) != (found.video_id, found.frame) or (second_best and number in taken):
                continue
            if overlap(truth.xyxy, found.xyxy, pixel) > most:
                best, most = number, overlap(truth.xyxy, found.xyxy, pixel)
        if best is None or most < Fraction(threshold) or best in taken:
            ranked.append((found, None))
        else:
            taken.add(best)
            ranked.append((found, best))
    return ranked


def area_under_envelope(hit: list[bool], positives: int) -> Fraction:
    """Recall and precision after each detection, between sentinels, and the area under the best precision to come."""
    recall, precision, true = [Fraction(0)], [Fraction(0)], 0
    for rank, correct in enumerate(hit, start=1):
        true += correct
        recall.append(Fraction(true, positives))
        precision.append(Fraction(true, rank))
    recall.append(Fraction(1))
    precision.append(Fraction(0))
    return sum(
        ((recall[i] - recall[i - 1]) * max(precision[i:]) for i in range(1, len(recall))),
        start=Fraction(0),
    )


def area_of_trapezoids(hit: list[bool], positives: int) -> Fraction:
    """ACT's: between the points (recall, precision), the first of which is (0, 1)."""
    total, recall, precision = Fraction(0), Fraction(0), Fraction(1)
    for rank in range(1, len(hit) + 1):
        true = sum(hit[:rank])
        total += (Fraction(true, positives) - recall) * (Fraction(true, rank) + precision) / 2
        recall, precision = Fraction(true, positives), Fraction(true, rank)
    return total


def eleven_points(hit: list[bool], positives: int) -> Fraction:
    """VOC 2007's, with recalls compared as the floats they are."""
    points = [(sum(hit[:rank]) / positives, Fraction(sum(hit[:rank]), rank)) for rank in range(1, len(hit) + 1)]
    best = [max((precision for recall, precision in points if recall >= 0.1 * k), default=0) for k in range(11)]
    return sum((Fraction(precision) for precision in best), start=Fraction(0)) / 11


AREAS = {"act": area_of_trapezoids, "voc07": eleven_points}


def frame_ap(
    truths: list[Truth], detections: list[Found], class_name: str, threshold: float, protocol: str = "multisports"
) -> Fraction | None:
    mine = [t for t in truths if t.class_name == class_name]
    if not mine:
        return None
    multisports = protocol == "multisports"
    counted = [d for d in detections if d.class_name == class_name and (d.score > 0 or not multisports)]
    ranked = hits(mine, counted, threshold, pixel=0 if multisports else 1, second_best=protocol == "act")
    return AREAS.get(protocol, area_under_envelope)([number is not None for _, number in ranked], len(mine))


def groundtruth_table(truths: list[Truth]) -> pd.DataFrame:
    """The rows as table `groundtruth` has them, in the order given and with boxes as they are."""
    return pd.DataFrame(
        [(t.video_id, t.frame, box, *t.xyxy, t.class_name) for box, t in enumerate(truths)],
        columns=["video_id", "frame", "box", "x1", "y1", "x2", "y2", "class_name"],
    )


def detections_table(detections: list[Found]) -> pd.DataFrame:
    """The rows as table `detections` has them, in the order given and with boxes as they are."""
    return pd.DataFrame(
        [(d.video_id, d.frame, box, *d.xyxy, d.class_name, d.score) for box, d in enumerate(detections)],
        columns=["video_id", "frame", "box", "x1", "y1", "x2", "y2", "class_name", "score"],
    ).astype({"score": "float64"})
