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


def overlap(a: Box, b: Box) -> Fraction:
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return Fraction(0)
    shared = width * height
    return Fraction(shared, (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared)


def hits(truths: list[Truth], detections: list[Found], threshold: float) -> list[tuple[Found, int | None]]:
    """Detections of one class by falling score, each with the number of the truth it is a true positive of, or None."""
    taken: set[int] = set()
    ranked: list[tuple[Found, int | None]] = []
    for found in sorted(detections, key=lambda d: -d.score):  # sorted() is stable
        best, most = None, Fraction(-1)
        for number, truth in enumerate(truths):
            if (truth.video_id, truth.frame) == (found.video_id, found.frame) and overlap(
                truth.xyxy, found.xyxy
            ) > most:
                best, most = number, overlap(truth.xyxy, found.xyxy)
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


def frame_ap(truths: list[Truth], detections: list[Found], class_name: str, threshold: float) -> Fraction | None:
    mine = [t for t in truths if t.class_name == class_name]
    if not mine:
        return None
    counted = [d for d in detections if d.class_name == class_name and d.score > 0]
    return area_under_envelope([number is not None for _, number in hits(mine, counted, threshold)], len(mine))


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
