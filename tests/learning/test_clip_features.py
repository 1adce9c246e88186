"""The frames of clips that a batch holds: those that the segments choose, whatever else is in the batch."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tests.learning.made_clips import features_of, frames_of, named_tokens
from zsstad_core.errors import CacheError, DataError
from zsstad_core.learning.clip_features import ClipFeatures
from zsstad_core.learning.clip_samples import videos_as_clips
from zsstad_core.learning.features import Step
from zsstad_core.learning.order import SampleOrder
from zsstad_core.learning.segments import scoring_frames, training_frames
from zsstad_core.methods.common.features import ClipTokens
from zsstad_core.methods.contract import Segments

LENGTHS = {"a": 40, "b": 3, "c": 8, "d": 21, "e": 1}
DRAWN = Segments(8, train="random", test="random", views=3)
SEGMENTS = st.builds(
    Segments,
    frames=st.integers(1, 9),
    train=st.sampled_from(["random", "middle", "start", "stride"]),
    test=st.sampled_from(["random", "middle", "start", "stride"]),
    views=st.integers(1, 3),
    stride=st.integers(1, 3),
)
CLIPS = st.lists(st.integers(0, len(LENGTHS) - 1), max_size=6)


def gather(features: ClipFeatures, clips: list[int], iteration: int | None = None, view: int = 0) -> ClipTokens:
    """What a batch of these clips holds: in an iteration of training, or when it is scored."""
    rows = features.samples.take(np.array(clips, np.int64))
    step = None if iteration is None else Step(iteration, SampleOrder(len(LENGTHS), 2, seed=0))
    return features.gather(rows, step, view)


@hypothesis_settings(max_examples=50)
@given(segments=SEGMENTS, clips=CLIPS, iteration=st.none() | st.integers(0, 99), seed=st.integers(0, 3), data=st.data())
def test_each_clip_has_its_own_frames_that_the_segments_choose(
    segments: Segments, clips: list[int], iteration: int | None, seed: int, data: st.DataObject
) -> None:
    features, view = features_of(LENGTHS, segments, seed), data.draw(st.integers(0, segments.views - 1))
    tokens = gather(features, clips, iteration, view)
    assert tokens.frame_NTD.shape == (len(clips), segments.frames, 2)
    assert tokens.frame_NTD.dtype == torch.float32
    assert tokens.real_NT.shape == (len(clips), segments.frames)
    assert tokens.real_NT.all()
    for clip, token_TD in zip(clips, tokens.frame_NTD, strict=True):
        name, length = list(LENGTHS.items())[clip]
        hashed = features.samples.hash_C[[clip]]
        if iteration is None:
            (wanted,) = scoring_frames(segments, np.array([length]), hashed, seed, view).tolist()
        else:
            (wanted,) = training_frames(segments, np.array([length]), hashed, seed, iteration).tolist()
        assert token_TD.tolist() == [[sum(name.encode()), frame] for frame in wanted]


@hypothesis_settings(max_examples=50)
@given(segments=SEGMENTS, clips=CLIPS, iteration=st.none() | st.integers(0, 99))
def test_a_clip_alone_has_the_frames_that_it_has_in_company(
    segments: Segments, clips: list[int], iteration: int | None
) -> None:
    features = features_of(LENGTHS, segments)
    together = gather(features, clips, iteration).frame_NTD
    for place, clip in enumerate(clips):
        assert torch.equal(gather(features, [clip], iteration).frame_NTD[0], together[place])


@pytest.mark.parametrize("iteration", [None, 5])
def test_what_is_drawn_for_a_clip_stays_the_same_among_other_videos(iteration: int | None) -> None:
    """A video that is added, or another group of videos, changes no other clip's frames."""
    all_ = gather(features_of(LENGTHS, DRAWN), [0, 3], iteration).frame_NTD
    some = features_of({"a": 40, "d": 21}, DRAWN)
    more = features_of({"0": 7, **LENGTHS}, DRAWN)
    assert torch.equal(gather(some, [0, 1], iteration).frame_NTD, all_)
    assert torch.equal(gather(more, [1, 4], iteration).frame_NTD, all_)


def test_draws_differ_by_iteration_view_seed_and_clip() -> None:
    features = features_of({"a": 40, "b": 40}, DRAWN)
    one, other = gather(features, [0, 1], iteration=1).frame_NTD[..., 1]
    assert not torch.equal(one, other)
    draws = [
        one,
        gather(features, [0], iteration=5).frame_NTD[0, :, 1],
        gather(features, [0], view=0).frame_NTD[0, :, 1],
        gather(features, [0], view=2).frame_NTD[0, :, 1],
        gather(features_of({"a": 40, "b": 40}, DRAWN, seed=1), [0], iteration=1).frame_NTD[0, :, 1],
    ]
    assert len({tuple(draw.tolist()) for draw in draws}) == len(draws)
    assert torch.equal(gather(features, [0], iteration=1).frame_NTD[0, :, 1], one)


def test_a_clip_that_is_too_short_is_refused_by_name() -> None:
    with pytest.raises(DataError, match=r"b: the clip has 3 frames, .* at least 8 \(2 of 5 clips are shorter\)"):
        features_of(LENGTHS, Segments(8, short="refuse"))


def test_tokens_that_do_not_match_the_frames_are_refused() -> None:
    frames = frames_of(LENGTHS)
    clips, tokens = videos_as_clips(frames), named_tokens(frames)
    for given_tokens, message in (
        (tokens[1:], "72 rows of frame tokens for 73 rows"),
        (None, "no frame tokens for 73"),
    ):
        with pytest.raises(CacheError, match=message):
            ClipFeatures(Segments(8), clips, given_tokens, len(frames), torch.device("cpu"), seed=0)


def test_another_way_to_choose_frames_is_another_training_and_another_way_to_score_is_not() -> None:
    trained = [Segments(8), Segments(9), Segments(8, train="start"), Segments(8, train="stride", stride=2)]
    found = [features_of(LENGTHS, segments).identity() for segments in trained]
    assert len({*found, features_of(LENGTHS, Segments(8), seed=1).identity()}) == 5
    assert features_of(LENGTHS, Segments(8, test="start", views=4)).identity() == found[0]
