"""What random scores get: the number that says whether another means anything."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from zsstad_core.counted import counted
from zsstad_core.metrics.frame_map import frame_ap
from zsstad_core.metrics.summary import summarise
from zsstad_core.settings.pipeline import Settings
from zsstad_core.splits import LabelSplit

_DRAWS = 5
_DRAWN_ROWS = 1_000_000  # of all draws together: seconds


def chance_draws(
    settings: Settings, split: LabelSplit, annotated: pd.DataFrame, missing: pd.DataFrame, detections: pd.DataFrame
) -> list[dict[str, float | None]]:
    """Frame mAP (unseen, seen; fractions, None where undefined) that random scores get: a random probability for every
    person and class in place of the head's, times the detection score as it is. Tables as of `evaluate`.

    Some draws, each the same whenever and wherever it is made. The more rows, the less they differ: of a large table
    there is one.
    """
    asked = counted(settings.evaluation, settings.scoring, split, annotated, missing, detections)
    rows, draws = len(asked.detections), []
    for draw in range(min(_DRAWS, max(1, _DRAWN_ROWS // max(1, rows)))):
        random = np.random.default_rng(draw).random(rows)
        guessed = asked.detections.assign(probability=random, score=random * asked.detections["box_score"])
        means = summarise(frame_ap(asked.groundtruth, guessed, asked.classes, asked.iou, asked.protocol), asked.split)
        draws.append({"unseen": _plain(means.unseen), "seen": _plain(means.seen)})
    return draws


def chance(draws: Sequence[dict[str, float | None]]) -> dict[str, float | None]:
    """The mean of `chance_draws`, as metrics.json holds it."""
    return {name: _plain(float(np.mean([_or_nan(draw[name]) for draw in draws]))) for name in ("unseen", "seen")}


def below_chance(metrics: dict[str, Any]) -> dict[str, float]:
    """unseen, seen: chance, where the mAP of metrics.json is below it."""
    found = {name: (metrics.get(name), value) for name, value in (metrics.get("chance") or {}).items()}
    return {
        name: value for name, (own, value) in found.items() if own is not None and value is not None and own < value
    }


def _or_nan(value: float | None) -> float:
    return float("nan") if value is None else value


def _plain(value: float) -> float | None:
    return None if pd.isna(value) else float(value)
