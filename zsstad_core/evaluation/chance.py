"""What random scores get: a mAP means something only where it is above that."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from zsstad_core.evaluation.rows import evaluated_rows
from zsstad_core.metrics.frame_map import frame_ap
from zsstad_core.metrics.summary import json_number, summarise
from zsstad_core.settings.pipeline import Settings
from zsstad_core.splits import LabelSplit

_DRAWS = 5
_DRAWN_ROWS = 1_000_000  # of all draws together: seconds


def chance_draws(
    settings: Settings, split: LabelSplit, annotated: pd.DataFrame, missing: pd.DataFrame, detections: pd.DataFrame
) -> list[dict[str, float | None]]:
    """Frame mAP that random scores get, a dict (unseen, seen; fractions, None where undefined) for each draw.

    A random probability for every person and class stands in place of the head's; the detection score stays. Tables as
    in `TestedRows`. Each draw is the same whenever and wherever it is made. The more rows, the less the draws differ:
    of a large table there is one.
    """
    rows = evaluated_rows(settings, split, annotated, missing, detections)
    number, draws = len(rows.detections), []
    for draw in range(min(_DRAWS, max(1, _DRAWN_ROWS // max(1, number)))):
        random = np.random.default_rng(draw).random(number)
        guessed = rows.detections.assign(probability=random, score=random * rows.detections["box_score"])
        per_class = frame_ap(rows.groundtruth, guessed, rows.classes, rows.iou, rows.protocol)
        means = summarise(per_class, rows.split).to_json()
        draws.append({name: means[name] for name in ("unseen", "seen")})
    return draws


def chance(draws: Sequence[dict[str, float | None]]) -> dict[str, float | None]:
    """The mean of `chance_draws`, as metrics.json holds it."""
    return {name: json_number(float(np.mean([_or_nan(draw[name]) for draw in draws]))) for name in ("unseen", "seen")}


def below_chance(metrics: dict[str, Any]) -> dict[str, float]:
    """unseen, seen: chance, where the mAP of metrics.json is below it."""
    found = {name: (metrics.get(name), value) for name, value in (metrics.get("chance") or {}).items()}
    return {
        name: value
        for name, (measured, value) in found.items()
        if measured is not None and value is not None and measured < value
    }


def _or_nan(value: float | None) -> float:
    return float("nan") if value is None else value
