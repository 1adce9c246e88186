"""The answer as files: JSON with tracks and spans, a CSV in AVA's format, and its label map. docs/ask.md describes each
field."""

import csv
import hashlib
import io
import json
import os
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any

import numpy as np

from zsstad_core.ask.answer import Answer, threshold_of
from zsstad_core.ask.remarks import Remark, left_out
from zsstad_core.ask.spans import NOTHING
from zsstad_core.cache.stages import EVALUATE, GROUNDTRUTH
from zsstad_core.cache.units import write_whole
from zsstad_core.keyframes import NOWHERE, nearest
from zsstad_core.plan.plan import Plan
from zsstad_core.tables import BOX
from zsstad_core.tracks import UNTRACKED

FORMAT = "zsstad answer 1"
JSON, CSV, LABELMAP = NAMES = ("answer.json", "detections.csv", "labels.pbtxt")

_LONGEST = 120  # bytes; a file name has at most 255, and temporary files have longer ones
_NUMBERS = re.compile(r"\[[-+.e\d,\s]+\]")


def write_answer(folder: Path, plan: Plan, answers: Sequence[Answer], remarks: Sequence[Remark]) -> None:
    """Write the answer, which needs no video any more: `NAMES`. Raises CacheError if that fails."""
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder, plan, answers, {}, remarks)
    write_whole(folder / CSV, as_csv(answers))
    write_whole(folder / LABELMAP, as_labelmap(plan.dataset.classes))


def write_json(
    folder: Path,
    plan: Plan,
    answers: Sequence[Answer],
    shown: Mapping[str, str],
    remarks: Iterable[Remark],
) -> None:
    """Write answer.json. shown: the file name of the annotated video of each video that has one. remarks: video and
    sentence. Raises CacheError if that fails."""
    write_whole(folder / JSON, as_text(as_json(plan, answers, shown, list(remarks))))


def as_json(
    plan: Plan, answers: Sequence[Answer], shown: Mapping[str, str], remarks: Sequence[Remark]
) -> dict[str, Any]:
    """The whole answer as plain data; arguments as in `write_json`."""
    videos = [
        _video(plan, one, shown) | {"remarks": [line for video, line in remarks if video == one.video_id]}
        for one in answers
    ]
    return {
        "format": FORMAT,
        "asked": _question(plan),
        "videos": videos,
        "left out": [{"video": video, "reason": reason} for video, reason in left_out(plan)],
    }


def as_text(content: Mapping[str, Any]) -> str:
    """JSON text with one entry per line, and each list of numbers on one line."""
    text = json.dumps(content, indent=1, ensure_ascii=False)
    return _NUMBERS.sub(lambda numbers: " ".join(numbers[0].split()), text) + "\n"


def _question(plan: Plan) -> dict[str, Any]:
    settings, labels = plan.settings, plan.dataset.classes
    texts = plan.class_texts if plan.settings.encoder.tokens_from is None else list(labels)
    keyframes = plan.dataset.keyframes
    return {
        "labels": [
            {
                "id": number,
                "name": name,
                "texts": [read] if isinstance(read, str) else read,
                **({"learned as": plan.shared_classes[name]} if name in plan.shared_classes else {}),
            }
            for number, (name, read) in enumerate(zip(labels, texts, strict=True), 1)
        ],
        "phrasings": settings.encoder.phrasings,
        "head": settings.head,
        "trained on": _trained_on(plan),
        "made with": {**plan.score.made_with(), "keys": {one.stage.name: one.key for one in _lineage(plan)}},
        "frames looked at": keyframes.content() if keyframes else "all",
        "threshold": threshold_of(settings.ask, len(labels)),
        "similarity": settings.ask.similarity,
        "smoothing": {"kind": settings.ask.smoothing, "seconds": settings.ask.seconds},
        "tracks": {"lost_after": settings.tracks.lost_after, "high_score": settings.tracks.high_score},
    }


def _lineage(plan: Plan) -> list[Any]:
    return [artifact for artifact in plan.lineage() if artifact.stage not in (GROUNDTRUTH, EVALUATE)]


def _trained_on(plan: Plan) -> dict[str, str] | None:
    if plan.training_plan is None or plan.train is None:
        return None
    return {
        "dataset": plan.training_plan.settings.dataset,
        "split": plan.training_plan.settings.split,
        "key": plan.train.key,
    }


def _video(plan: Plan, one: Answer, shown: Mapping[str, str]) -> dict[str, Any]:
    labels = plan.dataset.classes
    entries = _entries(one, labels)
    track_N = one.boxes["track"].to_numpy(np.int64)
    return {
        "video": one.video_id,
        "digest": str(one.video["digest"]),
        "width": int(one.video["width"]),
        "height": int(one.video["height"]),
        "frames": int(one.video["frames"]),
        "fps": round(float(one.video["fps"]), 6),
        "frames looked at": len(one.frames),
        "start": round(float(one.frames["time"].min()), 6),
        "end": round(float(one.frames["end"].max()), 6),
        "annotated": shown.get(one.video_id),
        "tracks": [
            {
                "track": track,
                "start": min(entries[row]["time"] for row in rows),
                "end": round(float(one.boxes["end"].to_numpy()[rows].max()), 6),
                "spans": [_span(one, span, labels) for span in one.spans if span.track == track],
                "boxes": [entries[row] for row in rows],
            }
            for track in one.tracks
            for rows in [np.flatnonzero(track_N == track)]
        ],
        "without track": [entries[row] for row in np.flatnonzero(track_N == UNTRACKED)],
    }


