"""Which persons are one tracklet, and what it shows: of annotated persons, of detected ones, of a plan."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from stages.track import prepare
from tests.end_to_end.made import LOST, SHORT, TEST, frames_of
from tests.learning.made_cache import extract, made_plan, write_dataset
from tests.learning.test_from_cache import SEEN_TRAIN
from zsstad_core.cache.read import read_artifact_tokens
from zsstad_core.cache.token_kinds import TokenKind
from zsstad_core.learning.banks import scoring_bank, training_bank
from zsstad_core.learning.cached_rows import persons_to_score, persons_to_track
from zsstad_core.learning.clip_samples import tracklets_as_clips
from zsstad_core.learning.targets import target_of_tracklets
from zsstad_core.learning.tracklets import annotated_tracklets, tracklets_to_score
from zsstad_core.plan.plan import Plan
from zsstad_core.work import Work, run

PLACE = ["video_id", "frame", "box"]


def persons(*rows: tuple[str, int, int]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=PLACE)


def searched(**numbers: range) -> pd.DataFrame:
    rows = [(video, number) for video, of_video in numbers.items() for number in of_video]
    return pd.DataFrame(rows, columns=["video_id", "frame"])


# ---- annotated persons


def test_a_person_is_one_tracklet_while_it_is_in_each_frame() -> None:
    """Person 1 is away in frame 2 and comes back as another tracklet; numbers begin anew in each video."""
    found = persons(
        ("a", 0, 0), ("a", 0, 1), ("a", 1, 0), ("a", 1, 1), ("a", 2, 0), ("a", 3, 0), ("a", 3, 1), ("b", 5, 1)
    )
    assert annotated_tracklets(found, searched(a=range(4), b=range(9))).tolist() == [1, 2, 1, 2, 1, 1, 3, 1]


def test_frames_follow_each_other_as_they_are_searched() -> None:
    """Keyframes stand 25 frames apart; where all frames are searched, the same two are not neighbours."""
    found = persons(("a", 0, 0), ("a", 25, 0), ("a", 75, 0))
    assert annotated_tracklets(found, searched(a=range(0, 100, 25))).tolist() == [1, 1, 2]
    assert annotated_tracklets(found, searched(a=range(100))).tolist() == [1, 2, 3]


def test_another_action_begins_another_tracklet() -> None:
    found = persons(*(("a", number, 0) for number in range(5)))
    actions = np.array([4, 4, 7, 7, 4])
    assert annotated_tracklets(found, searched(a=range(5)), actions).tolist() == [1, 1, 2, 2, 3]
    assert annotated_tracklets(found, searched(a=range(5))).tolist() == [1] * 5


@hypothesis_settings(deadline=None, max_examples=50)
@given(
    st.sets(st.tuples(st.sampled_from("ab"), st.integers(0, 5), st.integers(0, 2)), max_size=20),
    st.randoms(use_true_random=False),
)
def test_the_order_of_the_rows_does_not_matter(rows: set[tuple[str, int, int]], random: Any) -> None:
    frames = searched(a=range(6), b=range(6))
    order = sorted(rows)
    wanted = dict(zip(order, annotated_tracklets(persons(*order), frames).tolist(), strict=True))
    random.shuffle(order)
    assert dict(zip(order, annotated_tracklets(persons(*order), frames).tolist(), strict=True)) == wanted
    for video, frame, box in wanted:
        if (video, frame + 1, box) in wanted:
            assert wanted[video, frame, box] == wanted[video, frame + 1, box]
    by_track = pd.DataFrame([(*row, track) for row, track in wanted.items()], columns=[*PLACE, "track"])
    for _, track in by_track.groupby(["video_id", "track"]):
        assert track["box"].nunique() == 1
        assert np.diff(sorted(track["frame"])).tolist() == [1] * (len(track) - 1)


# ---- what a tracklet shows

TRACKS = pd.DataFrame(
    [("b", 1), ("a", 2), ("a", 1), ("b", 1), ("a", 2)],
    columns=["video_id", "track"],
)
CLIPS = pd.DataFrame({"video_id": ["a", "a", "b"], "clip": [1, 2, 1]})


def test_a_tracklet_shows_what_its_persons_do() -> None:
    target_C = target_of_tracklets(CLIPS, TRACKS, np.array([5, 3, 4, 5, 3]))
    assert target_C.tolist() == [4, 3, 5]
    assert target_C.dtype == np.int64


def test_of_several_actions_it_shows_all_that_its_persons_ever_do() -> None:
    does_RK = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 0], [0, 0, 1], [1, 1, 0]], bool)
    target_CK = target_of_tracklets(CLIPS, TRACKS, does_RK)
    assert target_CK.tolist() == [[False, False, False], [True, True, False], [True, False, True]]
    assert target_CK.dtype == np.bool_


def test_targets_stand_in_the_order_of_the_samples() -> None:
    tracks = TRACKS.assign(frame=range(5))
    samples = tracklets_as_clips(tracks, np.arange(5))
    assert target_of_tracklets(samples.table, tracks, np.array([5, 3, 4, 5, 3])).tolist() == [4, 3, 5]


# ---- of a plan


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Detected persons followed with a score that lets the weak second person (0.15) begin no track."""
    folder = tmp_path_factory.mktemp("tracklets")
    write_dataset(folder)
    for changed in ({}, {"scoring.boxes": "groundtruth"}, {"clips.tracklet": "frames"}):
        made = tracklets_plan(folder, **changed)
        extract(made)
        if made.tracks is not None:
            run(Work("track", [made.tracks], lambda made=made: prepare(made)))
    return folder


