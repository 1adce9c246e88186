"""Compute the numbers of metrics.json from detections: frame and video mAP, per class and per group."""

from typing import Any

import pandas as pd

from zsstad_core.evaluation.rows import evaluated_rows
from zsstad_core.metrics.frame_map import frame_ap
from zsstad_core.metrics.linking import SHORTEST, link_tubes
from zsstad_core.metrics.protocols import FRAME, VIDEO
from zsstad_core.metrics.summary import json_number, summarise
from zsstad_core.metrics.video_map import has_tubes, thresholds, video_ap, video_map
from zsstad_core.settings.pipeline import Settings
from zsstad_core.settings.results import Evaluation
from zsstad_core.splits import LabelSplit


def nothing_to_evaluate(settings: Settings, detections: pd.DataFrame) -> dict[str, Any]:
    """metrics.json if no test video has an action: the choice of data and head, and why there is no number."""
    return {
        "dataset": settings.dataset,
        "split": settings.split,
        "head": settings.head,
        "nothing to evaluate against": f"no action is annotated in any of the {detections['video_id'].nunique()} test "
        "videos that have scores",
        "detections": len(detections),
    }


def evaluate(
    settings: Settings, split: LabelSplit, annotated: pd.DataFrame, missing: pd.DataFrame, detections: pd.DataFrame
) -> dict[str, Any]:
    """Frame and video mAP by the settings' protocol, as metrics.json holds it; fractions, None where undefined.

    Tables as in `TestedRows`.
    """
    rows = evaluated_rows(settings, split, annotated, missing, detections)
    classes, split, protocol = rows.classes, rows.split, rows.protocol
    per_class = frame_ap(rows.groundtruth, rows.detections, classes, rows.iou, protocol)
    summary = summarise(per_class, split)
    tube_ap = _video_ap(settings.evaluation, rows.groundtruth, rows.detections, classes)
    return {
        "dataset": settings.dataset,
        "split": settings.split,
        "head": settings.head,
        "protocol": {
            "metric": FRAME[protocol].description,
            "video metric": VIDEO[_video_protocol(protocol)].description if tube_ap else None,
            **settings.evaluation.content(),
            "boxes": settings.scoring.content(),
        },
        "groundtruth": {
            "frames annotated": _frames(rows.everything),
            "frames that the videos have": _frames(rows.everything[rows.everything["decoded"]]),
            "frames counted": _frames(rows.groundtruth),
            "clips": int(rows.groundtruth["video_id"].nunique()),
            "clips missed": int(missing["video_id"].nunique()),
        },
        **summary.to_json(),
        **({"clips shorter than a tube": _too_short(rows.groundtruth, rows.detections)} if tube_ap else {}),
        "video": {name: summarise(ap.to_frame(), split).to_json() for name, ap in tube_ap.items()},
        "classes": {
            str(name): {
                "group": "unseen" if name in split.unseen else "seen",
                **{column: json_number(row[column]) for column in ("ap", "recall")},
                "video ap": {iou: json_number(ap.loc[str(name)]) for iou, ap in tube_ap.items()},
                **{column: int(row[column]) for column in ("groundtruth", "detections", "true_positives")},
            }
            for name, row in per_class.iterrows()
        },
    }


def _video_ap(
    chosen: Evaluation, groundtruth: pd.DataFrame, detections: pd.DataFrame, classes: list[str]
) -> dict[str, "pd.Series[float]"]:
    """Video AP of classes, by the settings' name of each IoU; empty if no annotated person is followed over frames."""
    if not chosen.video_iou or chosen.protocol == "ava" or not has_tubes(groundtruth[groundtruth["decoded"]]):
        return {}
    protocol = _video_protocol(chosen.protocol)
    tubes = link_tubes(detections, classes, protocol)
    return video_map(video_ap(groundtruth, tubes, classes, thresholds(chosen.video_iou), protocol), chosen.video_iou)


def _too_short(groundtruth: pd.DataFrame, detections: pd.DataFrame) -> int:
    """How many annotated clips have detections, but on fewer frames than the shortest tube has."""
    frames = detections[detections["video_id"].isin(groundtruth["video_id"])].groupby("video_id")["frame"].nunique()
    return int((frames < SHORTEST).sum())


def _video_protocol(protocol: str) -> str:
    return "act" if protocol == "act" else "multisports"


def _frames(groundtruth: pd.DataFrame) -> int:
    return len(groundtruth.drop_duplicates(["video_id", "frame"]))
