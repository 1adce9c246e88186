"""Precision and recall of each class along its ranked detections, with few enough points to draw.

A curve has its points at hits: between two hits recall is constant and precision falls. No threshold separates equal
scores, so a point counts all detections of its score; AP counts each detection separately.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from zsstad_core.metrics.matching import Bools, Floats
from zsstad_core.report.matches import Matches


@dataclass(frozen=True)
class Point:
    """All detections of a class with at least this score: precision, recall, and F1 = 2PR / (P + R)."""

    score: float
    precision: float
    recall: float
    f1: float


@dataclass(frozen=True)
class Curve:
    """The curve of a class; recall rises along `points`, and score falls.

    ap: of the full curve, as the protocol computes it; NaN without ground truth. best: the point of the best F1, among
    equals the point with the highest score; None if the class has no hit, and then `points` is empty.
    """

    class_name: str
    ap: float
    groundtruth: int
    points: tuple[Point, ...]
    best: Point | None


def curves(matches: Matches, most: int = 200) -> list[Curve]:
    """The curve of each evaluated class, in order, with at most `most` points (3 or more).

    If a curve has more points, recall is cut into equal intervals and each gives its point of best precision; the
    first point, the last point and the best F1 always stay.
    """
    score_N = matches.detections["score"].to_numpy(np.float64)
    found = []
    for name, rows, truths in zip(
        matches.classes, matches.rows_by_class(), matches.groundtruths().tolist(), strict=True
    ):
        hit_N = matches.truth_N[rows] >= 0
        points = _points(hit_N, score_N[rows], truths)
        best = max(points, key=lambda point: (point.f1, point.score), default=None)
        thin = _thin(points, best, most)
        found.append(Curve(name, matches.rules.area(hit_N, truths), truths, thin, best))
    return found


def at_best_f1(matches: Matches, of_classes: Sequence[Curve]) -> pd.DataFrame:
    """The detections that count and reach the score of their class's best F1; none for a class without a best F1.

    Returns table detections; `error_kinds` of these rows shows the errors at the operating point. Every person has a
    row for every class, most of them wrong actions of a low score, which cost little: a count of all says very little.
    """
    limit_K = np.array([np.inf if curve.best is None else curve.best.score for curve in of_classes])
    row_C = np.sort(matches.ranked_C)
    score_C = matches.detections["score"].to_numpy(np.float64)[row_C]
    return matches.detections.iloc[row_C[score_C >= limit_K[matches.class_N[row_C]]]].reset_index(drop=True)


def _points(hit_N: Bools, score_N: Floats, truths: int) -> list[Point]:
    """One point for each score at which there is a hit, by falling score."""
    last_of_score = np.flatnonzero(np.append(score_N[1:] != score_N[:-1], True)[: len(score_N)])
    true_S = np.cumsum(hit_N)[last_of_score]
    rises = np.diff(true_S, prepend=0) > 0
    true_S, rank_S = true_S[rises], last_of_score[rises] + 1
    f1_S = 2 * true_S / (rank_S + truths)
    columns = (score_N[rank_S - 1], true_S / rank_S, true_S / max(truths, 1), f1_S)
    return [Point(*row) for row in zip(*(column.tolist() for column in columns), strict=True)]


def _thin(points: list[Point], best: Point | None, most: int) -> tuple[Point, ...]:
    if len(points) <= most or best is None:
        return tuple(points)
    recall_P, precision_P = np.array([(p.recall, p.precision) for p in points]).T
    stretch_P = np.minimum((recall_P / recall_P[-1] * (most - 3)).astype(np.int64), most - 4)
    order = np.lexsort((-precision_P, stretch_P))
    peaks = order[np.flatnonzero(np.diff(stretch_P[order], prepend=-1))]
    kept = {0, len(points) - 1, points.index(best), *peaks.tolist()}
    return tuple(points[place] for place in sorted(kept))
