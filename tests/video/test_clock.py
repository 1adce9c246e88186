"""Times go on, and a remark names the first frame that has another time than the file says."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.video.made_files import FRAMES, joined, part
from zsstad_core.extraction import seek
from zsstad_core.video import VideoSource, decode, times
from zsstad_core.video.clock import Clock

RATE = Fraction(25)


def go_on(*own: float | None) -> tuple[list[float], str | None]:
    clock = Clock(RATE, RATE)
    return [clock.time(number, time) for number, time in enumerate(own)], clock.remark()


def test_times_that_rise_are_kept_to_the_bit_and_nothing_is_said() -> None:
    own = [-0.1, 0.0, 1 / 3, 0.7000000001, 1000.0, 40_000.25]
    assert go_on(*own) == (own, None)


@pytest.mark.fault(54)
@pytest.mark.parametrize(
    ("own", "expected", "remark"),
    [
        ([7, 7.04, 0, 0.04, 0.5], [7, 7.04, 7.08, 7.12, 7.58], "frame 2: the time in the file falls back to 0.000 s"),
        ([0, 0.04, 95_443.8, 95_443.84], [0, 0.04, 0.08, 0.12], "frame 2: the time in the file jumps to 95443.800 s"),
        ([1, 1, 1.08], [1, 1.04, 1.08], "frame 1: the time in the file stands still at 1.000 s"),
        ([0, 0.08, 0.04, 0.16], [0, 0.08, 0.12, 0.16], "frame 2: the time in the file falls back to 0.040 s"),
        ([5, None, 5.08], [5, 5.04, 5.08], None),
        ([None, None, None], [0, 0.04, 0.08], None),
        ([9, 9.04, 0, 0.04, -9, -8.96], [9, 9.04, 9.08, 9.12, 9.16, 9.2], "frame 2 and 1 more: the time in the file"),
    ],
)
def test_where_they_do_not_rise_they_go_on_a_step_later(
    own: list[float | None], expected: list[float], remark: str | None
) -> None:
    found, said = go_on(*own)
    assert found == pytest.approx(expected)
    assert said is remark is None or (said is not None and remark is not None and said.startswith(remark))


@given(st.lists(st.one_of(st.none(), st.integers(-(10**6), 10**9)), min_size=1, max_size=80))
def test_whatever_a_file_says_each_frame_is_later_than_the_one_before(ticks: list[int | None]) -> None:
    found, _ = go_on(*(None if tick is None else tick / 1000 for tick in ticks))
    assert (np.diff(found) > 0).all()


@pytest.mark.fault(54)
def test_a_frame_is_never_sought_by_a_time_that_another_frame_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two recordings, of which the second has the times of the first again: found by its time, a frame of the first
    would be one of the second."""
    monkeypatch.setattr(seek, "_AT_ONCE", 2)
    parts = [part(tmp_path / "0.ts", 0), part(tmp_path / "1.ts", 200)]
    source = VideoSource("a", joined(tmp_path / "a.ts", *parts))
    frames = {number: (seconds, rgb) for number, seconds, rgb in decode(source)}
    assert len(frames) == 2 * FRAMES
    for number in range(3, 2 * FRAMES):
        ((found, seconds, rgb),) = seek.seek_frames(source, {number: frames[number][0]})
        assert (found, seconds) == (number, frames[number][0])
        np.testing.assert_array_equal(rgb, frames[number][1])


def test_the_joined_recordings_last_twice_as_long(realdata: Path) -> None:
    path = realdata / "hard_inputs" / "03-ts-joined-times-restart" / "concat.ts"
    if not path.is_file():
        pytest.skip(f"needs {path}")
    seconds = [time for time, _, _ in times(VideoSource("a", path))]
    assert len(seconds) == 72
    assert seconds[-1] - seconds[0] == pytest.approx(71 * 1001 / 30_000)
    assert np.diff(seconds) == pytest.approx(1001 / 30_000)