def _span(one: Answer, span: Any, labels: Sequence[str]) -> dict[str, Any]:
    return {
        "label": labels[span.label],
        "start": round(span.start, 6),
        "end": round(span.end, 6),
        "boxes": len(span.rows),
        "probability": round(float(one.probability_NK[span.rows, span.label].mean()), 6),
        "similarity": round(float(one.similarity_NK[span.rows, span.label].mean()), 6),
    }


def _entries(one: Answer, labels: Sequence[str]) -> list[dict[str, Any]]:
    """The JSON entry of each box."""
    columns = [one.boxes[name].tolist() for name in ("frame", "time", "box_score", "label")]
    xyxy_N4 = one.boxes[BOX].to_numpy(np.float64).round(2).tolist()
    scores = one.probability_NK.round(6).tolist(), one.similarity_NK.round(6).tolist()
    return [
        {
            "frame": frame,
            "time": round(time, 6),
            "box": box,
            "detection": round(detection, 6),
            "label": None if label == NOTHING else labels[label],
            "probability": probability,
            "similarity": similarity,
        }
        for frame, time, detection, label, box, probability, similarity in zip(*columns, xyxy_N4, *scores, strict=True)
    ]


def names_of_videos(answers: Sequence[Answer]) -> dict[str, str]:
    """The file name of the annotated video of each video: its path with `_` for `/` and for control characters, without
    the extension if that is clear enough. A name that two videos would have, also where a file system takes upper and
    lower case for the same, and a name that is too long get digits of the id's digest."""
    candidates = {one.video_id: _names_of_video(one.video_id) for one in answers}
    taken = Counter(_same(name) for names in candidates.values() for name in {_same(name) for name in names})
    return {
        video_id: f"{next((name for name in names if taken[_same(name)] == 1), names[-1])}.annotated.mp4"
        for video_id, names in candidates.items()
    }


def _names_of_video(video_id: str) -> list[str]:
    """Names for a video, the best first; the last is of no other video."""
    flat = re.sub(r"[/\x00-\x1f\x7f]", "_", video_id)
    digits = hashlib.sha256(os.fsencode(video_id)).hexdigest()[:12]
    alone = f"{os.fsencode(flat)[:_LONGEST].decode(errors='ignore')}-{digits}"
    return [*(name for name in (PurePath(flat).stem, flat) if len(os.fsencode(name)) <= _LONGEST), alone]


def _same(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def as_csv(answers: Sequence[Answer]) -> str:
    """The scores of every label of every person in AVA's format: video, second, x1, y1, x2, y2 as fractions of the
    frame, label id from 1, score.

    The persons of a second are those of the nearest searched frame, if it is less than half a second off (the earlier
    of two that are equally near). The score is probability times detection score, as in table detections.
    """
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    for one in answers:
        size = np.tile([one.video["width"], one.video["height"]], 2).astype(np.float64)
        fraction_N4 = (one.boxes[BOX].to_numpy(np.float64) / size).clip(0, 1)
        score_NK = one.probability_NK * one.boxes["box_score"].to_numpy(np.float64)[:, None]
        frame_N = one.boxes["frame"].to_numpy(np.int64)
        for second, frame in _seconds(one):
            for row in np.flatnonzero(frame_N == frame):
                corners = [f"{side:.6f}" for side in fraction_N4[row]]
                for number, score in enumerate(score_NK[row].tolist(), 1):
                    writer.writerow([one.video_id, second, *corners, number, f"{score:.9g}"])
    return lines.getvalue()


def _seconds(one: Answer) -> list[tuple[int, int]]:
    """The whole seconds of the video, each with the number of its frame."""
    time_F, frame_F = one.frames["time"].to_numpy(np.float64), one.frames["frame"].to_numpy(np.int64)
    second_S = np.arange(max(0, int(np.floor(time_F[0]))), int(np.ceil(time_F[-1])) + 1)
    place_S = nearest(time_F, second_S, 0.5)
    there_S = place_S != NOWHERE
    return list(zip(second_S[there_S].tolist(), frame_F[place_S[there_S]].tolist(), strict=True))


def as_labelmap(labels: Sequence[str]) -> str:
    """The numbers and names of the labels, in the format of AVA's label maps."""
    blocks = (f'item {{\n  name: "{_escaped(name)}"\n  id: {number}\n}}\n' for number, name in enumerate(labels, 1))
    return "".join(blocks)


def _escaped(name: str) -> str:
    return name.replace("\\", "\\\\").replace('"', '\\"')
