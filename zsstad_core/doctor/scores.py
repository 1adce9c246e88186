"""Checks for scores without information: all the same, or no better than random scores."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from zsstad_core.doctor.finding import Finding
from zsstad_core.methods import registry

_SPREAD = 1e-6


def constant(detections: pd.DataFrame) -> list[Finding]:
    """Find out whether every label gives all persons the same probability."""
    if len(detections) < 2:
        return []
    spread = detections.groupby("class_name")["probability"].agg(["min", "max", "size"])
    flat = spread[(spread["max"] - spread["min"] <= _SPREAD * spread["max"].abs().clip(1e-300)) & (spread["size"] > 1)]
    if len(flat) < len(spread):
        return []
    name = str(flat.index[0])
    return [
        Finding(
            "scores that are all the same",
            f"each of {len(spread)} classes gives all its {int(flat['size'].median())} persons one probability",
            f"{name}, {flat['max'].iloc[0]:.4f} for everybody",
            "check the tokens and the head: nothing that a person does moves a score",
        )
    ]


def no_better_than_chance(metrics: Mapping[str, object], draws: Sequence[Mapping[str, float | None]]) -> list[Finding]:
    """Find groups of classes whose mAP is no better than chance; this is a symptom.

    metrics: metrics.json. draws: the same means with random probabilities (`zsstad_core.evaluation.chance`).
    """
    findings = []
    for group in ("unseen", "seen"):
        value = metrics.get(group)
        random = [number for draw in draws if (number := draw[group]) is not None]
        if not isinstance(value, float | int) or not random or value > max(random):
            continue
        mean = float(np.mean(random))
        findings.append(
            Finding(
                f"{group} mAP no better than chance",
                f"{100 * value:.2f}; random scores for the same boxes get {100 * mean:.2f} on average of {len(random)}"
                " draws",
                f"the {group} classes of label split {metrics.get('split')}",
                f"compare with HEAD={registry.KNOWS_TRUTH} (what the boxes allow) and HEAD={registry.UNTRAINED} (what "
                "the encoder knows)",
                cause=False,
            )
        )
    return findings
