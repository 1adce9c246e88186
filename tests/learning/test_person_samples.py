"""Persons of a frame form samples: everybody is in one, a crowd in several."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tests.learning.made_tokens import made
from zsstad_core.learning.frame_index import FrameIndex
from zsstad_core.learning.order import SampleOrder
from zsstad_core.learning.person_samples import NEVER, PersonSamples


def samples_of(seed: int, slots: int, persons: int = 5) -> PersonSamples:
    data = made(seed, persons=persons)
    return PersonSamples(data.persons, FrameIndex(data.frames), slots)


def test_every_frame_with_a_person_is_a_sample_and_no_other() -> None:
    data = made(3)
    samples = PersonSamples(data.persons, FrameIndex(data.frames), 25)
    with_persons = data.persons[["video_id", "frame"]].drop_duplicates().sort_values(["video_id", "frame"])
    rows = data.frames.iloc[samples.frame_S].sort_values(["video_id", "frame"])
    np.testing.assert_array_equal(rows.to_numpy(), with_persons.to_numpy())


@hypothesis_settings(max_examples=25)
@given(seed=st.integers(0, 99), slots=st.integers(1, 4))
def test_every_person_is_in_one_sample_and_a_sample_holds_persons_of_its_frame_alone(seed: int, slots: int) -> None:
    samples = samples_of(seed, slots)
    found: list[int] = []
    for sample in range(len(samples)):
        rows = samples.take(np.array([sample]))
        assert 1 <= len(rows.row_N) == rows.most <= slots
        own_frame = samples.index.rows(samples.table.iloc[rows.row_N], "persons")
        assert (own_frame == samples.frame_S[sample]).all()
        found += rows.row_N.tolist()
    assert sorted(found) == list(range(len(samples.table)))


@hypothesis_settings(max_examples=25)
@given(seed=st.integers(0, 99), slots=st.integers(1, 4), data=st.data())
def test_a_batch_is_its_samples_one_after_the_other(seed: int, slots: int, data: st.DataObject) -> None:
    samples = samples_of(seed, slots)
    chosen = data.draw(st.lists(st.integers(0, len(samples) - 1), max_size=6)) if len(samples) else []
    rows = samples.take(np.array(chosen, np.int64))
    alone = [samples.take(np.array([sample])) for sample in chosen]
    assert rows.sample_B.tolist() == chosen
    assert rows.row_N.tolist() == [row for one in alone for row in one.row_N]
    assert rows.sample_N.tolist() == [place for place, one in enumerate(alone) for _ in one.row_N]
    assert rows.place_N.tolist() == [place for one in alone for place in range(len(one.row_N))]
    assert rows.most == max((one.most for one in alone), default=0)


def test_a_crowd_beyond_the_slots_is_split_by_score_and_nobody_is_dropped() -> None:
    samples = samples_of(5, slots=2, persons=7)
    of_frame = samples.take(np.flatnonzero(samples.frame_S == samples.frame_S[0]))
    crowd = samples.table.iloc[of_frame.row_N]
    assert len(crowd) > 2
    pd.testing.assert_frame_equal(crowd, crowd.sort_values(["score", "box"], ascending=[False, True]))


@pytest.mark.parametrize("seed", range(3))
def test_a_frame_is_first_visited_with_the_first_of_its_samples(seed: int) -> None:
    samples = samples_of(seed, slots=1)
    order = SampleOrder(len(samples), 3, seed)
    wanted = np.full(len(samples.index), NEVER)
    for i in reversed(range(-(-len(samples) // 3))):
        wanted[samples.frame_S[order.batch(i)[: len(samples) - 3 * i]]] = i
    np.testing.assert_array_equal(samples.first_visits(order), wanted)


def test_samples_of_other_persons_frames_or_slots_are_others() -> None:
    data = made(5, persons=4)
    index, nobody = FrameIndex(data.frames), data.persons.iloc[:0]
    several = [
        PersonSamples(data.persons, index, 2),
        PersonSamples(data.persons, index, 3),
        PersonSamples(data.persons.iloc[1:].reset_index(drop=True), index, 2),
        PersonSamples(nobody, index, 2),
        PersonSamples(nobody, FrameIndex(data.frames.iloc[:-1]), 2),
    ]
    assert len({samples.identity() for samples in several}) == len(several)
    assert PersonSamples(data.persons, index, 2).identity() == several[0].identity()
