"""The benchmark's clips: the same ones for everybody, enough of each class, and who is in them."""

from collections import Counter
from pathlib import Path

import av
import pandas as pd
import pytest

from zsstad_core.settings.datasets import Stickworld
from zsstad_core.stickworld.clips import ANNOTATION, OBJECTS, Clip, clips, video_file
from zsstad_core.stickworld.footage import footage
from zsstad_core.stickworld.labels import CLASSES, DUOS, family
from zsstad_core.stickworld.write import write_clip, write_clips

DEFAULT = Stickworld()
ALL = clips(DEFAULT.seed, DEFAULT.train_clips, DEFAULT.test_clips)
A_CLIP = Clip("train", "kick_ball", 0, seed=0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One training and one test clip a class, rendered."""
    folder = tmp_path_factory.mktemp("stickworld") / "clips"
    write_clips(folder, seed=0, train_clips=1, test_clips=1)
    return folder


@pytest.fixture(scope="module")
def casts() -> dict[str, list[str]]:
    """The actions of the persons of every clip."""
    return {
        clip.video_id: [str(unit.action) for unit in footage(clip).scene.units for _ in unit.actors] for clip in ALL
    }


def test_clips_have_names_of_their_own_in_order() -> None:
    ids = [clip.video_id for clip in ALL]
    assert ids == sorted(set(ids))
    assert len(ids) == len(CLASSES) * (DEFAULT.train_clips + DEFAULT.test_clips)


def test_a_small_benchmark_is_a_part_of_the_large_one() -> None:
    assert set(clips(0, 2, 1)) < set(ALL)
    assert not set(clips(1, 2, 1)) & set(ALL)


def test_every_class_is_there_often_enough_in_both_parts(casts: dict[str, list[str]]) -> None:
    for part, enough in (("train", DEFAULT.train_clips), ("test", DEFAULT.test_clips)):
        shown = Counter(name for clip in ALL if clip.part == part for name in set(casts[clip.video_id]))
        assert set(shown) == set(CLASSES)
        assert min(shown.values()) >= enough


def test_clips_show_one_to_three_persons_often_with_different_actions(casts: dict[str, list[str]]) -> None:
    persons = Counter(len(cast) for cast in casts.values())
    assert set(persons) == {1, 2, 3}
    assert min(persons.values()) > len(ALL) / 8
    assert sum(len(set(cast)) > 1 for cast in casts.values()) > len(ALL) / 4


def test_a_clip_shows_its_own_action_and_partners_are_complete(casts: dict[str, list[str]]) -> None:
    for clip in ALL:
        cast = Counter(casts[clip.video_id])
        assert cast[clip.action]
        assert all(cast[action] % 2 == 0 for action in DUOS)


def test_a_test_clip_is_seen_or_unseen_as_a_whole(casts: dict[str, list[str]]) -> None:
    for clip in ALL:
        if clip.part == "test":
            assert set(casts[clip.video_id]) <= set(family(clip.action))
    mixed = [clip for clip in ALL if clip.part == "train" and not set(casts[clip.video_id]) <= set(family(clip.action))]
    assert len(mixed) > 30, "training clips mix families"


def test_the_same_clip_is_the_same_bytes(tmp_path: Path) -> None:
    rows = [write_clip(tmp_path / place, A_CLIP) for place in ("one", "other")]
    one, other = (video_file(tmp_path / place, A_CLIP.video_id).read_bytes() for place in ("one", "other"))
    assert one == other
    assert rows[0] == rows[1]


@pytest.mark.parametrize(
    "other",
    [
        Clip("train", "kick_ball", 1, seed=0),
        Clip("train", "kick_ball", 0, seed=1),
        Clip("test", "kick_ball", 0, seed=0),
        Clip("train", "kick", 0, seed=0),
    ],
)
def test_another_clip_shows_other_people(other: Clip) -> None:
    one, two = (footage(clip).scene for clip in (A_CLIP, other))
    assert one.units[0].actors[0].look != two.units[0].actors[0].look
    assert one.surroundings.backdrop.tobytes() != two.surroundings.backdrop.tobytes()


def test_files_are_h264_of_the_promised_size_rate_and_length(folder: Path) -> None:
    files = sorted(folder.glob("videos/*/*.mp4"))
    assert len(files) == 2 * len(CLASSES)
    for file in files:
        with av.open(str(file)) as container:
            (stream,) = container.streams
            times = [frame.time for frame in container.decode(stream)]
            assert (stream.codec.name, stream.width, stream.height) == ("h264", 160, 120)
        step = times[1] - times[0]
        assert times == pytest.approx([number * step for number in range(len(times))], abs=1e-3)
        assert 12 <= round(1 / step) <= 25
        assert 1 <= len(times) * step <= 3
        assert file.stat().st_size < 120_000


def test_boxes_are_tight_enough_to_be_seen_and_mostly_in_the_open(folder: Path) -> None:
    rows = pd.read_parquet(folder / ANNOTATION)
    assert ((rows.x1 >= 0) & (rows.y1 >= 0) & (rows.x2 <= 160) & (rows.y2 <= 120)).all()
    assert (rows.y2 - rows.y1).min() > 25
    assert (rows.x2 - rows.x1).min() > 5
    assert rows.visible.mean() > 0.9
    assert (rows.groupby(["video_id", "person"]).visible.mean() > 0.35).all()
    assert (rows.groupby(["video_id", "person"]).class_name.nunique() == 1).all()


def test_objects_of_actions_are_annotated(folder: Path) -> None:
    rows = pd.read_parquet(folder / OBJECTS)
    for action, name in (("carry_box", "box"), ("throw", "ball"), ("sit_down", "chair"), ("kick_ball", "ball")):
        assert name in set(rows.what[rows.video_id.str.startswith(f"{action}/")])
