"""A bank puts samples, features and targets together: every row has its own target, and what cannot train says so."""

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tests.learning.made_tokens import CLASSES, made
from zsstad_core.cache.token_kinds import TokenKind
from zsstad_core.errors import DataError
from zsstad_core.learning.bank import Bank, refuse_bad_targets
from zsstad_core.learning.clip_features import ClipFeatures
from zsstad_core.learning.clip_samples import videos_as_clips
from zsstad_core.methods.common.features import FrameTokens
from zsstad_core.methods.contract import Memory, Reads, Segments, Slots

ALL = Reads((TokenKind.frame, TokenKind.person, TokenKind.object), slots=Slots(2, objects=3), memory=Memory(3, 2))


@hypothesis_settings(max_examples=25)
@given(seed=st.integers(0, 99), several=st.booleans(), data=st.data())
def test_every_row_of_a_batch_has_its_own_token_and_its_own_target(
    seed: int, several: bool, data: st.DataObject
) -> None:
    world = made(seed)
    target_R: Any = np.random.default_rng(seed).random((len(world.persons), 4)) < 0.5 if several else world.target_R
    bank = world.bank(ALL, target_R=target_R)
    samples = data.draw(st.lists(st.integers(0, len(bank.samples) - 1), max_size=5)) if len(bank.samples) else []
    gathered = bank.gather(np.array(samples, np.int64))
    assert gathered.target is not None
    assert gathered.target.dtype == (torch.bool if several else torch.int64)
    np.testing.assert_array_equal(gathered.target, target_R[gathered.row_N])
    tokens = gathered.batch.features.person_ND
    np.testing.assert_array_equal(tokens, world.person_tokens[gathered.row_N].astype(np.float32))
    rows = gathered.batch.rows
    assert (len(rows), rows.samples) == (len(gathered.row_N), len(samples))
    frames = bank.samples.table.iloc[gathered.row_N][["video_id", "frame"]].to_numpy()
    of_sample = world.frames.iloc[bank.samples.frame_S[samples]].to_numpy()
    np.testing.assert_array_equal(frames, of_sample[rows.sample_N.numpy()])


def test_what_is_only_scored_needs_no_target() -> None:
    assert made(0).bank(ALL, target_R=None).gather(np.arange(2)).target is None


def test_banks_that_train_alike_are_the_same_and_no_others() -> None:
    data = made(2)
    assert data.target_R is not None
    changed = data.target_R.copy()
    changed[0] = (changed[0] + 1) % CLASSES
    banks: list[Bank[FrameTokens]] = [
        data.bank(ALL),
        data.bank(ALL, target_R=changed),
        data.bank(ALL, target_R=np.eye(CLASSES, dtype=bool)[data.target_R]),
        data.bank(ALL, target_R=None),
        data.bank(Reads(ALL.kinds, slots=Slots(3, objects=3), memory=Memory(3, 2))),
        data.bank(Reads(ALL.kinds, slots=Slots(2, objects=3), memory=Memory(2, 3))),
        data.bank(ALL, objects=data.objects.iloc[:0], object_tokens=data.object_tokens[:0]),
    ]
    assert len({bank.identity() for bank in banks}) == len(banks)
    assert data.bank(ALL).identity() == banks[0].identity()


def test_targets_that_cannot_be_trained_on_are_refused() -> None:
    data = made(0)
    assert data.target_R is not None
    refuse_bad_targets(data.bank(ALL), CLASSES)
    with pytest.raises(DataError, match=r"c\d/v\d frame \d+: target is \d; it must be a class index from 0 to 0"):
        refuse_bad_targets(data.bank(ALL), 1)
    with pytest.raises(DataError, match="target is -1; it must be a class index from 0 to 2"):
        refuse_bad_targets(data.bank(ALL, target_R=data.target_R - 1), CLASSES)
    with pytest.raises(DataError, match="the rows have no target"):
        refuse_bad_targets(data.bank(ALL, target_R=None), CLASSES)
    with pytest.raises(DataError, match=r"there are \d+ targets for \d+ rows"):
        refuse_bad_targets(data.bank(ALL, target_R=data.target_R[1:]), CLASSES)


def test_targets_of_several_classes_must_be_of_these_rows_and_classes() -> None:
    data = made(0)
    several = np.zeros((len(data.persons), CLASSES), bool)
    refuse_bad_targets(data.bank(ALL, target_R=several), CLASSES)
    with pytest.raises(DataError, match=r"rows of 3 classes; .* and 4 seen classes"):
        refuse_bad_targets(data.bank(ALL, target_R=several), CLASSES + 1)
    with pytest.raises(DataError, match=r"the labels are \d+ rows of 3 classes; there are \d+ rows"):
        refuse_bad_targets(data.bank(ALL, target_R=several[1:]), CLASSES)


def test_nothing_to_train_on_is_said_of_what_there_should_be() -> None:
    data = made(0)
    nobody = data.bank(ALL, persons=data.persons.iloc[:0], person_tokens=data.person_tokens[:0], target_R=None)
    with pytest.raises(DataError, match="no training frame has a person"):
        refuse_bad_targets(nobody, CLASSES)
    clips = videos_as_clips(data.frames.iloc[:0])
    features = ClipFeatures(Segments(8), clips, data.frame_tokens[:0], 0, torch.device("cpu"), seed=0)
    with pytest.raises(DataError, match="there is no training clip"):
        refuse_bad_targets(Bank(clips, features), CLASSES)
