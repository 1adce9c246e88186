"""Clips as samples: whole videos, and tracks of persons; each has its own frames in the order of time."""

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tests.learning.made_clips import frames_of
from zsstad_core.learning.clip_samples import ClipSamples, tracklets_as_clips, videos_as_clips

LENGTHS = st.dictionaries(st.text("abc", min_size=1, max_size=3), st.integers(1, 9), max_size=5)


def rows_of(samples: ClipSamples) -> list[list[int]]:
    """The token rows of each clip."""
    ends = samples.first_C + samples.frames_C
    return [samples.row_R[first:end].tolist() for first, end in zip(samples.first_C, ends, strict=True)]


@hypothesis_settings(max_examples=50)
@given(LENGTHS)
def test_a_video_is_a_clip_of_all_its_frames_in_order(lengths: dict[str, int]) -> None:
    frames = frames_of(lengths)
    samples = videos_as_clips(frames)
    assert samples.table.to_dict("list") == {"video_id": list(lengths), "clip": [0] * len(lengths)}
    assert samples.frames_C.tolist() == list(lengths.values())
    for name, rows in zip(lengths, rows_of(samples), strict=True):
        assert frames.iloc[rows].to_numpy().tolist() == [[name, frame] for frame in range(lengths[name])]


TRACKS = pd.DataFrame(
    [("b", 1, 2), ("a", 5, 1), ("a", 0, 2), ("a", 3, 1), ("b", 0, 2), ("a", 4, 1)],
    columns=["video_id", "frame", "track"],
)


def test_a_track_is_a_clip_of_its_boxes_in_order() -> None:
    row_R = np.array([10, 11, 12, 13, 14, 15])
    samples = tracklets_as_clips(TRACKS, row_R)
    assert samples.table.to_dict("list") == {"video_id": ["a", "a", "b"], "clip": [1, 2, 2]}
    assert rows_of(samples) == [[13, 15, 11], [12], [14, 10]]
    assert samples.names == ["a person 1", "a person 2", "b person 2"]


def test_the_order_of_the_boxes_table_does_not_matter() -> None:
    row_R = np.arange(len(TRACKS))
    wanted = tracklets_as_clips(TRACKS, row_R)
    for seed in range(5):
        order = np.random.default_rng(seed).permutation(len(TRACKS))
        found = tracklets_as_clips(TRACKS.iloc[order], row_R[order])
        assert found.identity() == wanted.identity()
        pd.testing.assert_frame_equal(found.table, wanted.table)


def test_no_video_and_no_track_are_no_clip() -> None:
    for samples in (videos_as_clips(frames_of({})), tracklets_as_clips(TRACKS.iloc[:0], np.zeros(0, np.int64))):
        assert len(samples) == len(samples.frames_C) == len(samples.row_R) == len(samples.names) == 0
        assert list(samples.table.columns) == ["video_id", "clip"]
        taken = samples.take(np.zeros(0, np.int64))
        assert (len(taken.row_N), taken.most) == (0, 0)


def test_a_clip_is_its_own_row_in_any_batch() -> None:
    taken = videos_as_clips(frames_of({"a": 2, "b": 3, "c": 1})).take(np.array([2, 0, 2]))
    assert taken.sample_B.tolist() == taken.row_N.tolist() == [2, 0, 2]
    assert (taken.sample_N.tolist(), taken.place_N.tolist(), taken.most) == ([0, 1, 2], [0, 0, 0], 1)


def test_what_names_a_clip_does_not_depend_on_the_others() -> None:
    """Written down: a changed hash would change what every training draws."""
    alone, among = videos_as_clips(frames_of({"wave/a": 3})), videos_as_clips(frames_of({"a": 1, "wave/a": 3, "z": 2}))
    assert alone.hash_C[0] == among.hash_C[1] == 7_166_710_293_306_803_981
    assert len(set(among.hash_C.tolist())) == 3
    tracks = tracklets_as_clips(TRACKS, np.arange(len(TRACKS)))
    assert len(set(tracks.hash_C.tolist())) == 3


def test_a_person_whom_the_tracker_follows_nowhere_is_called_alone_and_drawn_for_as_before() -> None:
    alone = tracklets_as_clips(TRACKS.assign(track=[-2, 1, -1, 1, -2, 1]), np.arange(len(TRACKS)))
    assert alone.names == ["a, a person alone (-1)", "a person 1", "b, a person alone (-2)"]
    assert alone.hash_C[2] == 74_101_778_961_450_373


def test_clips_of_other_names_frames_or_tokens_are_others() -> None:
    several = [
        videos_as_clips(frames_of({"a": 2, "b": 3})),
        videos_as_clips(frames_of({"a": 2, "c": 3})),
        videos_as_clips(frames_of({"a": 3, "b": 2})),
        tracklets_as_clips(TRACKS, np.arange(6)),
        tracklets_as_clips(TRACKS, np.arange(6)[::-1].copy()),
    ]
    assert len({samples.identity() for samples in several}) == len(several)
    assert videos_as_clips(frames_of({"a": 2, "b": 3})).identity() == several[0].identity()
