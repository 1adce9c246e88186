"""Precision and recall of each class along its ranked detections, thin enough to draw.

A curve has its points at hits: between two of them recall stands still and precision falls. Of equal scores no
threshold takes one and leaves the other, so a point counts all of them; AP looks at each detection alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from zsstad_core.metrics.matching import Bools, Floats
from zsstad_core.report.matches import Matches


@dataclass(frozen=True)
class Point:
    """All detections of a class with at least this score: their precision, recall, and F1 = 2PR / (P + R)."""

    score: float
    precision: float
    recall: float
    f1: float


@dataclass(frozen=True)
class Curve:
    """The curve of a class; recall rises along `points`, and score falls.

    ap: of the full curve, as the protocol measures it; NaN without ground truth. best: the point of the best F1, of
    equals that with the highest score; None where the class has no hit, and then there are no points.
    """

    class_name: str
    ap: float
    groundtruth: int
    points: tuple[Point, ...]
    best: Point | None


def curves(matches: Matches, most: int = 200) -> list[Curve]:
    """A curve of each evaluated class, in their order, of at most `most` points (3 or more).

    Where there are more, recall is cut into equal stretches and each gives its point of best precision; the first, the
    last and the best F1 always stay.
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
    """The detections that count and reach the score of their class's best F1; a class without a best F1 has none.

    Table detections; `error_kinds` of these rows says what is wrong at the operating point. Every person has a row for
    every class, most of them wrong actions of a low score, which cost little: a count of all says next to nothing.
    """
    limit_K = np.array([np.inf if curve.best is None else curve.best.score for curve in of_classes])
    row_C = np.sort(matches.ranked_C)
    score_C = matches.detections["score"].to_numpy(np.float64)[row_C]
    return matches.detections.iloc[row_C[score_C >= limit_K[matches.class_N[row_C]]]].reset_index(drop=True)


def _points(hit_N: Bools, score_N: Floats, truths: int) -> list[Point]:
    """A point a score at which there is a hit, by falling score."""
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
