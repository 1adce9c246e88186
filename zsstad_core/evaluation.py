"""From detections to metrics.json, and to the table that `make eval` prints."""

from collections.abc import Iterable
from typing import Any

import pandas as pd

from zsstad_core.datasets.base import Dataset
from zsstad_core.metrics.frame_map import frame_ap
from zsstad_core.metrics.summary import summarise
from zsstad_core.settings import Settings
from zsstad_core.splits import LabelSplit


def missing_groundtruth(dataset: Dataset, missing: Iterable[str]) -> pd.DataFrame:
    """Table groundtruth of the test videos among `missing` (not on disk, or not readable), nothing decoded."""
    absent = [video_id for video_id in missing if dataset.official()[video_id] == "test"]
    annotated = dataset.groundtruth() if absent else pd.DataFrame({"video_id": []})
    return annotated[annotated["video_id"].isin(absent)].assign(decoded=False)


def evaluate(
    settings: Settings, split: LabelSplit, annotated: pd.DataFrame, missing: pd.DataFrame, detections: pd.DataFrame
) -> dict[str, Any]:
    """Frame mAP by the settings' protocol, as metrics.json holds it; fractions from 0 to 1, None where undefined.

    annotated: table groundtruth of the test videos on disk; missing: of those that are not there, or not readable,
    whose boxes are missed.
    """
    everything = pd.concat([annotated, missing], ignore_index=True) if len(missing) else annotated
    counted = everything[everything["decoded"]] if settings.evaluation.frames == "decoded" else everything
    counted = counted.sort_values(["video_id", "frame", "box"], kind="stable", ignore_index=True)
    classes = [*split.unseen, *split.seen]
    per_class = frame_ap(counted, detections, classes, settings.evaluation.iou)
    summary = summarise(per_class, split)
    return {
        "dataset": settings.dataset,
        "split": settings.split,
        "head": settings.head,
        "protocol": {
            "metric": "frame AP, all-point interpolation, one detection a ground truth (MultiSports, ST-CLIP)",
            **settings.evaluation.content(),
            "boxes": settings.scoring.content(),
        },
        "groundtruth": {
            "frames annotated": _frames(everything),
            "frames that the videos have": _frames(everything[everything["decoded"]]),
            "frames counted": _frames(counted),
            "clips": int(counted["video_id"].nunique()),
            "clips missed": int(missing["video_id"].nunique()),
        },
        **summary.to_json(),
        "classes": {
            str(name): {
                "group": "unseen" if name in split.unseen else "seen",
                **{column: _plain(row[column]) for column in ("ap", "recall")},
                **{column: int(row[column]) for column in ("groundtruth", "detections", "true_positives")},
            }
            for name, row in per_class.iterrows()
        },
    }


def _frames(groundtruth: pd.DataFrame) -> int:
    return len(groundtruth.drop_duplicates(["video_id", "frame"]))


def _plain(value: float) -> float | None:
    return None if pd.isna(value) else float(value)


def as_table(metrics: dict[str, Any]) -> str:
    """The metrics as `make eval` prints them, in percent."""
    made, truth, protocol = metrics["made with"], metrics["groundtruth"], metrics["protocol"]
    boxes = protocol["boxes"]
    rule = {"threshold": f"score >= {boxes['threshold']}", "first": f"first {boxes['first']}", "all": "all"}
    rule["margin"] = f"score > best - {boxes['margin']}"
    chosen = "ground truth" if boxes["boxes"] == "groundtruth" else f"detected, {rule[boxes['select']]}"
    lines = [
        f"{metrics['dataset']}, label split {metrics['split']}, {metrics['head']}: frame mAP at IoU {protocol['iou']}",
        f"encoder: {made.get('encoder', 'none')}; boxes: {chosen}; softmax over {boxes['labels']} labels",
        f"{truth['frames counted']} {protocol['frames']} frames of {truth['clips']} test clips; the videos have "
        f"{truth['frames that the videos have']} of {truth['frames annotated']}",
        *(
            [f"{truth['clips missed']} more test clips are not there, or cannot be read: their boxes count as missed"]
            if truth["clips missed"]
            else []
        ),
        "",
        f"{'class':<18}{'group':<8}{'AP':>7}{'recall':>8}{'boxes':>8}{'detections':>12}",
    ]
    for name, row in metrics["classes"].items():
        lines.append(
            f"{name:<18}{row['group']:<8}{_percent(row['ap']):>7}{_percent(row['recall']):>8}"
            f"{row['groundtruth']:>8}{row['detections']:>12}"
        )
    lines += ["", *(f"{name:<26}{_percent(metrics[name]):>7}" for name in ("unseen", "seen", "harmonic"))]
    return "\n".join(lines)


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.2f}"
