"""From detections to metrics.json, and to the table that `make eval` prints."""

from collections.abc import Iterable
from typing import Any

import pandas as pd

from zsstad_core.counted import counted
from zsstad_core.datasets.base import Dataset
from zsstad_core.metrics.frame_map import frame_ap
from zsstad_core.metrics.linking import link_tubes
from zsstad_core.metrics.protocols import FRAME, VIDEO
from zsstad_core.metrics.summary import summarise
from zsstad_core.metrics.video_map import has_tubes, thresholds, video_ap, video_map
from zsstad_core.settings.pipeline import Settings
from zsstad_core.settings.results import Evaluation
from zsstad_core.splits import LabelSplit
from zsstad_core.tables import table


def missing_groundtruth(dataset: Dataset, missing: Iterable[str]) -> pd.DataFrame:
    """Table groundtruth of the test videos among `missing` (not on disk, or not readable), nothing decoded."""
    absent = [video_id for video_id in missing if dataset.official()[video_id] == "test"]
    annotated = dataset.groundtruth() if absent else table("groundtruth")
    return annotated[annotated["video_id"].isin(absent)].assign(decoded=False)


def nothing_to_evaluate(settings: Settings, detections: pd.DataFrame) -> dict[str, Any]:
    """metrics.json where no test video has a label: who was asked, and that there is no number."""
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

    annotated: table groundtruth of the test videos on disk; missing: of those that are not there, or not readable,
    whose boxes are missed.
    """
    asked = counted(settings.evaluation, settings.scoring, split, annotated, missing, detections)
    classes, split, protocol = asked.classes, asked.split, asked.protocol
    per_class = frame_ap(asked.groundtruth, asked.detections, classes, asked.iou, protocol)
    summary = summarise(per_class, split)
    of_tubes = _video_ap(settings.evaluation, asked.groundtruth, asked.detections, classes)
    return {
        "dataset": settings.dataset,
        "split": settings.split,
        "head": settings.head,
        "protocol": {
            "metric": FRAME[protocol].says,
            "video metric": VIDEO[_video_protocol(protocol)].says if of_tubes else None,
            **settings.evaluation.content(),
            "boxes": settings.scoring.content(),
        },
        "groundtruth": {
            "frames annotated": _frames(asked.everything),
            "frames that the videos have": _frames(asked.everything[asked.everything["decoded"]]),
            "frames counted": _frames(asked.groundtruth),
            "clips": int(asked.groundtruth["video_id"].nunique()),
            "clips missed": int(missing["video_id"].nunique()),
        },
        **summary.to_json(),
        "video": {name: summarise(ap.to_frame(), split).to_json() for name, ap in of_tubes.items()},
        "classes": {
            str(name): {
                "group": "unseen" if name in split.unseen else "seen",
                **{column: _plain(row[column]) for column in ("ap", "recall")},
                "video ap": {iou: _plain(ap.loc[str(name)]) for iou, ap in of_tubes.items()},
                **{column: int(row[column]) for column in ("groundtruth", "detections", "true_positives")},
            }
            for name, row in per_class.iterrows()
        },
    }


def _video_ap(
    chosen: Evaluation, groundtruth: pd.DataFrame, detections: pd.DataFrame, classes: list[str]
) -> dict[str, "pd.Series[float]"]:
    """Video AP of each class by the settings' name of each overlap; none where no person is followed over frames."""
    if not chosen.video_iou or chosen.protocol == "ava" or not has_tubes(groundtruth[groundtruth["decoded"]]):
        return {}
    protocol = _video_protocol(chosen.protocol)
    tubes = link_tubes(detections, classes, protocol)
    return video_map(video_ap(groundtruth, tubes, classes, thresholds(chosen.video_iou), protocol), chosen.video_iou)


def _video_protocol(protocol: str) -> str:
    return "act" if protocol == "act" else "multisports"


def _frames(groundtruth: pd.DataFrame) -> int:
    return len(groundtruth.drop_duplicates(["video_id", "frame"]))


def _plain(value: float) -> float | None:
    return None if pd.isna(value) else float(value)


def as_table(metrics: dict[str, Any]) -> str:
    """The metrics as `make eval` prints them, in percent."""
    if reason := metrics.get("nothing to evaluate against"):
        return f"{metrics['dataset']}: {reason}, so there is nothing to evaluate against"
    made, truth, protocol = metrics["made with"], metrics["groundtruth"], metrics["protocol"]
    boxes = protocol["boxes"]
    rule = {"threshold": f"score >= {boxes['threshold']}", "first": f"first {boxes['first']}", "all": "all"}
    rule["margin"] = f"score > best - {boxes['margin']}"
    voting = {"none": "", "mean": ", soft voting", "weighted": ", soft voting by detection score"}[boxes["voting"]]
    counted = "decoded" if protocol["frames"] == "decoded" else "annotated"
    chosen = "ground truth" if boxes["boxes"] == "groundtruth" else f"detected, {rule[boxes['select']]}"
    lines = [
        f"{metrics['dataset']}, label split {metrics['split']}, {metrics['head']}: frame mAP at IoU {protocol['iou']}"
        + ("" if protocol["protocol"] == "multisports" else f", protocol {protocol['protocol']}"),
        f"encoder: {made.get('encoder', 'none')}; boxes: {chosen}; scored against {boxes['labels']} labels{voting}",
        f"{truth['frames counted']} {counted} frames of {truth['clips']} test clips; the videos have "
        f"{truth['frames that the videos have']} of {truth['frames annotated']}",
        *(
            [f"{truth['clips missed']} more test clips are not there, or cannot be read: their boxes count as missed"]
            if truth["clips missed"]
            else []
        ),
        *(["detections on other frames are not counted"] if protocol["frames"] == "annotated" else []),
        *_elsewhere(metrics.get("trained on")),
        "",
        f"{'class':<18}{'group':<8}{'AP':>7}{'recall':>8}{'boxes':>8}{'detections':>12}",
    ]
    for name, row in metrics["classes"].items():
        lines.append(
            f"{name:<18}{row['group']:<8}{_percent(row['ap']):>7}{_percent(row['recall']):>8}"
            f"{row['groundtruth']:>8}{row['detections']:>12}"
        )
    lines += ["", *(f"{name:<26}{_percent(metrics[name]):>7}" for name in ("unseen", "seen", "harmonic"))]
    for name, means in metrics["video"].items():
        shown = "  ".join(f"{group} {_percent(means[group])}" for group in ("unseen", "seen", "harmonic"))
        lines.append(f"{f'video mAP at {name}':<26}{shown}")
    return "\n".join(lines)


def _elsewhere(source: dict[str, Any] | None) -> list[str]:
    """On what else the head was trained, and which classes are not unseen then."""
    if source is None:
        return []
    shared = [name if name == other else f"{name} ({other})" for name, other in source["shared classes"].items()]
    said = f"; learned there, so not unseen: {', '.join(shared)}" if shared else "; no class of both reads the same"
    return [f"trained on {source['dataset']}, label split {source['split']}{said}"]


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.2f}"
