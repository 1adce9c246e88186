"""Detected persons are followed through each clip, among the frames that were searched for them."""

from pathlib import Path

import pandas as pd
import pytest

from stages.track import prepare
from tests.end_to_end.made import TEST, frames_of
from tests.learning.made_cache import extract, made_plan, write_dataset
from zsstad_core.cache.artifact import Artifact, Group
from zsstad_core.cache.read import read_artifact_table
from zsstad_core.cache.stages import TRACK
from zsstad_core.extraction.track import track
from zsstad_core.progress import Clock
from zsstad_core.settings.results import Tracks
from zsstad_core.tables import table
from zsstad_core.tracks import UNTRACKED
from zsstad_core.work import Work, run

type Found = tuple[str, int, int, float, float, str]
"""Video, frame, box, left side, score, what."""


def boxes(*rows: Found) -> pd.DataFrame:
    found = pd.DataFrame(rows, columns=["video_id", "frame", "box", "x1", "score", "what"])
    return table("boxes", found.assign(y1=10.0, x2=found["x1"] + 40, y2=110.0))


def frames(**counts: int) -> pd.DataFrame:
    rows = [(video, frame, frame / 25) for video, count in counts.items() for frame in range(count)]
    return table("frames", pd.DataFrame(rows, columns=["video_id", "frame", "pts"]))


def tracks_of(found: pd.DataFrame, searched: pd.DataFrame, videos: str, settings: Tracks | None = None) -> pd.DataFrame:
    """Table tracks of a group of clips, one a letter."""
    artifact = Artifact(Path(), TRACK, {}, {})
    compute = track(found, searched, settings or Tracks())
    group = Group(dict.fromkeys(videos, "digest"), tuple(videos))
    tracks = compute(group, [artifact], Clock())[TRACK].tables["tracks"]
    pd.testing.assert_frame_equal(tracks, table("tracks", tracks))
    return tracks


def walks(video: str, box: int, start: float, numbers: range, score: float = 0.9) -> list[Found]:
    return [(video, number, box, start + 2 * number, score, "person") for number in numbers]


def test_each_person_of_each_clip_has_a_number_and_objects_have_none() -> None:
    chairs: list[Found] = [("a", number, 2, 300, 0.9, "chair") for number in range(6)]
    found = boxes(*walks("a", 0, 10, range(6)), *walks("a", 1, 200, range(6)), *chairs, *walks("b", 0, 50, range(4)))
    tracks = tracks_of(found, frames(a=6, b=4), "ab")
    assert tracks.groupby(["video_id", "box"])["track"].unique().map(list).to_dict() == {
        ("a", 0): [1],
        ("a", 1): [2],
        ("b", 0): [1],
    }


def test_a_group_holds_the_tracks_of_its_own_clips_the_same_in_any_group() -> None:
    found = boxes(*walks("a", 0, 10, range(6)), *walks("b", 0, 50, range(4)))
    both, one = (tracks_of(found, frames(a=6, b=4), group) for group in ("ab", "b"))
    assert set(one["video_id"]) == {"b"}
    pd.testing.assert_frame_equal(one, both[both["video_id"] == "b"].reset_index(drop=True))


def test_who_is_seen_once_belongs_to_nobody() -> None:
    found = boxes(*walks("a", 0, 10, range(6)), ("a", 3, 1, 400.0, 0.9, "person"))
    tracks = tracks_of(found, frames(a=6), "a")
    assert tracks.loc[tracks["box"] == 1, "track"].tolist() == [UNTRACKED]


def test_boxes_of_a_file_on_frames_that_were_not_searched_are_left_out() -> None:
    tracks = tracks_of(boxes(*walks("a", 0, 10, range(9))), frames(a=6), "a")
    assert tracks["frame"].tolist() == list(range(6))


def test_a_clip_without_persons_has_no_tracks() -> None:
    assert tracks_of(boxes(("a", 0, 0, 5.0, 0.9, "chair")), frames(a=3), "a").empty
    assert tracks_of(boxes(), frames(a=3), "a").empty


def test_the_settings_say_whose_track_may_begin_and_when_a_person_is_given_up() -> None:
    weak = boxes(*walks("a", 0, 10, range(6), score=0.3))
    assert set(tracks_of(weak, frames(a=6), "a")["track"]) == {UNTRACKED}
    assert set(tracks_of(weak, frames(a=6), "a", Tracks(high_score=0.2))["track"]) == {1}
    hidden = boxes(*walks("a", 0, 10, range(5)), *walks("a", 0, 10, range(20, 25)))
    assert set(tracks_of(hidden, frames(a=25), "a")["track"]) == {1}
    assert set(tracks_of(hidden, frames(a=25), "a", Tracks(lost_after=0.2))["track"]) == {1, 2}


# ---- the stage


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("track")
    write_dataset(folder)
    return folder


def test_the_stage_follows_every_detected_person_of_the_test_clips(folder: Path) -> None:
    """Both persons of each frame stand still; the weaker one (0.15) cannot begin a track."""
    made = made_plan(folder, head="actionclip", **{"clips.of": "tracklet"})
    extract(made)
    assert made.tracks is not None
    run(Work("track", [made.tracks], lambda: prepare(made)))
    tracks = read_artifact_table(made.tracks, "tracks")
    assert set(tracks["video_id"]) == set(TEST)
    assert len(tracks) == 2 * len(read_artifact_table(made.index, "frames").query("video_id in @TEST"))
    assert set(tracks.loc[tracks["box"] == 0, "track"]) == {1}
    assert set(tracks.loc[tracks["box"] == 1, "track"]) == {UNTRACKED}
    assert max(map(frames_of, TEST)) > 8  # several frames each, or nobody is followed
