"""Features of frames are exactly the tokens that the tables say: compared with a version written with loops."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.learning.made_tokens import WIDTH, Made, made
from tests.learning.naive_touching import touch
from zsstad_core.cache.token_kinds import TokenKind
from zsstad_core.errors import CacheError, DataError
from zsstad_core.learning.features import Step
from zsstad_core.learning.frame_features import FrameFeatures
from zsstad_core.learning.frame_index import FrameIndex
from zsstad_core.learning.objects import touching
from zsstad_core.learning.order import SampleOrder
from zsstad_core.methods.contract import Memory, Reads, Slots
from zsstad_core.tables import BOX

KINDS = (TokenKind.frame, TokenKind.person, TokenKind.object)
ALL = Reads(KINDS, slots=Slots(25, objects=3), memory=Memory(3, 2))
VISITED = Reads(KINDS, slots=Slots(25, objects=3), memory=Memory(3, 2, visited=True))
PERSONS = Reads((TokenKind.person,))


def naive_sample(data: Made, reads: Reads, video_id: str, frame: int, visited: set[tuple[str, int]] | None) -> dict:
    """Tokens of one frame's persons, objects, context and memory, by looking through the tables."""
    rows = {
        name: table[(table.video_id == video_id) & (table.frame == frame)].sort_values("box")
        for name, table in (("person", data.persons), ("object", data.objects))
    }
    persons = rows["person"].sort_values("score", ascending=False, kind="stable")
    objects = rows["object"]
    if len(objects):
        touches = [
            any(touch(box, person) for person in persons[BOX].to_numpy().tolist())
            for box in objects[BOX].to_numpy().tolist()
        ]
        objects = objects[touches]
    objects = objects.sort_values("score", ascending=False, kind="stable")[: reads.slots.objects]
    frame_row = {(v, int(n)): row for row, (v, n) in enumerate(data.frames.to_numpy())}
    offsets = [*range(-reads.memory.before, 0), *range(1, reads.memory.after + 1)]
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


def assert_features(
    features: FrameFeatures, data: Made, samples: np.ndarray, step: Step | None, seen: set[tuple[str, int]] | None
) -> None:
    rows = features.samples.take(samples)
    tokens = features.gather(rows, step)
    for b, sample in enumerate(samples):
        video_id, frame = data.frames.iloc[features.samples.frame_S[sample]]
        want = naive_sample(data, features.reads, video_id, int(frame), seen)
        own_N = rows.sample_N == b
        assert rows.row_N[own_N].tolist() == want["persons"]
        np.testing.assert_array_equal(tokens.person_ND[own_N], data.person_tokens[want["persons"]].astype(np.float32))
        objects = [data.object_tokens[row] for row in want["objects"]]
        assert_slots(tokens.object_BOD[b].numpy(), tokens.object_BO[b].numpy(), objects)
        assert_slots(tokens.memory_BTD[b].numpy(), tokens.memory_BT[b].numpy(), want["memory"])
        np.testing.assert_array_equal(tokens.frame_BD[b].numpy(), want["context"].astype(np.float32))


def assert_named(features: FrameFeatures, data: Made, samples: np.ndarray, step: Step | None = None) -> None:
    """`object_rows` and `memory_rows` name the rows whose tokens stand in the slots."""
    rows = features.samples.take(samples)
    tokens = features.gather(rows, step)
    named = (
        (features.object_rows(rows), data.object_tokens, tokens.object_BOD, tokens.object_BO),
        (features.memory_rows(rows, step), data.frame_tokens, tokens.memory_BTD, tokens.memory_BT),
    )
    for row_BK, stored, slots_BKD, filled_BK in named:
        np.testing.assert_array_equal(row_BK >= 0, filled_BK)
        if filled_BK.any():
            np.testing.assert_array_equal(slots_BKD[filled_BK], stored[row_BK[row_BK >= 0]].astype(np.float32))


