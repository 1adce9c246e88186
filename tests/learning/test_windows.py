"""Windows of neighbouring frames against the published rule, written out."""

import numpy as np
import pandas as pd
import pytest

from zsstad_core.keyframes import Step
from zsstad_core.learning.frame_index import FrameIndex
from zsstad_core.learning.windows import windows


def index_of(*lengths: int) -> FrameIndex:
    rows = [(f"v{video}", frame) for video, length in enumerate(lengths) for frame in range(length)]
    return FrameIndex(pd.DataFrame(rows, columns=["video_id", "frame"]))


def written_out(t: int, length: int, before: int, after: int) -> list[int]:
    """ST-CLIP's published code, frames and clips counted from 1: the window of frame t of a clip of `length`."""
    together = before + 1 + after
    if length < together:
        return list(range(1, length + 1))
    if t <= before:
        return list(range(1, together + 1))
    if t + after > length:
        return list(range(length - together + 1, length + 1))
    return list(range(t - before, t + after + 1))


@pytest.mark.parametrize(("before", "after"), [(4, 4), (0, 0), (2, 5), (3, 0)])
def test_windows_slide_at_the_ends_of_a_clip_as_published(before: int, after: int):
    lengths = [1, 3, 8, 9, 10, 25]
    index, first = index_of(*lengths), 0
    for length in lengths:
        rows = np.arange(first, first + length)
        found = windows(index, rows, before, after)
        for t, window in enumerate(found.tolist(), start=1):
            wanted = [first + frame - 1 for frame in written_out(t, length, before, after)]
            assert window == wanted + [-1] * (before + 1 + after - len(wanted))
        first += length


def test_a_window_of_keyframes_goes_by_their_step():
    """Frames of the keyframes 20 and 60 and two on each side, 5 apart: windows hold these and nothing of the others."""
    numbers = [10, 15, 20, 25, 30, 50, 55, 60, 65, 70]
    index = FrameIndex(pd.DataFrame({"video_id": "a", "frame": numbers}), Step(5.0))
    found = windows(index, np.array([2, 7]), 2, 2)
    assert found.tolist() == [[0, 1, 2, 3, 4], [5, 6, 7, 8, 9]]


def test_a_step_in_seconds_takes_the_frames_nearest_in_time():
    pts = np.arange(200) / 24
    index = FrameIndex(pd.DataFrame({"video_id": "a", "frame": range(200), "pts": pts}), Step(0.5, "seconds"))
    (window,) = windows(index, np.array([100]), 2, 2).tolist()
    assert window == [76, 88, 100, 112, 124]
    (sliding,) = windows(index, np.array([3]), 2, 2).tolist()
    assert sliding == [3, 15, 27, 39, 51]
