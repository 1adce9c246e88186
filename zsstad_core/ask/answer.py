"""The answer to a question: what each person in the user's videos does, with start and end.

Shapes: N boxes of persons of a video, K labels in the order of the question.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from zsstad_core.ask.spans import Floats, Span, choose_labels, find_spans, smooth
from zsstad_core.cache.read import read_artifact_table
from zsstad_core.plan.plan import Plan
from zsstad_core.settings.results import Ask
from zsstad_core.tables import BOX
from zsstad_core.tracks import UNTRACKED, link_persons


@dataclass(frozen=True)
class Answer:
    """The answer for one video.

    video: its row of table videos. frames: the rows of table frames that were searched, in the order of time, with
    `time` (`pts`, or, where these begin below zero, the time from the first frame on) and with `end`, the time of the
    next frame. boxes: [N] rows of frame, time, end, box, x1 ... y2, box_score,
    track, label (an index from 0, or NOTHING), by frame and box. probability_NK, similarity_NK: smoothed along tracks.
    """

    video_id: str
    video: "pd.Series[float]"
    frames: pd.DataFrame
    boxes: pd.DataFrame
    probability_NK: Floats
    similarity_NK: Floats
    spans: list[Span]

    @property
    def tracks(self) -> list[int]:
        return sorted(set(self.boxes["track"].tolist()) - {UNTRACKED})


def threshold_of(ask: Ask, labels: int) -> float:
    """The probability below which a person gets no label."""
    return 1.25 / labels if ask.threshold is None else ask.threshold


def answer_all(plan: Plan) -> list[Answer]:
    """The answer for each video, with or without persons."""
    videos = read_artifact_table(plan.index, "videos")
    frames = read_artifact_table(plan.index, "frames")
    if plan.dataset.keyframes:
        frames = frames.merge(read_artifact_table(plan.index, "keyframes")[["video_id", "frame"]])
    detections = read_artifact_table(plan.score, "detections")
    similarities = read_artifact_table(plan.score, "similarities")
    settings, labels = plan.settings, plan.dataset.classes
    tracks = link_persons(detections, frames, settings.tracks.lost_after, settings.tracks.high_score)
    return [
        answer(
            str(video["video_id"]),
            video,
            *(table[table["video_id"] == video["video_id"]] for table in (frames, detections, similarities, tracks)),
            labels=labels,
            ask=settings.ask,
        )
        for _, video in videos.iterrows()
    ]


def answer(
    video_id: str,
    video: "pd.Series[float]",
    frames: pd.DataFrame,
    detections: pd.DataFrame,
    similarities: pd.DataFrame,
    tracks: pd.DataFrame,
    *,
    labels: Sequence[str],
    ask: Ask,
) -> Answer:
    """The answer for one video, from the rows of its tables."""
    frames = _add_ends(frames)
    probability_NK = _per_label(detections, "probability", labels)
    similarity_NK = _per_label(similarities, "similarity", labels)
    boxes = detections.drop_duplicates(["frame", "box"])[["frame", "box", *BOX, "box_score"]]
    boxes = boxes.merge(tracks[["frame", "box", "track"]], on=["frame", "box"])
    boxes = boxes.merge(frames[["frame", "time", "end"]], on="frame").sort_values(["frame", "box"], ignore_index=True)
    track_N, time_N = boxes["track"].to_numpy(np.int64), boxes["time"].to_numpy(np.float64)
    probability_NK = smooth(probability_NK, track_N, time_N, ask.smoothing, ask.seconds)
    similarity_NK = smooth(similarity_NK, track_N, time_N, ask.smoothing, ask.seconds)
    label_N = choose_labels(probability_NK, similarity_NK, threshold_of(ask, len(labels)), ask.similarity)
    found = find_spans(label_N, track_N, time_N, boxes["end"].to_numpy(np.float64))
    return Answer(video_id, video, frames, boxes.assign(label=label_N), probability_NK, similarity_NK, found)


def _add_ends(frames: pd.DataFrame) -> pd.DataFrame:
    frames = frames.sort_values(["pts", "frame"], ignore_index=True)
    time_F = frames["pts"].to_numpy(np.float64)
    time_F = time_F - time_F.min(initial=0.0)  # as in the annotated video; AVA's format, too, has no second below zero
    last = float(np.median(np.diff(time_F))) if len(time_F) > 1 else 0.0
    return frames.assign(time=time_F, end=np.append(time_F[1:], time_F[-1:] + last))


def _per_label(rows: pd.DataFrame, column: str, labels: Sequence[str]) -> Floats:
    """A column of a table with one row for each (box, label) as [N, K], by frame and box."""
    place = {name: number for number, name in enumerate(labels)}
    rows = rows.assign(label=rows["class_name"].map(place)).sort_values(["frame", "box", "label"], kind="stable")
    return rows[column].to_numpy(np.float64).reshape(-1, len(labels))