def every(features: FrameFeatures) -> np.ndarray:
    return np.arange(len(features.samples))


@settings(max_examples=25)
@given(seed=st.integers(0, 2**16), gaps=st.booleans(), objects=st.integers(0, 4))
def test_a_batch_is_what_the_tables_say(seed: int, gaps: bool, objects: int) -> None:
    data = made(seed, gaps=gaps)
    features = data.features(Reads(KINDS, slots=Slots(objects=objects), memory=Memory(3, 2)))
    samples = np.random.default_rng(seed).permutation(len(features.samples))[:7]
    assert_features(features, data, samples, None, None)
    assert_named(features, data, samples)


@pytest.mark.parametrize("seed", [0, 1])
def test_memory_holds_only_what_an_earlier_iteration_visited(seed: int) -> None:
    data = made(seed)
    features = data.features(VISITED)
    order = SampleOrder(len(features.samples), 4, seed)
    visited: set[tuple[str, int]] = set()
    for i in range(3 * len(features.samples) // 4):
        samples = order.batch(i)
        assert_features(features, data, samples, Step(i, order), set(visited))
        assert_named(features, data, samples, Step(i, order))
        visited |= {(v, int(n)) for v, n in data.frames.iloc[features.samples.frame_S[samples]].to_numpy()}


def test_scoring_and_a_head_that_does_not_ask_have_the_whole_memory() -> None:
    data = made(1)
    whole, visited = data.features(ALL), data.features(VISITED)
    order = SampleOrder(len(whole.samples), 4, seed=0)
    rows = whole.samples.take(every(whole))
    wanted_BT = whole.memory_rows(rows)
    assert (whole.memory_rows(rows, Step(0, order)) == wanted_BT).all()
    assert (visited.memory_rows(rows) == wanted_BT).all()
    assert (visited.memory_rows(rows, Step(0, order)) == -1).all()
    assert (wanted_BT >= 0).any()


@pytest.mark.parametrize("visited", [False, True])
def test_memory_of_occupied_frames_holds_those_with_a_person_in_training_and_in_scoring(visited: bool) -> None:
    data = made(1)
    features = data.features(replace(ALL, memory=Memory(3, 2, visited=visited, occupied=True)))
    everything = data.features(replace(ALL, memory=Memory(3, 2, visited=visited)))
    rows, order = features.samples.take(every(features)), SampleOrder(len(features.samples), 4, seed=0)
    persons = set(zip(data.persons["video_id"], data.persons["frame"], strict=True))
    empty_F = np.array([key not in persons for key in zip(data.frames["video_id"], data.frames["frame"], strict=True)])

    for step in (None, Step(3, order)):
        found_BT, all_BT = features.memory_rows(rows, step), everything.memory_rows(rows, step)
        np.testing.assert_array_equal(found_BT, np.where(empty_F[all_BT], -1, all_BT))
    assert (everything.memory_rows(rows) != features.memory_rows(rows)).any()


def test_a_training_in_another_order_fills_its_own_memory() -> None:
    """Two trainings on one bank: what the first has visited is nothing to the second."""
    data = made(1)
    shared = data.features(VISITED)
    rows = shared.samples.take(every(shared))
    for seed in (0, 1, 0):
        order = SampleOrder(len(shared.samples), 4, seed)
        wanted_BT = data.features(VISITED).memory_rows(rows, Step(3, order))
        np.testing.assert_array_equal(shared.memory_rows(rows, Step(3, order)), wanted_BT)


def test_memory_does_not_reach_into_the_next_video() -> None:
    frames = pd.DataFrame({"video_id": ["a", "a", "b", "b"], "frame": [0, 1, 0, 1]})
    data = made(0)
    features = data.features(
        Reads((TokenKind.frame,), memory=Memory(2, 2)),
        frames=frames,
        persons=data.persons.iloc[:1].assign(video_id="b", frame=0),
        frame_tokens=np.ones((4, WIDTH), np.float16),
    )
    tokens = features.gather(features.samples.take(np.array([0])))
    assert tokens.memory_BT.tolist() == [[False, False, True, False]]


def test_a_random_choice_of_objects_is_the_same_in_every_batch_and_another_with_another_seed() -> None:
    data = made(2, objects=20)
    reads = Reads((TokenKind.object,), slots=Slots(objects=2, object_choice="random"))

    def chosen(features: FrameFeatures, samples: np.ndarray) -> np.ndarray:
        return features.object_rows(features.samples.take(samples))

    features, again, other = data.features(reads, seed=1), data.features(reads, seed=1), data.features(reads, seed=2)
    together = chosen(features, every(features))
    alone = [chosen(again, np.array([s]))[0] for s in reversed(every(features))][::-1]
    np.testing.assert_array_equal(together, alone)
    assert (together != chosen(other, every(features))).any()
    best = data.features(Reads((TokenKind.object,), slots=Slots(objects=2)))
    assert (together != chosen(best, every(features))).any()


def test_kinds_that_are_not_read_need_no_tokens_and_have_no_width() -> None:
    data = made(0)
    features = data.features(PERSONS, frame_tokens=None, object_tokens=None, objects=None)
    tokens = features.gather(features.samples.take(np.arange(3)))
    assert features.width == WIDTH
    assert tokens.person_ND.shape[1] == WIDTH
    assert tokens.object_BOD.shape == (3, 0, 0)
    assert tokens.memory_BTD.shape == (3, 0, 0)
    assert tokens.frame_BD.shape == (3, 0)


def test_what_is_trained_on_is_told_by_the_memory_and_the_choice_of_objects() -> None:
    data = made(2, objects=20)
    drawn = Reads(KINDS, slots=Slots(objects=2, object_choice="random"))
    several = [
        data.features(ALL),
        data.features(VISITED),
        data.features(replace(ALL, memory=Memory(3, 2, occupied=True))),
        data.features(Reads(KINDS, slots=Slots(objects=3), memory=Memory(2, 3))),
        data.features(Reads(KINDS, slots=Slots(objects=2), memory=Memory(3, 2))),
        data.features(drawn, seed=1),
        data.features(drawn, seed=2),
    ]
    assert len({features.identity() for features in several}) == len(several)
    assert data.features(drawn, seed=1).identity() == several[5].identity()


@pytest.mark.fault(40)
def test_tokens_that_do_not_match_their_table_are_refused() -> None:
    data = made(0)
    with pytest.raises(CacheError, match=r"rows of person tokens for \d+ rows"):
        data.features(ALL, person_tokens=data.person_tokens[1:])
    with pytest.raises(CacheError, match="no object tokens"):
        data.features(ALL, object_tokens=None)
    with pytest.raises(CacheError, match="widths"):
        data.features(ALL, person_tokens=data.person_tokens[:, :4])


def test_a_box_of_a_frame_that_does_not_exist_is_named() -> None:
    data = made(0)
    with pytest.raises(DataError, match=r"table persons: c0/v0 frame 99 has a box, but the video has no such frame"):
        data.features(ALL, persons=data.persons.assign(video_id="c0/v0", frame=99))
    with pytest.raises(DataError, match="table objects: nobody frame"):
        data.features(ALL, objects=data.objects.assign(video_id="nobody"))


def test_frames_out_of_order_are_refused() -> None:
    data = made(0)
    with pytest.raises(DataError, match="out of order"):
        data.features(ALL, frames=data.frames.iloc[::-1])


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
        any(touch(box, person) for person in persons[BOX].to_numpy()[person_frame == frame].tolist())
        for box, frame in zip(objects[BOX].to_numpy().tolist(), object_frame, strict=True)
    ]
    result = touching(person_frame, persons, object_frame, objects, len(frames))
    assert result.tolist() == expected
    assert 0 < result.sum() < len(objects)
