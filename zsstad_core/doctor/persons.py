"""Checks for a detector that finds no persons, or other persons than are annotated."""

import numpy as np
import pandas as pd

from zsstad_core.boxes import select
from zsstad_core.doctor.finding import Finding
from zsstad_core.doctor.overlap import pairs, sample_persons
from zsstad_core.frozen.detector.frame_boxes import PERSON
from zsstad_core.settings.results import Scoring

_NOBODY = 1 / 3  # share of annotated videos without a person; real detectors miss some clips altogether
_SELECTED = 0.5  # share of annotated videos whose persons are all left out by the selection
_OVERLAP = 0.1  # share of annotated boxes with a detected box at the evaluation's IoU
_FEWEST = 10  # annotated boxes that a class needs before it is reported as never found


def no_persons(groundtruth: pd.DataFrame, boxes: pd.DataFrame, scoring: Scoring) -> list[Finding]:
    """Find test videos without a detected, or without a selected, person. groundtruth, boxes: tables of test videos."""
    persons = boxes[boxes["what"] == PERSON]
    videos = set(groundtruth["video_id"])
    if persons.empty:
        others = ", ".join(sorted(boxes["what"].unique())[:5])
        found = f"0 persons among {len(boxes)} boxes of {len(videos)} annotated test videos"
        do = (
            f'call them "person" (detector.boxes_from, column what; it has {others})'
            if others
            else "lower detector.person_score, or take another detector (detector.config, detector.checkpoint)"
        )
        return [Finding("the detector finds nobody", found, _first(videos), do)]
    without = videos - set(persons["video_id"])
    if len(without) > _NOBODY * len(videos):
        return [
            Finding(
                "the detector finds nobody in many videos",
                f"{len(without)} of {len(videos)} annotated test videos have no detected person",
                _first(without),
                "lower detector.person_score, or check that the file of boxes is of all videos"
                " (detector.boxes_from names them as the dataset does)",
            )
        ]
    chosen = select(persons, scoring)
    unchosen = videos - set(chosen["video_id"]) - without
    if len(unchosen) <= _SELECTED * len(videos):
        return []
    first = _first(unchosen)
    best = persons.loc[persons["video_id"] == first, "score"].max()
    return [
        Finding(
            "no person is sure enough to be scored",
            f"all persons of {len(unchosen)} of {len(videos)} annotated test videos are below scoring.threshold "
            f"({scoring.threshold:g}); {len(chosen)} of {len(persons)} persons are scored",
            f"{first}, whose best has {best:.3f}",
            "lower scoring.threshold, or set scoring.select=first; are the scores fractions of 1?",
        )
    ]


def no_overlap(groundtruth: pd.DataFrame, persons: pd.DataFrame, iou: float) -> list[Finding]:
    """Find out whether detected persons overlap hardly any annotated person, or none of a class; this is a symptom."""
    named = groundtruth[groundtruth["decoded"]]
    truth = sample_persons(named)
    if truth.empty:
        return []
    best = pairs(truth, persons).best()
    share, near = float((best >= iou).mean()), float((best >= 0.1).mean())
    if share < _OVERLAP:
        by_video = pd.Series(best).groupby(truth["video_id"].to_numpy()).mean()
        return [
            Finding(
                "no box overlaps a ground truth",
                f"{100 * share:.1f} % of {len(truth)} annotated boxes have a detected person at IoU {iou:g}, "
                f"{100 * near:.1f} % at 0.1",
                f"{by_video.idxmin()}, whose mean IoU is {by_video.min():.2f}",
                "look at some frames: are these the same videos, frames and pixels?",
                cause=False,
            )
        ]
    never = []
    for name, rows in named.groupby("class_name"):
        of_class = sample_persons(rows)
        if name and len(of_class) >= _FEWEST and of_class["video_id"].nunique() > 1:
            found = pairs(of_class, persons).best()
            if not np.any(found >= iou):
                never.append((str(name), len(of_class), float(found.mean())))
    if not never:
        return []
    name, count, mean = never[0]
    return [
        Finding(
            "no box overlaps the ground truth of a class",
            f"{len(never)} of {named['class_name'].nunique()} classes cannot have an AP above 0 ({share:.0%} of all "
            f"annotated boxes have a detected person at IoU {iou:g})",
            f"{name}, {count} boxes with a mean IoU of {mean:.2f}",
            "look at its videos: are they those that were annotated?",
            cause=False,
        )
    ]


def _first(videos: set[str]) -> str:
    return min(videos, default="none")
