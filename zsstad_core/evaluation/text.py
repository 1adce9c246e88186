"""The table of an evaluation that `make eval` prints."""

from typing import Any

from zsstad_core.formatting import count_text
from zsstad_core.metrics.linking import SHORTEST
from zsstad_core.metrics.summary import percent


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
        *_too_short(metrics),
        *_limits(metrics.get("limits reached", {})),
        *_elsewhere(metrics.get("trained on")),
        "",
        f"{'class':<18}{'group':<8}{'AP':>7}{'recall':>8}{'boxes':>8}{'detections':>12}",
    ]
    for name, row in metrics["classes"].items():
        lines.append(
            f"{name:<18}{row['group']:<8}{percent(row['ap']):>7}{percent(row['recall']):>8}"
            f"{row['groundtruth']:>8}{row['detections']:>12}"
        )
    chance = metrics.get("chance", {})
    beside = {name: f"   by chance {percent(value)}" for name, value in chance.items() if value is not None}
    names = ("unseen", "seen", "harmonic")
    lines += ["", *(f"{name:<26}{percent(metrics[name]):>7}{beside.get(name, '')}" for name in names)]
    for name, means in metrics["video"].items():
        shown = "  ".join(f"{group} {percent(means[group])}" for group in ("unseen", "seen", "harmonic"))
        lines.append(f"{f'video mAP at {name}':<26}{shown}")
    return "\n".join(lines)


def _too_short(metrics: dict[str, Any]) -> list[str]:
    short = metrics.get("clips shorter than a tube", 0)
    if not short:
        return []
    return [
        f"video mAP: no tube is found in {short} of {count_text(metrics['groundtruth']['clips'], 'clip')}, which have "
        f"detections on fewer than {SHORTEST} frames, the least of a tube"
    ]


def _limits(reached: dict[str, Any]) -> list[str]:
    return [
        f"{count_text(row['frames'], 'frame')} of {count_text(row['clips'], 'clip')} have {row['limit']} persons, all "
        f"that {name} keeps: others may be left out, raise it"
        for name, row in reached.items()
    ]


def _elsewhere(source: dict[str, Any] | None) -> list[str]:
    """A line with the other dataset on which the head was trained, and the classes that are not unseen then."""
    if source is None:
        return []
    shared = [name if name == other else f"{name} ({other})" for name, other in source["shared classes"].items()]
    said = f"; learned there, so not unseen: {', '.join(shared)}" if shared else "; no class of both reads the same"
    return [f"trained on {source['dataset']}, label split {source['split']}{said}"]
