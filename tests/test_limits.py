"""Where the detector keeps no more persons of a frame, the metrics say so."""

import pandas as pd
import pytest

from zsstad_core.evaluation.limits import full_frames, limits_reached
from zsstad_core.evaluation.text import _limits
from zsstad_core.settings.pipeline import Settings
from zsstad_core.tables import table

PERSONS = {("a", 0): [0.9, 0.8, 0.3], ("a", 1): [0.9, 0.8, 0.1], ("a", 2): [0.9], ("b", 0): [0.9, 0.8, 0.7]}


def boxes() -> pd.DataFrame:
    rows = [
        (video, frame, number, 10.0 * number, 0.0, 10.0 * number + 5, 9.0, score, "person")
        for (video, frame), scores in PERSONS.items()
        for number, score in enumerate(scores)
    ]
    columns = ["video_id", "frame", "box", "x1", "y1", "x2", "y2", "score", "what"]
    return table("boxes", pd.DataFrame(rows, columns=columns))


def settings(**scoring: object) -> Settings:
    return Settings.model_validate({"detector": {"persons_per_frame": 3}, "scoring": scoring})


@pytest.mark.parametrize(
    ("scoring", "full"),
    [
        ({"select": "all"}, {"a": 2, "b": 1}),
        ({"select": "threshold", "threshold": 0.2}, {"a": 1, "b": 1}),  # of a's frame 1 who is left out is below 0.1
        ({"select": "threshold", "threshold": 0.5}, {"b": 1}),
        ({"select": "first", "first": 2}, {}),
        ({"boxes": "groundtruth"}, {}),
    ],
)
def test_a_frame_is_full_if_all_that_are_kept_are_scored(scoring: dict[str, object], full: dict[str, int]) -> None:
    assert full_frames(boxes(), settings(**scoring)).to_dict() == full


@pytest.mark.fault(68)
def test_the_metrics_say_how_many_frames_of_the_evaluated_clips() -> None:
    reached = limits_reached(boxes(), ["a", "a", "a"], settings(select="all"))
    assert reached == {"detector.persons_per_frame": {"limit": 3, "frames": 2, "clips": 1}}
    assert _limits(reached) == [
        "2 frames of 1 clip have 3 persons, all that detector.persons_per_frame keeps: others may be left out, raise it"
    ]
    assert limits_reached(boxes(), ["c"], settings(select="all")) == {}
