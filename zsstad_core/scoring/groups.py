"""Groups of videos, and the labels that each group is scored against."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from zsstad_core.splits import LabelSplit
from zsstad_core.tables import labelled

type Labels = Literal["own", "all", "unseen", "seen"]


@dataclass(frozen=True)
class Group:
    """Videos that are scored against the same labels."""

    name: Literal["unseen", "seen", "all"]
    videos: tuple[str, ...]
    classes: tuple[str, ...]


def unlabelled_group(
    split: LabelSplit,
    official_split: Mapping[str, Literal["train", "test"]],
    here: Collection[str],
    groundtruth: pd.DataFrame,
) -> Group:
    """The official test videos among `here` without an annotated action, to be scored against all classes of the split.

    They are scored, but not evaluated.
    """
    known = set(labelled(groundtruth)["video_id"])
    videos = sorted(name for name in here if official_split[name] == "test" and name not in known)
    return Group("all", tuple(videos), (*split.seen, *split.unseen))


def groups(
    split: LabelSplit, official_split: Mapping[str, Literal["train", "test"]], groundtruth: pd.DataFrame, labels: Labels
) -> list[Group]:
    """The official test videos, grouped by the classes that they are scored against.

    Videos are sorted; a group may be empty.

    own     two groups: videos with an action of an unseen class against the unseen classes, videos with an action of a
            seen class against the seen classes; a video with both is in both
    all     one group: the videos of both, against all classes of the split, the seen ones first
    unseen  the first group of "own" alone
    seen    the second group of "own" alone
    """
    test = groundtruth[groundtruth["video_id"].map(official_split) == "test"]

    def group(name: Literal["unseen", "seen", "all"], classes: tuple[str, ...]) -> Group:
        videos = test.loc[test["class_name"].isin(classes), "video_id"].unique()
        return Group(name, tuple(sorted(videos)), classes)

    if labels == "all":
        return [group("all", (*split.seen, *split.unseen))]
    both = [group("unseen", split.unseen), group("seen", split.seen)]
    return [one for one in both if labels in ("own", one.name)]
