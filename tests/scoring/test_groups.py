"""Which videos are scored against which labels."""

from typing import Literal

import pandas as pd
import pytest

from zsstad_core.scoring.groups import groups
from zsstad_core.splits import LabelSplit
from zsstad_core.tables import table


def annotated(*rows: tuple[str, str]) -> pd.DataFrame:
    """Ground truth of one box a video and class."""
    videos, names = zip(*rows, strict=True)
    boxes = {"x1": 0.0, "y1": 0.0, "x2": 9.0, "y2": 9.0}
    columns = {"video_id": videos, "frame": 0, "box": 0, **boxes, "class_name": names, "decoded": True}
    return table("groundtruth", pd.DataFrame(columns))


TRUTH = annotated(("a", "run"), ("b", "jump"), ("c", "brush_hair"), ("d", "jump"), ("e", "run"), ("e", "jump"))
SPLIT = LabelSplit("made-1", seen=("run", "brush_hair"), unseen=("jump",))
OFFICIAL = {"a": "test", "b": "test", "c": "test", "d": "train", "e": "test"}


def test_groups_are_test_videos_against_their_own_labels() -> None:
    unseen, seen = groups(SPLIT, OFFICIAL, TRUTH, "own")
    assert (unseen.name, unseen.videos, unseen.classes) == ("unseen", ("b", "e"), ("jump",))
    assert (seen.name, seen.videos, seen.classes) == ("seen", ("a", "c", "e"), ("run", "brush_hair"))


def test_groups_can_be_scored_against_all_labels() -> None:
    (everything,) = groups(SPLIT, OFFICIAL, TRUTH, "all")
    assert (everything.name, everything.videos) == ("all", ("a", "b", "c", "e"))
    assert everything.classes == ("run", "brush_hair", "jump")


@pytest.mark.parametrize("name", ["unseen", "seen"])
def test_one_group_can_be_scored_alone(name: Literal["unseen", "seen"]) -> None:
    own = {group.name: group for group in groups(SPLIT, OFFICIAL, TRUTH, "own")}
    assert groups(SPLIT, OFFICIAL, TRUTH, name) == [own[name]]


def test_a_video_that_does_nothing_of_the_split_is_in_no_group() -> None:
    split = LabelSplit("made-2", seen=("brush_hair",), unseen=())
    assert [group.videos for group in groups(split, OFFICIAL, TRUTH, "own")] == [(), ("c",)]
    assert [group.videos for group in groups(split, OFFICIAL, TRUTH, "all")] == [("c",)]
