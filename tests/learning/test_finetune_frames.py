"""Which frames and boxes a detector learns from: whom it must not see, and in which order the rest comes."""

from itertools import islice, pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.made_videos import grey, number_of, write_video
from zsstad_core.errors import DataError
from zsstad_core.learning.finetune_frames import FinetuneSamples, Order, Sample, choose_samples, read_frames
from zsstad_core.tables import table
from zsstad_core.video import VideoSource

PARTS = {"a": "train", "b": "train", "c": "train", "t": "test"}
VIDEOS = pd.DataFrame({"video_id": list(PARTS), "width": 64, "height": 48})
SEEN = ("run", "wave")
INSIDE = (10.0, 10.0, 30.0, 40.0)
type Row = tuple[str, int, int, str]  # video, frame, box, class


def groundtruth(*rows: Row, xyxy: tuple[float, ...] = INSIDE, decoded: bool = True) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["video_id", "frame", "box", "class_name"])
    return table("groundtruth", frame.assign(**dict(zip(("x1", "y1", "x2", "y2"), xyxy, strict=True)), decoded=decoded))


def chosen(boxes: pd.DataFrame, every: int = 1, seen: tuple[str, ...] = SEEN) -> FinetuneSamples:
    return choose_samples(boxes, VIDEOS, PARTS, seen, every)


def frames(found: FinetuneSamples) -> list[tuple[str, int]]:
    return [(sample.video_id, sample.frame) for sample in found.samples]


def test_only_training_clips_of_seen_classes_are_learned_from() -> None:
    rows = groundtruth(("a", 0, 0, "run"), ("b", 0, 0, "hug"), ("c", 3, 0, "wave"), ("t", 0, 0, "run"))
    assert frames(chosen(rows)) == [("a", 0), ("c", 3)]
    assert chosen(rows).with_unseen == 1


def test_a_frame_that_shows_an_unseen_action_beside_a_seen_one_is_left_out_whole() -> None:
    rows = groundtruth(("a", 0, 0, "run"), ("a", 0, 1, "hug"), ("a", 1, 0, "run"))
    assert frames(chosen(rows)) == [("a", 1)]
    assert chosen(rows).with_unseen == 1


def test_a_person_who_also_does_an_unseen_action_is_of_an_unseen_action() -> None:
    rows = groundtruth(("a", 0, 0, "run"), ("a", 0, 0, "hug"), ("a", 1, 0, "run"), ("a", 1, 0, "wave"))
    found = chosen(rows)
    assert frames(found) == [("a", 1)]
    assert found.samples[0].boxes.tolist() == [list(INSIDE)]  # one person, whatever the number of classes


def test_frames_that_the_clip_does_not_have_are_not_asked_for() -> None:
    rows = pd.concat([groundtruth(("a", 0, 0, "run")), groundtruth(("a", 1, 0, "run"), decoded=False)])
    assert frames(chosen(rows)) == [("a", 0)]


def test_every_third_usable_frame_is_taken_from_each_clips_first_on() -> None:
    rows = groundtruth(*(("a", frame, 0, "run") for frame in (5, 6, 7, 20, 21)), *(("c", f, 0, "wave") for f in (1, 2)))
    assert frames(chosen(rows, every=3)) == [("a", 5), ("a", 20), ("c", 1)]


def test_boxes_are_cut_to_the_frame() -> None:
    (sample,) = chosen(groundtruth(("a", 0, 0, "run"), xyxy=(-5, 10, 70, 60))).samples
    assert sample.boxes.tolist() == [[0, 10, 64, 48]]


def test_a_box_outside_the_frame_is_dropped_and_a_frame_without_boxes_with_it() -> None:
    outside = groundtruth(("a", 0, 0, "run"), ("a", 1, 0, "run"), xyxy=(64, 10, 80, 40))
    found = chosen(pd.concat([outside, groundtruth(("a", 1, 1, "run"))]))
    assert frames(found) == [("a", 1)]
    assert len(found.samples[0].boxes) == 1
    assert found.without_boxes == 1


