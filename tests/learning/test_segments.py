"""Frames of a clip against the published rules written out, one clip and one frame at a time, and golden values."""

import random
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zsstad_core.errors import DataError
from zsstad_core.learning.draws import whole_numbers
from zsstad_core.learning.segments import refuse_short, scoring_frames, training_frames
from zsstad_core.methods.contract import Segments

ACTIONCLIP = Segments(8)
LENGTHS = st.lists(st.integers(1, 300), min_size=1, max_size=6)
EVERY_WAY = ["random", "middle", "start", "stride"]
WAYS = st.sampled_from(EVERY_WAY)
GOLDEN = [
    [2, 6, 11, 17, 22, 26, 30, 39],
    [0, 1, 2, 3, 4, 5, 6, 7],
    [0, 0, 1, 1, 2, 3, 3, 4],
    [0, 0, 0, 0, 0, 0, 0, 0],
    [12, 34, 52, 76, 95, 117, 146, 163],
]


def ints(*numbers: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    return np.array(numbers, np.int64)


def clips(lengths: list[int]) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Numbers that name clips, far apart and of both signs, as hashes are."""
    return np.array([random.Random(length).getrandbits(63) - 2**62 for length in range(len(lengths))], np.int64)


def test_golden_frames_of_training() -> None:
    """These frames are in trained weights: whoever moves one of them makes trainings that nobody can repeat."""
    found = training_frames(ACTIONCLIP, ints(40, 8, 5, 1, 173), ints(0, 1, 2, 3, 4), seed=2, iteration=7)
    assert found.tolist() == GOLDEN


def test_golden_frames_of_scoring() -> None:
    frames_N, clip_N = ints(40, 21, 8, 5, 1), ints(0, 1, 2, 3, 4)
    assert scoring_frames(ACTIONCLIP, frames_N, clip_N, seed=2, view=0).tolist() == [
        [2, 7, 12, 17, 22, 27, 32, 37],
        [0, 3, 6, 8, 11, 13, 16, 19],
        [0, 1, 2, 3, 4, 5, 6, 7],
        [0, 0, 1, 1, 2, 3, 3, 4],
        [0, 0, 0, 0, 0, 0, 0, 0],
    ]


def written_out_test(n: int, segments: int) -> list[int]:
    """ActionCLIP's published test, in its own floating numbers."""
    if n <= segments:
        return [i * n // segments for i in range(segments)]
    return [int(i * n / segments + (n / segments - 1) / 2) for i in range(segments)]


@pytest.mark.parametrize("segments", [1, 2, 8, 16])
def test_scoring_takes_the_frames_of_the_published_test(segments: int) -> None:
    lengths = list(range(1, 400))
    found = scoring_frames(Segments(segments), ints(*lengths), clips(lengths), seed=0, view=0)
    assert found.tolist() == [written_out_test(n, segments) for n in lengths]


def test_starts_are_those_of_bike() -> None:
    """BIKE: int(i n / T), and for k clips linspace(0, n / T - 1, k) added."""
    lengths = list(range(8, 200, 8))  # whole tick lengths, where linspace of three is exact
    segments = Segments(8, test="start", views=3)
    for view in range(3):
        found = scoring_frames(segments, ints(*lengths), clips(lengths), seed=0, view=view)
        wanted = [[int(i * n / 8 + np.linspace(0, n / 8 - 1, 3)[view]) for i in range(8)] for n in lengths]
        assert found.tolist() == wanted
    one = scoring_frames(Segments(8, test="start"), ints(*lengths), clips(lengths), seed=0, view=0)
    assert one.tolist() == [[i * n // 8 for i in range(8)] for n in lengths]


@given(LENGTHS, st.integers(1, 20), st.integers(-5, 2**40), st.integers(0, 10**6))
def test_training_takes_one_frame_of_each_segment_or_all_frames_and_more(
    lengths: list[int], segments: int, seed: int, iteration: int
) -> None:
    found = training_frames(Segments(segments), ints(*lengths), clips(lengths), seed, iteration)
    for n, chosen in zip(lengths, found.tolist(), strict=True):
        if n <= segments:
            assert chosen == sorted(chosen)
            assert set(chosen) == set(range(n))
            continue
        for i, frame in enumerate(chosen):
            assert i * n // segments <= frame < (i + 1) * n // segments


@given(LENGTHS, st.integers(1, 20), WAYS, st.integers(1, 5), st.integers(1, 20), st.integers(0, 9))
def test_frames_exist_and_stand_in_the_order_of_time(
    lengths: list[int], segments: int, way: Any, views: int, stride: int, seed: int
) -> None:
    segments_ = Segments(segments, train=way, test=way, views=views, stride=stride)
    looks = [training_frames(segments_, ints(*lengths), clips(lengths), seed, 3)]
    looks += [scoring_frames(segments_, ints(*lengths), clips(lengths), seed, view) for view in range(views)]
    for found in looks:
        assert found.shape == (len(lengths), segments)
        assert found.dtype == np.int64
        assert (found >= 0).all()
        assert (found < ints(*lengths)[:, None]).all()
        assert (np.diff(found, axis=1) >= 0).all()


@given(LENGTHS, WAYS, st.integers(0, 99), st.integers(0, 99))
def test_a_clip_is_looked_at_in_the_same_way_alone_and_in_any_company(
    lengths: list[int], way: Any, seed: int, iteration: int
) -> None:
    segments = Segments(8, train=way, test=way, views=100, stride=4)
    for look in (training_frames, scoring_frames):
        together = look(segments, ints(*lengths), clips(lengths), seed, iteration)
        backwards = look(segments, ints(*lengths)[::-1], clips(lengths)[::-1], seed, iteration)
        assert np.array_equal(together[::-1], backwards)
        for place, n in enumerate(lengths):
            alone = look(segments, ints(n), clips(lengths)[place : place + 1], seed, iteration)
            assert np.array_equal(alone[0], together[place])


@pytest.mark.parametrize("way", ["random", "stride"])
def test_seed_iteration_and_clip_each_change_what_is_drawn(way: Any) -> None:
    segments = Segments(8, train=way, stride=4)
    frames_N = np.full(50, 200)

    def draw(seed: int = 0, iteration: int = 0, first: int = 0) -> list[list[int]]:
        found: list[list[int]] = training_frames(
            segments, frames_N, np.arange(first, first + 50), seed, iteration
        ).tolist()
        return found

    assert draw() == draw()
    for other in (draw(seed=1), draw(iteration=1), draw(first=50)):
        assert sum(a == b for a, b in zip(draw(), other, strict=True)) < 10
    assert len({tuple(row) for row in draw()}) > 25  # clips of one batch are not drawn alike


def test_all_frames_of_a_segment_are_drawn_about_equally_often() -> None:
    """8,000 draws in each of 8 segments of 5 frames; five deviations are allowed to each count."""
    found = training_frames(ACTIONCLIP, np.full(8_000, 40), np.arange(8_000), seed=2, iteration=0)
    counts = np.array([np.bincount(found[:, i] - 5 * i, minlength=5) for i in range(8)])
    assert np.abs(counts - 1_600).max() < 5 * np.sqrt(8_000 * 0.2 * 0.8)
    # Segments are drawn apart from each other: neighbours agree as often as chance has it.
    same = ((found[:, 1:] - 5) % 5 == found[:, :-1] % 5).mean(0)
    assert np.abs(same - 0.2).max() < 5 * np.sqrt(0.2 * 0.8 / 8_000)


@given(st.lists(st.integers(1, 2**31), min_size=1, max_size=20), st.integers(), st.integers(0, 2**70))
def test_numbers_are_drawn_below_their_bounds_whatever_the_seed(bounds: list[int], seed: int, iteration: int) -> None:
    drawn = whole_numbers(seed, iteration, ints(5), np.array([bounds]))
    assert (drawn >= 0).all()
    assert (drawn < bounds).all()


def test_a_stride_starts_where_the_clip_allows_and_repeats_the_last_frame() -> None:
    segments = Segments(4, train="stride", test="stride", stride=3)  # frames 0, 3, 6, 9: a span of 10
    scored = scoring_frames(segments, ints(10, 15, 8, 1), clips([0] * 4), seed=0, view=0)
    assert scored.tolist() == [[0, 3, 6, 9], [2, 5, 8, 11], [0, 3, 6, 7], [0, 0, 0, 0]]
    trained = training_frames(segments, np.full(500, 12), np.arange(500), seed=0, iteration=0)
    assert {tuple(row) for row in trained.tolist()} == {(0, 3, 6, 9), (1, 4, 7, 10), (2, 5, 8, 11)}


def test_views_of_a_stride_lie_evenly_from_the_first_frame_to_the_last() -> None:
    segments = Segments(4, test="stride", stride=3, views=3)
    views = [scoring_frames(segments, ints(31), ints(0), seed=0, view=view)[0].tolist() for view in range(3)]
    assert views == [[0, 3, 6, 9], [10, 13, 16, 19], [21, 24, 27, 30]]


def test_views_in_the_middle_divide_each_segment() -> None:
    segments = Segments(2, views=2)
    views = [scoring_frames(segments, ints(18), ints(0), seed=0, view=view)[0].tolist() for view in range(2)]
    assert views == [[2, 11], [6, 15]]  # a quarter and three quarters of 0..8 and of 9..17


def test_drawn_views_differ() -> None:
    segments = Segments(8, test="random", views=4)
    views = [scoring_frames(segments, ints(200), ints(9), seed=0, view=view).tolist() for view in range(4)]
    assert all(a != b for i, a in enumerate(views) for b in views[:i])


@pytest.mark.parametrize(
    ("segments", "least"),
    [(Segments(8, short="refuse"), 8), (Segments(4, train="stride", stride=3, short="refuse"), 10)],
)
def test_a_clip_that_is_too_short_is_refused_by_name(segments: Segments, least: int) -> None:
    refuse_short(segments, ints(least, least + 1), ["a", "b"])
    with pytest.raises(DataError) as error:
        refuse_short(segments, ints(least, least - 1, 2), ["a", "b", "c"])
    assert str(error.value) == (
        f"b: the clip has {least - 1} frames, the method looks at {segments.frames} of a clip of at least {least} "
        "(2 of 3 clips are shorter): leave these out, or take a method that repeats frames"
    )


def test_a_clip_without_a_frame_is_always_refused() -> None:
    refuse_short(ACTIONCLIP, ints(1), ["a"])
    with pytest.raises(DataError, match=r"^b: the clip has 0 frames"):
        refuse_short(ACTIONCLIP, ints(1, 0), ["a", "b"])
