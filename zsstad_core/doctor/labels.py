"""Labels off by one: class numbers that were counted from 0 on one side and from 1 on the other.

Two witnesses. Scores: if the labels are one place off, persons of a class score highest at its neighbour in the list.
Names: where a video lies in a folder that is called as a class, that is most likely what it shows.
"""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from zsstad_core.boxes import paired_iou
from zsstad_core.doctor.finding import Finding
from zsstad_core.tables import BOX

_SURE = 3.5  # standard deviations of what heads that know nothing give
_BETTER = 0.2  # in mean rank, than the true label
_FEWEST = 4  # classes that have a neighbour, so that a place in the list means something
_IOU = 0.5
_PERSON = ["video_id", "frame", "box"]


def off_by_one_in_scores(
    groundtruth: pd.DataFrame,
    detections: pd.DataFrame,
    labels: Sequence[Sequence[str]],
    orders: Mapping[str, Sequence[Sequence[str]]],
) -> list[Finding]:
    """Classes whose persons score high at the class before, or after, in a list, and not at their own.

    groundtruth, detections: the tables of test videos. labels: the classes that are scored against each other. orders:
    the lists that labels may be counted in, by what they are called.

    Of each class, the labels are ranked by what its persons give them. A head that knows nothing ranks a given label
    anywhere, so the mean rank over classes is near a half, and how far it strays from there is known.
    """
    ranks = [_ranks(groundtruth, detections, group) for group in labels]
    own = [rank.loc[name, name] for rank in ranks for name in rank.index]
    for order, lists in orders.items():
        for step in (-1, 1):
            asked = [
                (name, neighbour[name], rank)
                for rank in ranks
                for neighbour in (dict(_neighbours(lists, step)),)
                for name in rank.index
                if neighbour.get(name) in rank.columns  # of a class at the end of the list nothing can be said
            ]
            if len(asked) < _FEWEST:
                continue
            place = np.array([rank.loc[name, other] for name, other, rank in asked])
            count = np.array([len(rank.columns) for _, _, rank in asked])
            deviation = np.sqrt(((count + 1) / (12 * (count - 1))).sum()) / len(asked)
            if (place.mean() - 0.5) / deviation < _SURE or place.mean() - np.mean(own) < _BETTER:
                continue
            name, other, _ = asked[int(place.argmax())]
            return [
                Finding(
                    "labels off by one",
                    f"over {len(asked)} classes, the class {'after' if step > 0 else 'before'} the true one in {order} "
                    f"outscores {place.mean():.0%} of the other labels, the true one {np.mean(own):.0%}",
                    f"persons who do {name} score high as {other}",
                    "compare the order of the classes where labels or tokens come from (label map, "
                    "encoder.tokens_from, the head's classes): are they counted from 1?",
                )
            ]
    return []


def _neighbours(lists: Sequence[Sequence[str]], step: int) -> Iterator[tuple[str, str]]:
    """Each class of some lists with the one that stands `step` places on."""
    for listed in lists:
        for place, name in enumerate(listed):
            if 0 <= place + step < len(listed):
                yield name, listed[place + step]


def _ranks(groundtruth: pd.DataFrame, detections: pd.DataFrame, group: Sequence[str]) -> pd.DataFrame:
    """Of each class with scored persons (rows), the rank of each label of the group among the others, 0 to 1.

    A label's scores are first brought to mean 0 and deviation 1 over all persons, so that a label which everybody likes
    is no witness.
    """
    nothing = pd.DataFrame(columns=list(group), dtype="float64")
    truth = groundtruth[groundtruth["decoded"] & groundtruth["class_name"].isin(group)]
    scores = detections[detections["class_name"].isin(group)]
    if truth.empty or scores.empty or len(group) < 2:
        return nothing
    wide = scores.pivot_table(index=_PERSON, columns="class_name", values="probability").reindex(columns=list(group))
    wide = wide.dropna()  # who was scored against another group has no such row
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
    """Videos in a folder that is called as a class, annotated as another."""
    named = {_plain(name): name for name in classes}
    truth = groundtruth[groundtruth["class_name"] != ""]
    annotated = truth.groupby("video_id")["class_name"].agg(set)
    folder = {
        video: [named[_plain(part)] for part in str(video).split("/")[:-1] if _plain(part) in named]
        for video in annotated.index
    }
    asked = {video: names[-1] for video, names in folder.items() if names}
    other = {video: name for video, name in asked.items() if name not in annotated[video]}
    if len(other) <= len(asked) / 2 or len(set(other.values())) < 2:
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
            f"{len(other)} of {len(asked)} videos are annotated as another class than their folder is called{how}",
            f"{video}, annotated as {', '.join(sorted(annotated[video]))}",
            "compare the label numbers of the annotation with its list of names: are they counted from 1?",
        )
    ]


def _plain(text: str) -> str:
    return text.lower().replace("_", " ").replace("-", " ").strip()
