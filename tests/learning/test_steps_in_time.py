"""Memory of videos whose frames are seconds apart: neighbours are found by time."""

import numpy as np
import pandas as pd
import pytest

from zsstad_core.keyframes import Step
from zsstad_core.learning.frame_index import FrameIndex


def frames(**videos: list[tuple[int, float]]) -> pd.DataFrame:
    rows = [(name, number, pts) for name, of_video in videos.items() for number, pts in of_video]
    return pd.DataFrame(rows, columns=["video_id", "frame", "pts"])


SECOND = Step(1.0, "seconds")
TWO = frames(a=[(50, 2.002), (75, 2.998), (124, 4.96), (149, 5.96)], b=[(0, 0.0), (30, 1.0), (60, 2.0)])


@pytest.mark.parametrize(
    ("row", "neighbours"),
    [(0, [-1, -1, 1, -1]), (1, [-1, 0, -1, 2]), (2, [1, -1, 3, -1]), (4, [-1, -1, 5, 6]), (6, [4, 5, -1, -1])],
)
def test_a_neighbour_is_the_frame_a_second_away_whatever_the_rate(row: int, neighbours: list[int]):
    found = FrameIndex(TWO, SECOND).neighbours(np.array([row]), np.array([-2, -1, 1, 2]))
    # The second between frames 75 and 124 has no frame: nobody's place is taken by the next one.
    assert found.tolist() == [neighbours]


def test_half_seconds_are_frames_between_keyframes():
    index = FrameIndex(frames(a=[(10, 1.0), (15, 1.5), (20, 2.0), (24, 2.4)]), Step(0.5, "seconds"))
    assert index.neighbours(np.array([0, 2]), np.array([-1, 1, 2])).tolist() == [[-1, 1, 2], [1, 3, -1]]


def test_steps_of_frames_go_by_their_numbers():
    index = FrameIndex(TWO, Step(25, "frames"))
    assert index.neighbours(np.array([0, 2]), np.array([-1, 1])).tolist() == [[-1, 1], [-1, 3]]


def test_no_step_leads_into_another_video():
    rng = np.random.default_rng(0)
    videos = {f"v{i}": [(n, n + rng.uniform(-0.02, 0.02)) for n in range(rng.integers(1, 40))] for i in range(20)}
    table = frames(**videos)
    index = FrameIndex(table, SECOND)
    offsets = np.concatenate([np.arange(-30, 0), np.arange(1, 31)])
    found = index.neighbours(np.arange(len(table)), offsets)
    by_number = FrameIndex(table).neighbours(np.arange(len(table)), offsets)
    assert (found == by_number).all()
    assert (found >= 0).any()


def test_a_bank_without_frames_has_no_neighbours():
    assert FrameIndex(TWO.iloc[:0], SECOND).neighbours(np.zeros(0, np.int64), np.array([1])).shape == (0, 1)
