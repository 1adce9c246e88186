"""Choose test frames whose persons are shown with their attention, and collect what is known of each person."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from zsstad_core.cache.read import read_artifact_table
from zsstad_core.errors import DataError
from zsstad_core.extraction.seek import seek_frames
from zsstad_core.plan.plan import Plan
from zsstad_core.scoring.truth import true_actions
from zsstad_core.tables import BOX

if TYPE_CHECKING:
    from zsstad_core.learning.bank import Bank

type Place = tuple[str, int]
"""A video and the number of its frame."""

_PERSON = ["video_id", "frame", "box"]


@dataclass(frozen=True)
class ScoredPerson:
    """A scored person of a frame, and its best action.

    number: from 1, the annotated persons first, then by falling detection score. unseen: whether the action is an
    unseen class. annotated: the actions of the annotated person that it matches (IoU at least 0.5); empty if none.
    """

    number: int
    box_4: NDArray[np.float64]
    action: str
    probability: float
    unseen: bool
    annotated: tuple[str, ...]


def best_actions(detections: pd.DataFrame, groundtruth: pd.DataFrame) -> pd.DataFrame:
    """Each person's best row of table detections, with `annotated`: its true actions, as in `ScoredPerson`."""
    best = detections.loc[detections.groupby(_PERSON)["score"].idxmax()]
    persons = best.assign(score=best["box_score"])
    true = true_actions(persons, groundtruth, list(groundtruth["class_name"].unique()), "person")
    named = true.groupby(_PERSON)["class_name"].agg(tuple).rename("annotated").reset_index()
    best = best.merge(named, on=_PERSON, how="left")
    best["annotated"] = [names if isinstance(names, tuple) else () for names in best["annotated"]]
    return best


def frames_to_show(best: pd.DataFrame, groups: Sequence[Sequence[str]], each: int) -> list[Place]:
    """Some frames for each group of classes, the same for the same detections.

    best: as `best_actions`. A frame is ranked by its best person whose best action is of the group: first persons whose
    action is right, then persons in frames where at least two detected persons are annotated, then the best score. A
    video and a class are shown once; so a group may give fewer than `each` frames.
    """
    real = best[best["annotated"].map(len) > 0].groupby(["video_id", "frame"]).size().rename("real").reset_index()
    rows = best.merge(real, on=["video_id", "frame"], how="left")
    rows["right"] = [name in names for name, names in zip(rows["class_name"], rows["annotated"], strict=True)]
    rows["several"] = rows["real"] >= 2
    rows = rows.sort_values(
        ["right", "several", "score", "video_id", "frame"], ascending=[False, False, False, True, True], kind="stable"
    )
    places: list[Place] = []
    videos: set[str] = set()
    for classes in groups:
        left, found = set(classes), 0
        of_group = rows[rows["class_name"].isin(left)]
        for name, video_id, frame in zip(of_group["class_name"], of_group["video_id"], of_group["frame"], strict=True):
            if found < each and name in left and video_id not in videos:
                places.append((video_id, int(frame)))
                videos.add(video_id)
                left.discard(name)
                found += 1
    return places


def places_to_show(plan: Plan, best: pd.DataFrame, each: int) -> list[Place]:
    """At most `each` test frames of unseen and of seen classes (`frames_to_show`). best: as `best_actions`."""
    return frames_to_show(best, (plan.split.unseen, plan.split.seen), each)


def pictures(plan: Plan, places: Sequence[Place]) -> Iterator[tuple[Place, NDArray[np.uint8]]]:
    """The pictures of frames, RGB uint8 [height, width, 3], one after the other. Raises as `video.decode`."""
    seconds = read_artifact_table(plan.index, "frames").set_index(["video_id", "frame"])["pts"]
    for video_id, frame in places:
        ((_, _, picture),) = seek_frames(plan.videos[video_id], {frame: float(seconds[video_id, frame])})
        yield (video_id, frame), picture


def number_persons(best: pd.DataFrame, video_id: str, frame: int) -> pd.DataFrame:
    """The rows of a frame's persons, in the order of their numbers. Raises DataError if there is no person."""
    rows = best[(best["video_id"] == video_id) & (best["frame"] == frame)]
    if rows.empty:
        raise DataError("no person is scored on the frame; choose another")
    order = ["real", "box_score", "box"]
    rows = rows.assign(real=rows["annotated"].map(bool)).sort_values(
        order, ascending=[False, False, True], kind="stable"
    )
    return rows.reset_index(drop=True)


def scored_person(rows: pd.DataFrame, number: int, unseen: Sequence[str]) -> ScoredPerson:
    """The person of that number. rows: as `number_persons`."""
    row = rows.iloc[number - 1]
    return ScoredPerson(
        number,
        row[BOX].to_numpy(np.float64),
        str(row["class_name"]),
        float(row["probability"]),
        row["class_name"] in unseen,
        row["annotated"],
    )


def samples_of(bank: "Bank[Any]", rows: pd.DataFrame) -> Iterator[tuple[NDArray[np.int64], list[int]]]:
    """The samples of a frame, several if it has more persons than slots: each as an array of its number, with the
    numbers of its persons. bank: of persons. rows: as `number_persons`."""
    from zsstad_core.learning.person_samples import PersonSamples

    samples = bank.samples
    assert isinstance(samples, PersonSamples)
    number_of = {int(box): number for number, box in enumerate(rows["box"], 1)}
    frame_row = samples.index.rows(rows.iloc[:1], "detections")
    for sample in np.flatnonzero(samples.frame_S == frame_row):
        persons = samples.table.iloc[samples.take(np.array([sample])).row_N]
        yield np.array([sample]), [number_of[int(box)] for box in persons["box"]]
