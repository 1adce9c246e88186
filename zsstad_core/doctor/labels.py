"""Checks for labels off by one: class numbers that one side counts from 0 and the other from 1.

Two things show it. Scores: if labels are one place off, persons of a class score highest at its neighbour in the list.
Names: a video in a folder with the name of a class most likely shows that class.
"""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from zsstad_core.boxes import paired_iou
from zsstad_core.doctor.finding import Finding
from zsstad_core.tables import BOX

_SURE = 3.5  # standard deviations of the mean rank that a head without knowledge gives
_BETTER = 0.2  # of mean rank, by which the neighbour must beat the true label
_FEWEST = 4  # classes with a neighbour in the list that are needed for a verdict
_IOU = 0.5
_PERSON = ["video_id", "frame", "box"]


def off_by_one_in_scores(
    groundtruth: pd.DataFrame,
    detections: pd.DataFrame,
    labels: Sequence[Sequence[str]],
    orders: Mapping[str, Sequence[Sequence[str]]],
) -> list[Finding]:
    """Find classes whose persons score high at the class before or after it in a list, and not at the class itself.

    groundtruth, detections: the tables of test videos. labels: the classes that are scored against each other. orders:
    the lists in which labels may be numbered, by name.

    For each class the labels are ranked by the scores of its persons. A head without knowledge ranks a given label at
    random, so the mean rank over classes is near a half, with a known deviation.
    """
    ranks = [_ranks(groundtruth, detections, group) for group in labels]
    own = [rank.loc[name, name] for rank in ranks for name in rank.index]
    for order, lists in orders.items():
        for step in (-1, 1):
            compared = [
                (name, neighbour[name], rank)
                for rank in ranks
                for neighbour in (dict(_neighbours(lists, step)),)
                for name in rank.index
                if neighbour.get(name) in rank.columns  # a class at the end of the list has no neighbour
            ]
            if len(compared) < _FEWEST:
                continue
            place = np.array([rank.loc[name, other] for name, other, rank in compared])
            count = np.array([len(rank.columns) for _, _, rank in compared])
            deviation = np.sqrt(((count + 1) / (12 * (count - 1))).sum()) / len(compared)
            if (place.mean() - 0.5) / deviation < _SURE or place.mean() - np.mean(own) < _BETTER:
                continue
            name, other, _ = compared[int(place.argmax())]
            return [
                Finding(
                    "labels off by one",
                    f"over {len(compared)} classes, the class {'after' if step > 0 else 'before'} the true one in "
                    f"{order} outscores {place.mean():.0%} of the other labels, the true one {np.mean(own):.0%}",
                    f"persons who do {name} score high as {other}",
                    "compare the order of the classes where labels or tokens come from (label map, "
                    "encoder.tokens_from, the head's classes): are they counted from 1?",
                )
            ]
    return []


def _neighbours(lists: Sequence[Sequence[str]], step: int) -> Iterator[tuple[str, str]]:
    """Each class of some lists with the class `step` places further on."""
    for listed in lists:
        for place, name in enumerate(listed):
            if 0 <= place + step < len(listed):
                yield name, listed[place + step]


def _ranks(groundtruth: pd.DataFrame, detections: pd.DataFrame, group: Sequence[str]) -> pd.DataFrame:
    """For each class with scored persons (rows) the rank of each label of the group among the others, 0 to 1.

    The scores of each label are first brought to mean 0 and deviation 1 over all persons, so that a label with high
    scores for everybody does not count.
    """
    nothing = pd.DataFrame(columns=list(group), dtype="float64")
    truth = groundtruth[groundtruth["decoded"] & groundtruth["class_name"].isin(group)]
    scores = detections[detections["class_name"].isin(group)]
    if truth.empty or scores.empty or len(group) < 2:
        return nothing
    wide = scores.pivot_table(index=_PERSON, columns="class_name", values="probability").reindex(columns=list(group))
    wide = wide.dropna()  # persons who were scored against another group
    spread = wide.std(ddof=0)
    standard = (wide - wide.mean()) / spread.where(spread > 0, np.inf)
    boxes = scores.drop_duplicates(_PERSON)[[*_PERSON, *BOX]]
    both = truth[["video_id", "frame", *BOX, "class_name"]].merge(
        boxes, on=["video_id", "frame"], suffixes=("_true", "")
    )
    overlap = paired_iou(both[[f"{side}_true" for side in BOX]].to_numpy(), both[BOX].to_numpy())
    met = both[overlap >= _IOU].set_index(_PERSON)["class_name"]
    known = standard.join(met.rename("true"), how="inner")
    if known.empty:
        return nothing
    means = known.groupby("true").mean()
    return (means.rank(axis=1) - 1) / (len(group) - 1)


def other_than_their_folders(groundtruth: pd.DataFrame, classes: Sequence[str]) -> list[Finding]:
    """Find videos whose annotated class differs from the class that their folder is named after."""
    named = {_plain(name): name for name in classes}
    truth = groundtruth[groundtruth["class_name"] != ""]
    annotated = truth.groupby("video_id")["class_name"].agg(set)
    folder = {
        video: [named[_plain(part)] for part in str(video).split("/")[:-1] if _plain(part) in named]
        for video in annotated.index
    }
    compared = {video: names[-1] for video, names in folder.items() if names}
    other = {video: name for video, name in compared.items() if name not in annotated[video]}
    if len(other) <= len(compared) / 2 or len(set(other.values())) < 2:
        return []
    place = {name: number for number, name in enumerate(classes)}
    steps = pd.Series(
        [(place[given] - place[name]) for video, name in other.items() for given in annotated[video] if given in place]
    )
    step = int(steps.mode().iloc[0])
    moved = int((steps == step).sum())
    how = f"; {moved} of them by {abs(step)} in the list of classes" if moved > len(other) / 2 else ""
    video = next(iter(other))
    return [
        Finding(
            f"labels off by {'one' if abs(step) == 1 else abs(step)}"
            if how
            else "labels other than the folders' names",
            f"{len(other)} of {len(compared)} videos are annotated as another class than their folder is called{how}",
            f"{video}, annotated as {', '.join(sorted(annotated[video]))}",
            "compare the label numbers of the annotation with its list of names: are they counted from 1?",
        )
    ]


def _plain(text: str) -> str:
    return text.lower().replace("_", " ").replace("-", " ").strip()
