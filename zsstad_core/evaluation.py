"""From detections to metrics.json, and to the table that `make eval` prints."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from zsstad_core.datasets.base import Dataset
from zsstad_core.metrics.frame_map import frame_ap
from zsstad_core.metrics.linking import link_tubes
from zsstad_core.metrics.protocols import FRAME, VIDEO
from zsstad_core.metrics.summary import summarise
from zsstad_core.metrics.video_map import has_tubes, thresholds, video_ap, video_map
from zsstad_core.settings import Evaluation, Settings
from zsstad_core.splits import LabelSplit
from zsstad_core.tables import table

_DRAWS = 5
_DRAWN_ROWS = 1_000_000  # of all draws together: seconds


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
    everything = pd.concat([annotated, missing], ignore_index=True) if len(missing) else annotated
    counted, detections = _counted(settings.evaluation, everything, detections)
    split = _scored(split, settings.scoring.labels)
    classes = [*split.unseen, *split.seen]
    protocol = settings.evaluation.protocol
    per_class = frame_ap(counted, detections, classes, settings.evaluation.iou, protocol)
    summary = summarise(per_class, split)
    of_tubes = _video_ap(settings.evaluation, counted, detections, classes)
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
            "frames annotated": _frames(everything),
            "frames that the videos have": _frames(everything[everything["decoded"]]),
            "frames counted": _frames(counted),
            "clips": int(counted["video_id"].nunique()),
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


def _counted(
    chosen: Evaluation, everything: pd.DataFrame, detections: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The rows of both tables that `evaluation.frames` lets count; the annotation sorted."""
    counted = everything[everything["decoded"]] if chosen.frames == "decoded" else everything
    counted = counted.sort_values(["video_id", "frame", "box"], kind="stable", ignore_index=True)
    if chosen.frames == "annotated":
        detections = detections.merge(counted[["video_id", "frame"]].drop_duplicates(), on=["video_id", "frame"])
    return counted, detections


def chance_draws(
    settings: Settings, split: LabelSplit, annotated: pd.DataFrame, missing: pd.DataFrame, detections: pd.DataFrame
) -> list[dict[str, float | None]]:
    """Frame mAP (unseen, seen; fractions, None where undefined) that random scores get: a random probability for every
    person and class in place of the head's, times the detection score as it is. Tables as of `evaluate`.

    Some draws, each the same whenever and wherever it is made. The more rows, the less they differ: of a large table
    there is one.
    """
    everything = pd.concat([annotated, missing], ignore_index=True) if len(missing) else annotated
    counted, detections = _counted(settings.evaluation, everything, detections)
    split = _scored(split, settings.scoring.labels)
    classes, draws = [*split.unseen, *split.seen], []
    for draw in range(min(_DRAWS, max(1, _DRAWN_ROWS // max(1, len(detections))))):
        random = np.random.default_rng(draw).random(len(detections))
        guessed = detections.assign(probability=random, score=random * detections["box_score"])
        per_class = frame_ap(counted, guessed, classes, settings.evaluation.iou, settings.evaluation.protocol)
        means = summarise(per_class, split)
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


def _scored(split: LabelSplit, labels: str) -> LabelSplit:
    """The split without the classes that `scoring.labels` leaves unscored: they have no number, not a 0."""
    return replace(
        split, seen=() if labels == "unseen" else split.seen, unseen=() if labels == "seen" else split.unseen
    )


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