@pytest.mark.parametrize("seen", [(), ("wave",)])
def test_nothing_to_learn_from_is_one_clear_line(seen: tuple[str, ...]) -> None:
    with pytest.raises(DataError, match="none of 1 annotated clips is a training clip with a frame whose persons"):
        chosen(groundtruth(("a", 0, 0, "run")), seen=seen)


# ---- order

CLIPS = [Sample(f"clip {clip}", frame, np.zeros((1, 4), np.float32)) for clip in range(7) for frame in range(clip + 1)]


@given(seed=st.integers(0, 5), pool=st.integers(1, 40))
def test_an_epoch_has_every_sample_once_whatever_the_pools(seed: int, pool: int) -> None:
    places = np.concatenate(list(islice(Order(CLIPS, seed, pool).pools(), 60)))
    for epoch in range(len(places) // len(CLIPS)):
        assert sorted(places[epoch * len(CLIPS) : (epoch + 1) * len(CLIPS)]) == list(range(len(CLIPS)))


def test_epochs_seeds_and_frames_of_a_pool_differ_in_their_order() -> None:
    first, second = islice(Order(CLIPS, 0).pools(), 2)
    assert first.tolist() != second.tolist()
    assert first.tolist() != next(Order(CLIPS, 1).pools()).tolist()
    clips = [CLIPS[number].video_id for number in first]
    assert sum(one != other for one, other in pairwise(clips)) > len(set(clips))


@pytest.fixture
def clips(tmp_path: Path) -> dict[str, VideoSource]:
    """Clips whose frames are of the grey that `grey_of` says."""
    sources = {}
    for name, length in (("a", 6), ("b", 3), ("c", 5)):
        pictures = [grey(grey_of(name, frame)) for frame in range(length)]
        sources[name] = VideoSource(name, write_video(tmp_path / f"{name}.avi", pictures))
    return sources


def grey_of(name: str, frame: int) -> int:
    return "abc".index(name) * 5 + frame


SAMPLES = [
    Sample(name, frame, np.zeros((1, 4), np.float32)) for name, frame in [("a", 0), ("a", 4), ("b", 1), ("c", 2)]
]


@pytest.mark.parametrize("pool", [1, 2, 512])
def test_each_sample_comes_with_its_own_frame(pool: int, clips: dict[str, VideoSource]) -> None:
    seen = list(read_frames(SAMPLES, Order(SAMPLES, 0, pool), clips, 0, 12))
    assert [place for place, _, _ in seen] == list(range(12))
    assert all(number_of(image) == grey_of(sample.video_id, sample.frame) for _, sample, image in seen)


@pytest.mark.parametrize("first", [1, 3, 4, 7])
def test_going_on_shows_what_would_have_come(first: int, clips: dict[str, VideoSource]) -> None:
    def places(begin: int) -> list[tuple[int, str, int]]:
        order = Order(SAMPLES, 0, pool=2)
        return [(place, s.video_id, s.frame) for place, s, _ in read_frames(SAMPLES, order, clips, begin, 9)]

    assert places(first) == places(0)[first:]


def test_what_was_before_is_not_decoded(clips: dict[str, VideoSource], monkeypatch: pytest.MonkeyPatch) -> None:
    from zsstad_core.learning import finetune_frames

    opened: list[str] = []
    decode = finetune_frames.decode
    monkeypatch.setattr(
        finetune_frames, "decode", lambda source, wanted: opened.append(source.video_id) or decode(source, wanted)
    )
    list(read_frames(SAMPLES, Order(SAMPLES, 0, pool=1), clips, len(SAMPLES) - 1, len(SAMPLES)))
    assert len(opened) == 1
    opened.clear()
    list(read_frames(SAMPLES, Order(SAMPLES, 0), clips, 0, 5 * len(SAMPLES)))
    assert sorted(opened) == ["a", "b", "c"]  # all fit into one pool, and stay


def test_a_clip_that_has_become_shorter_is_one_clear_line(clips: dict[str, VideoSource]) -> None:
    write_video(clips["a"].path, [grey(0)] * 3)
    with pytest.raises(DataError, match=r"a\.avi: has no frame 4 any more; was it replaced\? run again"):
        list(read_frames(SAMPLES, Order(SAMPLES, 0), clips, 0, 4))
