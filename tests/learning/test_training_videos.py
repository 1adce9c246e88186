"""Which training videos a head learns from: none that shows what it must not have seen."""

import pandas as pd
import pytest

from zsstad_core.errors import DataError
from zsstad_core.learning.training_videos import TrainingVideos, training_videos
from zsstad_core.settings.training import Training
from zsstad_core.splits import LabelSplit
from zsstad_core.tables import BOX, table

SPLIT = LabelSplit("made-1", seen=("sit", "walk"), unseen=("swim",))
ROWS = [
    ("a", "sit", True),
    ("b", "walk", True),
    ("b", "swim", True),
    ("c", "swim", True),
    ("d", "sit", False),  # on a frame that the video does not have
    ("e", "walk", True),
    ("e", "swim", False),
    ("f", "sit", True),
    ("test", "sit", True),
]
OFFICIAL = {name: "test" if name == "test" else "train" for name, _, _ in ROWS}


def groundtruth(rows: list[tuple[str, str, bool]] = ROWS) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["video_id", "class_name", "decoded"])
    box = dict(zip(BOX, (1.0, 2.0, 3.0, 4.0), strict=True))
    return table("groundtruth", frame.assign(frame=range(len(rows)), box=0, **box))


def chosen(**training: object) -> TrainingVideos:
    return training_videos(groundtruth(), OFFICIAL, SPLIT, Training.model_validate(training))


def test_by_default_every_training_video_with_a_seen_class_is_used():
    assert chosen() == TrainingVideos(("a", "b", "e", "f"), ("a", "b", "e", "f"))


def test_a_video_with_one_unseen_sample_is_left_out_also_where_its_frame_is_not_there():
    assert chosen(videos="without_unseen").used == ("a", "f")


def test_a_draw_depends_on_its_seed_and_the_names_alone():
    one = {seed: chosen(videos_at_most=1, videos_seed=seed).used for seed in range(8)}
    assert one == {seed: chosen(videos_at_most=1, videos_seed=seed).used for seed in range(8)}
    assert len(set(one.values())) > 1
    assert chosen(videos_at_most=1).used == ("e",)  # written down: a changed rule would change everybody's list
    assert chosen(videos_at_most=9).used == chosen().used


def test_a_larger_draw_holds_the_smaller_and_a_lost_video_costs_itself_alone():
    two, three = (set(chosen(videos_at_most=n).used) for n in (2, 3))
    assert two < three
    (lost, *_) = sorted(two)
    left = [row for row in ROWS if row[0] != lost]
    again = training_videos(groundtruth(left), OFFICIAL, SPLIT, Training(videos_at_most=2))
    assert set(again.used) == three - {lost}


def test_metrics_list_the_rule_and_the_videos():
    settings = Training(videos="without_unseen", videos_at_most=1)
    listed = chosen(videos="without_unseen", videos_at_most=1).to_json(settings)
    assert listed == {"videos": "without_unseen", "videos_at_most": 1, "seed": 0, "eligible": 2, "used": ["f"]}


def test_a_split_that_bars_every_video_says_so():
    rows = [("b", "walk", True), ("b", "swim", True)]
    with pytest.raises(
        DataError, match=r"made-1: every one of the 1 training videos with a seen class shows an unseen"
    ):
        training_videos(groundtruth(rows), OFFICIAL, SPLIT, Training(videos="without_unseen"))