def tracklets_plan(folder: Path, **changed: Any) -> Plan:
    return made_plan(folder, head="actionclip", **{"clips.of": "tracklet", **changed})


def test_every_detected_person_is_tracked_whoever_is_scored(folder: Path) -> None:
    made = tracklets_plan(folder)
    every, tokens = persons_to_track(made, TEST)
    chosen, _ = persons_to_score(made, TEST)
    frames = sum(map(frames_of, TEST)) - LOST
    assert (len(every), len(chosen)) == (2 * frames, frames)
    assert tokens is not None
    assert len(tokens) == len(every)
    annotated = tracklets_plan(folder, **{"scoring.boxes": "groundtruth"})
    pd.testing.assert_frame_equal(persons_to_track(annotated, TEST)[0], persons_to_score(annotated, TEST)[0])


def test_a_detected_person_has_its_track_and_whom_nobody_follows_is_alone(folder: Path) -> None:
    made = tracklets_plan(folder)
    every, _ = persons_to_track(made, TEST)
    track_R = tracklets_to_score(made, every)
    strong = (every["box"] == 0).to_numpy()
    assert set(track_R[strong]) == {1}
    assert (track_R[~strong] < 0).all()
    assert len(set(track_R[~strong])) == (~strong).sum()
    assert track_R.dtype == np.int64


def test_annotated_persons_that_are_scored_are_tracklets_by_their_numbers(folder: Path) -> None:
    made = tracklets_plan(folder, **{"scoring.boxes": "groundtruth"})
    every, _ = persons_to_track(made, TEST)
    assert tracklets_to_score(made, every).tolist() == [1] * len(every)


def test_training_is_on_the_tracklets_of_seen_actions_with_the_tokens_of_their_crops(folder: Path) -> None:
    made = tracklets_plan(folder)
    bank = training_bank(made, "cpu")
    table = bank.samples.table
    assert table["video_id"].tolist() == sorted(SEEN_TRAIN)
    assert bank.samples.frames_C.tolist() == [frames_of(name) for name in table["video_id"]]
    assert bank.target_R is not None
    names = np.array(made.split.seen)[bank.target_R]
    assert (names == table["video_id"].str.split("/").str[0]).all()
    rows, tokens = read_artifact_tokens(made.tokens(TokenKind.groundtruth), "boxes")
    batch = bank.gather(np.arange(len(table))).batch
    for name, token_TD in zip(table["video_id"], batch.features.frame_NTD, strict=True):
        own = tokens[(rows["video_id"] == name).to_numpy()]
        assert {tuple(token) for token in token_TD.tolist()} <= {tuple(token) for token in own.tolist()}


def test_whole_frames_of_its_time_are_seen_where_the_settings_say_so(folder: Path) -> None:
    made = tracklets_plan(folder, **{"clips.tracklet": "frames"})
    bank = scoring_bank(made, "cpu", TEST)
    rows, tokens = read_artifact_tokens(made.tokens(TokenKind.frame), "frames")
    batch = bank.gather(np.arange(len(bank.samples))).batch
    for name, token_TD in zip(bank.samples.table["video_id"], batch.features.frame_NTD, strict=True):
        own = tokens[(rows["video_id"] == name).to_numpy()]
        assert {tuple(token) for token in token_TD.tolist()} <= {tuple(token) for token in own.tolist()}


def test_who_is_scored_changes_no_tracklet(folder: Path) -> None:
    banks = [
        scoring_bank(tracklets_plan(folder, **{"scoring.select": select}), "cpu", TEST) for select in ("all", "first")
    ]
    assert banks[0].identity() == banks[1].identity()
    lengths = dict(zip(banks[0].samples.names, banks[0].samples.frames_C.tolist(), strict=True))
    assert lengths[f"{SHORT} person 1"] == frames_of(SHORT) - LOST
    alone = [name for name in lengths if "a person alone" in name]
    assert len(alone) == sum(map(frames_of, TEST)) - LOST
    assert {lengths[name] for name in alone} == {1}
