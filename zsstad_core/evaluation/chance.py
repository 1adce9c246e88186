"""The frame mAP of random scores: a mAP means something only if it is higher."""

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
_DRAWN_ROWS = 1_000_000  # rows of all draws together, which take seconds


def chance_draws(
    settings: Settings, split: LabelSplit, annotated: pd.DataFrame, missing: pd.DataFrame, detections: pd.DataFrame
) -> list[dict[str, float | None]]:
    """The frame mAP of random scores, a dict (unseen, seen; fractions, None where undefined) for each draw.

    Random probabilities for every person and class replace the head's; the detection scores stay. Tables as in
    `TestedRows`. Each draw has its own fixed seed. The more rows, the less the draws differ: a large table gets only
    one draw.
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
    """The groups (unseen, seen) whose mAP in metrics.json is below chance -> the mAP of chance."""
    found = {name: (metrics.get(name), value) for name, value in (metrics.get("chance") or {}).items()}
    return {
        name: value
        for name, (measured, value) in found.items()
        if measured is not None and value is not None and measured < value
    }


def _or_nan(value: float | None) -> float:
    return float("nan") if value is None else value
