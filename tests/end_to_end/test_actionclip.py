"""ActionCLIP the whole way through make: whole videos as clips, and the tracks of persons."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from tests.end_to_end import runs
from tests.end_to_end.caches import artifacts, ledger, made, metrics
from tests.end_to_end.conftest import ByMake, Work
from tests.end_to_end.made import TEST
from zsstad_core.cache.artifact import Artifact
from zsstad_core.cache.read import read_artifact_table

SHORT = {
    "training__iterations": 6,
    "training__warmup": 2,
    "training__batch": 4,
    "training__checkpoint_every": 2,
    "training__log_every": 2,
    "heads__actionclip__layers": 2,
}
TRACKLETS = {"clips__of": "tracklet"}
PERSON = ["video_id", "frame", "box"]

type NewWork = Callable[[Path | None], Work]


@pytest.fixture(scope="module")
def work(by_make: ByMake, new_work: NewWork) -> Work:
    """A cache in which ActionCLIP has been trained and evaluated on whole videos."""
    work = new_work(by_make.cache)
    ended = work.run("eval", head="actionclip", **SHORT).ok()
    assert ended.stages == ("text", "train", "score", "evaluate", "metrics")
    assert "train: actionclip, split 2: 6 clips of 15 seen classes" in ended.out
    assert "train: 6/6, loss" in ended.out
    assert metrics(ended.out)["head"] == "actionclip"
    return work


def detections(work: Work, **changed: object) -> pd.DataFrame:
    return read_artifact_table(work.plan("actionclip", **SHORT, **changed).score, "detections")


def table(artifact: Artifact | None, name: str) -> pd.DataFrame:
    assert artifact is not None
    return read_artifact_table(artifact, name)


def results(work: Work) -> dict[str, bytes]:
    """Every file of what is trained and scored, by the newest artifact of each stage."""
    newest = {line["stage"]: f"jhmdb/{line['stage']}-{line['key']}/" for line in ledger(work.cache)}
    wanted = tuple(newest[stage] for stage in ("train", "score", "evaluate"))
    return {name: content for name, content in artifacts(work.cache).items() if name.startswith(wanted)}


def test_frames_are_encoded_once_for_all_methods(work: Work, by_make: ByMake) -> None:
    assert made(work.cache, len(ledger(by_make.cache))) == {"texts", "train", "score", "evaluate"}


def test_every_person_of_a_video_has_the_answer_of_the_video_times_its_own_score(work: Work) -> None:
    found = detections(work)
    assert set(found["video_id"]) <= set(TEST)
    assert found.groupby(["video_id", "class_name"])["probability"].nunique().max() == 1
    assert found.groupby("class_name")["probability"].nunique().max() > 1  # videos differ
    assert found.groupby(PERSON)["probability"].sum().sub(1).abs().max() < 1e-9
    assert (found["score"] == found["probability"] * found["box_score"]).all()
    persons = found.drop_duplicates(PERSON).groupby(["video_id", "frame"]).size()
    assert persons.max() == 3  # of its recipe, the first three


def test_weights_that_are_loaded_again_give_the_same_scores(work: Work, new_work: NewWork) -> None:
    before, again = results(work), new_work(work.cache)
    again.forget("score", "evaluate")
    ended = again.run("eval", head="actionclip", **SHORT).ok()
    assert ended.stages == ("score", "evaluate", "metrics")
    assert results(again) == before


@pytest.mark.slow
def test_killed_in_the_middle_it_ends_with_the_same_bytes(work: Work, new_work: NewWork) -> None:
    again = new_work(work.cache)
    again.forget("train", "training", "score", "evaluate")
    moment = runs.Moment(1, again.cache, "jhmdb/training/*/iter_2.pth", 1)
    again.start("eval", head="actionclip", dies=moment, **SHORT).killed()
    ended = again.run("eval", head="actionclip", **SHORT).ok()
    assert "train: going on from iter_" in ended.out
    assert results(again) == results(work)


def test_each_tracklet_has_its_own_answer(work: Work, new_work: NewWork) -> None:
    """Persons of one track score alike, also those of frames between whom nobody is detected."""
    tracked = new_work(work.cache)
    lines = len(ledger(tracked.cache))
    ended = tracked.run("eval", head="actionclip", **SHORT, **TRACKLETS).ok()
    assert ended.stages == ("track", "train", "score", "evaluate", "metrics")
    assert made(tracked.cache, lines) == {"tracks", "train", "score", "evaluate"}
    found = detections(tracked, **TRACKLETS)
    tracks = table(tracked.plan("actionclip", **SHORT, **TRACKLETS).tracks, "tracks")
    assert set(tracks["video_id"]) == set(TEST)
    both = found.merge(tracks, on=PERSON, how="left", validate="many_to_one")
    assert both["track"].notna().all()
    followed = both[both["track"] > 0]
    assert followed.groupby(["video_id", "track"]).size().gt(2).any()
    assert followed.groupby(["video_id", "track", "class_name"])["probability"].nunique().max() == 1
    assert both.groupby(["video_id", "class_name"])["probability"].nunique().max() > 1


def test_annotated_persons_are_tracklets_without_a_tracker(work: Work, new_work: NewWork) -> None:
    annotated = new_work(work.cache)
    ended = annotated.run("eval", head="actionclip", scoring__boxes="groundtruth", **SHORT, **TRACKLETS).ok()
    assert "track" not in ended.stages
    found = detections(annotated, scoring__boxes="groundtruth", **TRACKLETS)
    assert (found["box_score"] == 1).all()
    assert found.groupby(["video_id", "class_name"])["probability"].nunique().max() == 1  # one person a video


def test_make_track_alone_follows_persons_or_says_that_nobody_is_judged_by_tracks(
    work: Work, new_work: NewWork
) -> None:
    fresh = new_work(work.cache)
    ended = fresh.run("track", head="actionclip", **SHORT, **TRACKLETS).ok()
    assert ended.stages == ("track",)
    assert fresh.plan("actionclip", **SHORT, **TRACKLETS).tracks.is_complete()  # type: ignore[union-attr]
    assert fresh.run("track", head="actionclip", **SHORT, **TRACKLETS).ok().stages == ()


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        (
            {"scoring.voting": "mean"},
            "error: scoring.voting is mean; actionclip judges clips, and everybody in one has",
        ),
        (
            {"training.processes": 2},
            "error: training.processes is 2; actionclip compares the rows of a batch with each",
        ),
    ],
)
def test_what_no_clip_can_be_judged_by_is_refused_before_anything_is_made(
    work: Work, changed: dict[str, object], says: str
) -> None:
    ended = runs.make("eval", {**work.settings, **changed}, head="actionclip")
    assert ended.code != 0
    assert says in ended.err
    assert "Traceback" not in ended.err
