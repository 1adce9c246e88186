"""A healthy benchmark in tables: twelve classes, three test videos each, one person a frame, walking."""

import numpy as np
import pandas as pd

from zsstad_core.splits import LabelSplit
from zsstad_core.tables import BOX, table

CLASSES = ("bow", "clap", "dance", "eat", "fall", "golf", "hug", "jump", "kick", "laugh", "read", "wave")
SPLIT = LabelSplit("made-1", seen=CLASSES[5:], unseen=CLASSES[:5])
WIDTH, HEIGHT, FRAMES, EACH = 160, 120, 24, 3
VIDEOS = [f"{name}/{number}" for name in CLASSES for number in range(EACH)]


def rng(*seed: int) -> np.random.Generator:
    return np.random.default_rng([7, *seed])


def truth(videos: list[str] = VIDEOS, every: int = 1) -> pd.DataFrame:
    """Table groundtruth; `every` n-th frame is annotated."""
    rows = []
    for video in videos:
        number = VIDEOS.index(video)
        speed, start, width = rng(number).uniform(-2.5, 2.5), rng(number, 1).uniform(60, 80), 22 + number % 5
        for frame in range(0, FRAMES, every):
            x = start + speed * (frame - FRAMES / 2)
            rows.append((video, frame, 0, x, 30, x + width, 95, video.split("/")[0], True))
    return table("groundtruth", pd.DataFrame(rows, columns=["video_id", "frame", "box", *BOX, "class_name", "decoded"]))


def found(annotated: pd.DataFrame | None = None, noise: float = 2.0) -> pd.DataFrame:
    """Table boxes: each annotated person, not quite where he is, and a passer-by in every third frame."""
    annotated = truth() if annotated is None else annotated
    persons = annotated[["video_id", "frame", *BOX]].assign(box=0, score=0.9, what="person")
    persons[BOX] += rng(2).normal(0, noise, (len(persons), 4)).astype(np.float32)
    other = persons[persons["frame"] % 3 == 0].assign(box=1, score=0.4, x1=2.0, x2=20.0, y1=40.0, y2=90.0)
    return table("boxes", pd.concat([persons, other]))


def videos() -> pd.DataFrame:
    rows = {"video_id": VIDEOS, "digest": "", "width": WIDTH, "height": HEIGHT, "frames": FRAMES, "fps": 12.0}
    return table("videos", pd.DataFrame(rows))


def frames() -> pd.DataFrame:
    rows = [(video, frame, frame / 12) for video in VIDEOS for frame in range(FRAMES)]
    return table("frames", pd.DataFrame(rows, columns=["video_id", "frame", "pts"])).assign(fps=12.0)


def detections(knows: float = 1.5, of: dict[str, str] | None = None) -> pd.DataFrame:
    """Table detections of all persons against the labels of their video's group. `knows`: by how much the true label's
    logit stands out of the noise; of: the label that gets it, by class."""
    parts = []
    for number, group in enumerate((SPLIT.unseen, SPLIT.seen)):
        annotated = truth()
        annotated = annotated[annotated["class_name"].isin(group)]
        persons = found()
        persons = persons[persons["video_id"].isin(annotated["video_id"]) & (persons["box"] == 0)]
        true = [name.split("/")[0] for name in persons["video_id"]]
        meant = [(of or {}).get(name, name) for name in true]
        logit = rng(3, number).normal(0, 1, (len(persons), len(group)))
        logit += knows * (np.asarray(group) == np.asarray(meant)[:, None])
        probability = np.exp(logit) / np.exp(logit).sum(1, keepdims=True)
        for place, name in enumerate(group):
            rows = persons[["video_id", "frame", "box", *BOX]].assign(
                class_name=name, probability=probability[:, place], box_score=persons["score"].astype(float)
            )
            parts.append(rows.assign(score=rows["probability"] * rows["box_score"]))
    return table("detections", pd.concat(parts))
