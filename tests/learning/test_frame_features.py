"""A batch holds exactly the tokens that the tables say: compared with a version written with loops."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from zsstad_core.heads import Reads
from zsstad_core.learning.token_bank import TokenBank, refuse_bad_targets

from tests.learning.made_tokens import CLASSES, WIDTH, Made, made
from zsstad_core.boxes import touch
from zsstad_core.cache.token_kinds import TokenKind
from zsstad_core.errors import CacheError, DataError
from zsstad_core.learning.frame_index import FrameIndex
from zsstad_core.learning.objects import touching
from zsstad_core.learning.order import SampleOrder
from zsstad_core.tables import BOX

ALL = Reads(
    (TokenKind.frame, TokenKind.person, TokenKind.object), persons=25, objects=3, memory_before=3, memory_after=2
)


def naive_sample(data: Made, reads: Reads, video_id: str, frame: int, visited: set[tuple[str, int]] | None) -> dict:
    """Tokens of one frame's persons, objects, context and memory, by looking through the tables."""
    rows = {
        name: table[(table.video_id == video_id) & (table.frame == frame)].sort_values("box")
        for name, table in (("person", data.persons), ("object", data.objects))
    }
    persons = rows["person"].sort_values("score", ascending=False, kind="stable")
    objects = rows["object"]
    if len(objects):
        objects = objects[touch(objects[BOX], persons[BOX]).any(1)]
    objects = objects.sort_values("score", ascending=False, kind="stable")[: reads.objects]
    frame_row = {(v, int(n)): row for row, (v, n) in enumerate(data.frames.to_numpy())}
    offsets = [*range(-reads.memory_before, 0), *range(1, reads.memory_after + 1)]
    memory = [(video_id, frame + offset) for offset in offsets]
    there = [key in frame_row and (visited is None or key in visited) for key in memory]
    return {
        "persons": list(persons.index),
        "objects": list(objects.index),
        "context": data.frame_tokens[frame_row[video_id, frame]],
        "memory": [data.frame_tokens[frame_row[key]] if has else None for key, has in zip(memory, there, strict=True)],
    }


def assert_slots(tokens_ND: np.ndarray, filled_N: np.ndarray, expected: list[np.ndarray | None]) -> None:
    for slot, (token, filled) in enumerate(zip(tokens_ND, filled_N, strict=True)):
        want = expected[slot] if slot < len(expected) else None
        assert filled == (want is not None)
        np.testing.assert_array_equal(token, np.zeros(WIDTH) if want is None else want.astype(np.float32))


def assert_batch(bank: TokenBank, data: Made, samples: np.ndarray, visits: np.ndarray | None, i: int, seen) -> None:
    batch, extra = bank.gather(samples, visits, i)
    for b, sample in enumerate(samples):
        video_id, frame = data.frames.iloc[bank.sample_frame[sample]]
        want = naive_sample(data, bank.reads, video_id, int(frame), seen)
        assert list(extra.row_BP[b][extra.row_BP[b] >= 0]) == want["persons"]
        persons = [data.person_tokens[row] for row in want["persons"]]
        assert_slots(batch.person_BPD[b].numpy(), batch.person_BP[b].numpy(), persons)
        objects = [data.object_tokens[row] for row in want["objects"]]
        assert_slots(batch.object_BOD[b].numpy(), batch.object_BO[b].numpy(), objects)
        assert_slots(batch.memory_BTD[b].numpy(), batch.memory_BT[b].numpy(), want["memory"])
        np.testing.assert_array_equal(batch.context_BD[b].numpy(), want["context"].astype(np.float32))
        targets = [int(data.persons.target[row]) for row in want["persons"]]
        assert extra.target_BP[b].tolist() == targets + [-1] * (batch.person_BP.shape[1] - len(targets))


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**16), gaps=st.booleans(), objects=st.integers(0, 4))
def test_a_batch_is_what_the_tables_say(seed: int, gaps: bool, objects: int) -> None:
    data = made(seed, gaps=gaps)
    bank = data.bank(Reads(ALL.tokens, objects=objects, memory_before=3, memory_after=2))
    samples = np.random.default_rng(seed).permutation(bank.samples)[:7]
    assert_batch(bank, data, samples, None, 0, None)


def test_every_frame_with_a_person_is_a_sample_and_no_other() -> None:
    data = made(3)
    bank = data.bank(ALL)
    with_persons = data.persons[["video_id", "frame"]].drop_duplicates().sort_values(["video_id", "frame"])
    rows = data.frames.iloc[bank.sample_frame].sort_values(["video_id", "frame"])
    np.testing.assert_array_equal(rows.to_numpy(), with_persons.to_numpy())


@pytest.mark.parametrize("seed", [0, 1])
def test_memory_holds_only_what_an_earlier_iteration_visited(seed: int) -> None:
    data = made(seed)
    bank = data.bank(ALL)
    order = SampleOrder(bank.samples, 4, seed)
    visits = bank.first_visits(order)
    visited: set[tuple[str, int]] = set()
    for i in range(3 * bank.samples // 4):
        samples = order.batch(i)
        assert_batch(bank, data, samples, visits, i, set(visited))
        visited |= {(v, int(n)) for v, n in data.frames.iloc[bank.sample_frame[samples]].to_numpy()}


def test_memory_does_not_reach_into_the_next_video() -> None:
    frames = pd.DataFrame({"video_id": ["a", "a", "b", "b"], "frame": [0, 1, 0, 1]})
    persons = made(0).persons.iloc[:1].assign(video_id="b", frame=0)
    tokens = np.ones((4, WIDTH), np.float16)
    bank = TokenBank(
        Reads((TokenKind.frame,), memory_before=2, memory_after=2),
        "cpu",
        frames=frames,
        persons=persons,
        frame_tokens=tokens,
    )
    batch, _ = bank.gather(np.array([0]))
    assert batch.memory_BT.tolist() == [[False, False, True, False]]


def test_a_crowd_beyond_the_slots_is_split_not_dropped() -> None:
    data = made(5, persons=7)
    bank = data.bank(Reads((TokenKind.person,), persons=2))
    batch, extra = bank.gather(np.arange(bank.samples))
    assert batch.person_BP.shape[1] == 2
    assert sorted(extra.row_BP[extra.row_BP >= 0]) == list(range(len(data.persons)))
    first = extra.row_BP[bank.sample_frame == bank.sample_frame[0]].ravel()
    scores = data.persons.score[first[first >= 0]]
    assert scores.is_monotonic_decreasing


def test_a_random_choice_of_objects_is_the_same_in_every_batch_and_another_with_another_seed() -> None:
    data = made(2, objects=20)
    reads = Reads((TokenKind.object,), objects=2, object_choice="random")
    bank, again, other = data.bank(reads, seed=1), data.bank(reads, seed=1), data.bank(reads, seed=2)
    together = bank.gather(np.arange(bank.samples))[0].object_BOD
    alone = [again.gather(np.array([s]))[0].object_BOD[0] for s in reversed(range(bank.samples))][::-1]
    assert all((a == b).all() for a, b in zip(together, alone, strict=True))
    assert not (together == other.gather(np.arange(bank.samples))[0].object_BOD).all()
    assert not (
        together == data.bank(Reads((TokenKind.object,), objects=2)).gather(np.arange(bank.samples))[0].object_BOD
    ).all()


def test_kinds_that_are_not_read_need_no_tokens() -> None:
    data = made(0)
    bank = data.bank(Reads((TokenKind.person,)), frame_tokens=None, object_tokens=None, objects=None)
    batch, _ = bank.gather(np.arange(3))
    assert batch.object_BOD.shape == (3, 0, WIDTH)
    assert batch.memory_BTD.shape == (3, 0, WIDTH)
    assert batch.context_BD.shape == (3, WIDTH)
    assert not batch.context_BD.any()


@pytest.mark.fault(40)
def test_tokens_that_do_not_match_their_table_are_refused() -> None:
    data = made(0)
    with pytest.raises(CacheError, match=r"rows of person tokens for \d+ rows"):
        data.bank(ALL, person_tokens=data.person_tokens[1:])
    with pytest.raises(CacheError, match="no object tokens"):
        data.bank(ALL, object_tokens=None)
    with pytest.raises(CacheError, match="widths"):
        data.bank(ALL, person_tokens=data.person_tokens[:, :4])


def test_a_box_of_a_frame_that_does_not_exist_is_named() -> None:
    data = made(0)
    with pytest.raises(DataError, match=r"table persons: c0/v0 frame 99 has a box, but the video has no such frame"):
        data.bank(ALL, persons=data.persons.assign(video_id="c0/v0", frame=99))
    with pytest.raises(DataError, match="table objects: nobody frame"):
        data.bank(ALL, objects=data.objects.assign(video_id="nobody"))


def test_frames_out_of_order_are_refused() -> None:
    data = made(0)
    with pytest.raises(DataError, match="out of order"):
        data.bank(ALL, frames=data.frames.iloc[::-1])


def test_targets_that_cannot_be_trained_on_are_refused() -> None:
    data = made(0)
    refuse_bad_targets(data.bank(ALL), CLASSES)
    with pytest.raises(DataError, match=r"target is \d; it must be a class index from 0 to 0"):
        refuse_bad_targets(data.bank(ALL), 1)
    with pytest.raises(DataError, match="no column target"):
        refuse_bad_targets(data.bank(ALL, persons=data.persons.drop(columns="target")), CLASSES)
    with pytest.raises(DataError, match="no training frame has a person"):
        refuse_bad_targets(data.bank(ALL, persons=data.persons.iloc[:0], person_tokens=data.person_tokens[:0]), CLASSES)


def test_objects_that_touch_a_person_in_real_detections_are_all_found(realdata: Path) -> None:
    with np.load(realdata / "annotations/jhmdb/yolox_nano_dets_all928.npz") as file:
        found = {name: file[name][:6_000] for name in file.files}
    boxes = pd.DataFrame({"video_id": found["names"][found["video"]], "frame": found["frame"] - 1})
    boxes[BOX] = found["box"]
    persons, objects = boxes[found["cls"] == 0], boxes[found["cls"] != 0]
    frames = boxes[["video_id", "frame"]].drop_duplicates()
    index = FrameIndex(frames)
    person_frame, object_frame = index.rows(persons, "persons"), index.rows(objects, "objects")

    expected = [
        touch(box[None], persons[BOX].to_numpy()[person_frame == frame]).any()
        for box, frame in zip(objects[BOX].to_numpy(), object_frame, strict=True)
    ]
    result = touching(person_frame, persons, object_frame, objects, len(frames))
    assert result.tolist() == expected
    assert 0 < result.sum() < len(objects)


def test_an_order_visits_every_sample_once_an_epoch() -> None:
    order = SampleOrder(10, 4, seed=3)
    epochs = np.concatenate([order.batch(i) for i in range(5)]).reshape(2, 10)
    assert (np.sort(epochs, axis=1) == np.arange(10)).all()
    assert (epochs[0] != epochs[1]).any()
    assert (order.batch(3) == SampleOrder(10, 4, seed=3).batch(3)).all()
    assert (order.batch(3) != SampleOrder(10, 4, seed=4).batch(3)).any()


@given(n=st.integers(1, 30), batch=st.integers(1, 12), seed=st.integers(0, 5))
def test_first_visits_are_when_batches_first_name_a_sample(n: int, batch: int, seed: int) -> None:
    order = SampleOrder(n, batch, seed)
    first: dict[int, int] = {}
    for i in range(n):
        for sample in order.batch(i):
            first.setdefault(int(sample), i)
    assert order.first_visit().tolist() == [first[sample] for sample in range(n)]
