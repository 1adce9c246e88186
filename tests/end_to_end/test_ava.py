"""AVA from videos to a table: second 900, several rates, 1 Hz, several persons with several actions, excluded seconds.

The clips are rendered in AVA's own layout (`tests.datasets.made_ava`); four of them films at 24, 25 and 29.97 frames a
second, one as frames; one was never downloaded.
"""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.datasets import made_ava
from tests.datasets.made_ava import EXCLUDED, GONE, LATE, RATES, SECONDS, START, TEST, corner
from tests.end_to_end import runs
from tests.end_to_end.caches import metrics
from tests.end_to_end.made_ava import Made, settings_of
from tests.end_to_end.test_page import data_of, look, needs_chromium
from zsstad_core.cache.tokens import read_tokens
from zsstad_core.cache.units import published_units
from zsstad_core.tables import BOX
from zsstad_core.unplaced import UNPLACED, second_of

KEYFRAMES = len(RATES) * 7  # seconds 902 to 908: videos end half a second later, and 908 is not annotated


@pytest.fixture(scope="module")
def indexed(ava: Made) -> tuple[Made, str]:
    """What the first two stages made, and said."""
    return ava, ava.run("groundtruth").out


def test_what_is_left_out_or_not_there_is_said(indexed: tuple[Made, str]):
    said = indexed[1]
    assert (
        f"groundtruth: 2 annotated boxes stand on frames that 1 clips do not have (first: tst_ntsc_00 second {LATE})"
        in said
    )
    assert f"groundtruth: 1 annotated clips are not on disk (first: {GONE}); they count as missed" in said
    assert "groundtruth: ava_val_v2.2.csv: 6 rows left out, of excluded seconds" in said


def test_keyframes_of_every_rate_stand_a_second_apart(indexed: tuple[Made, str]):
    made, _ = indexed
    keyframes, frames = made.table("index", "keyframes"), made.table("index", "frames")
    assert len(keyframes) == len(frames) == KEYFRAMES
    pts = keyframes.merge(frames)["pts"]
    rate = keyframes["video_id"].map(dict(RATES))
    assert (np.abs(pts - (keyframes["second"] - START)) <= 0.5 / rate + 0.001).all()
    assert (keyframes["frame"] != (keyframes["second"] - START) * 30).any()  # what counting at 30 a second would give


def test_annotated_boxes_stand_where_the_persons_were_drawn(indexed: tuple[Made, str]):
    made, _ = indexed
    truth = made.table("groundtruth", "groundtruth").query("decoded")
    second = second_of(truth, made.table("index", "keyframes"))
    drawn = [corner(video, s, box) for video, s, box in zip(truth["video_id"], second, truth["box"], strict=True)]
    np.testing.assert_allclose(truth[["x1", "y1"]], drawn, atol=0.06)  # the csv has three digits
    assert not ((truth["video_id"] == EXCLUDED[0]) & (second == EXCLUDED[1])).any()
    assert set(second) == set(SECONDS)
    assert truth.groupby(["video_id", "frame", "box"]).size().max() == 3


# ---- training and evaluation: not among the quick tests


@pytest.fixture(scope="module")
def evaluated(indexed: tuple[Made, str]) -> tuple[Made, str, runs.Ended]:
    made, _ = indexed
    trained = made.run("train")
    return made, trained.out, made.run("eval")


@pytest.mark.slow
def test_training_leaves_out_the_video_that_shows_an_unseen_action(evaluated: tuple[Made, str, runs.Ended]):
    _, trained, ended = evaluated
    assert "train: 2 of 2 training videos that the split allows" in trained
    assert "train: iclip, split 3: 12 frames of 74 seen classes" in trained
    listed = metrics(ended.out)["training videos"]
    assert listed["used"] == ["trn_cinema0", "trn_pal_000"]
    assert (listed["videos"], listed["eligible"]) == ("without_unseen", 2)


@pytest.mark.slow
def test_persons_and_tokens_are_of_keyframes_only(evaluated: tuple[Made, str, runs.Ended]):
    made, _, _ = evaluated
    keyframes = made.table("index", "keyframes")
    boxes = made.table("detect", "boxes")
    assert len(boxes)
    assert (second_of(boxes, keyframes) >= 902).all()
    assert len(made.table("tokens-frame", "frames")) == KEYFRAMES
    (folder,) = (made.folder / "cache" / "ava").glob("tokens-frame-*")
    assert sum(len(read_tokens(unit)) for unit in published_units(folder)) == KEYFRAMES
    assert len(list(published_units(folder))) == len(RATES)  # a unit a video


@pytest.mark.slow
def test_the_number_is_of_avas_protocol_and_counts_what_is_missed(evaluated: tuple[Made, str, runs.Ended]):
    found = metrics(evaluated[2].out)
    assert found["protocol"]["protocol"] == "ava"
    annotated = len(TEST) * 6 - 1 + 1 + 6  # one excluded, one beyond the end of its clip, six of the video not there
    assert found["groundtruth"]["frames annotated"] == annotated
    assert found["groundtruth"]["frames that the videos have"] == len(TEST) * 6 - 1
    assert found["groundtruth"]["clips missed"] == 1
    classes = found["classes"]
    assert {name for name, row in classes.items() if row["groundtruth"]} == {
        "press", "action 11", "action 12", "action 17", "action 79", "action 80"
    }  # fmt: skip
    assert classes["press"]["group"] == "unseen"
    assert classes["press"]["groundtruth"] == classes["action 12"]["groundtruth"] == annotated
    assert classes["stir"]["ap"] is None  # not shown: no number, not a zero
    assert found["unseen"] == classes["press"]["ap"]


@pytest.mark.slow
def test_perfect_persons_and_actions_score_all_but_what_is_not_there(evaluated: tuple[Made, str, runs.Ended]):
    """Ground-truth boxes with their true classes: 11 keyframes of 18, each found."""
    made, _, _ = evaluated
    found = metrics(made.run("eval", head="oracle", scoring__boxes="groundtruth").out)
    assert found["classes"]["press"]["recall"] == pytest.approx(11 / 18)
    assert found["unseen"] == pytest.approx(11 / 18)
    assert found["seen"] == pytest.approx(11 / 18)


@pytest.mark.slow
def test_the_stand_alone_evaluator_finds_the_same_from_files(evaluated: tuple[Made, str, runs.Ended], tmp_path: Path):
    """Detections as a csv of seconds and fractions, against the official csv as it stands."""
    made, _, ended = evaluated
    scored = made.table("score", "detections")
    size = made.table("index", "videos").set_index("video_id").loc[scored["video_id"], ["width", "height"]].to_numpy()
    numbers = {name: number for number, name in made_ava.names().items()}
    rows = pd.DataFrame(scored[BOX].to_numpy(np.float64) / np.tile(size, 2))  # x1, y1, x2, y2
    rows.insert(0, "video", scored["video_id"])
    rows.insert(1, "second", second_of(scored, made.table("index", "keyframes")))
    rows = rows.assign(action=scored["class_name"].map(numbers), score=scored["score"])
    rows.to_csv(tmp_path / "detections.csv", header=False, index=False)
    files = {
        "groundtruth": made.folder / "ava_val_v2.2.csv",
        "detections": tmp_path / "detections.csv",
        "labelmap": made.folder / "ava_action_list_v2.2.pbtxt",
        "exclusions": made.folder / "ava_val_excluded_timestamps_v2.2.csv",
    }
    options = [word for name, path in files.items() for word in (f"--{name}", str(path))]
    done = subprocess.run(
        [sys.executable, "-m", "zsstad_core.metrics", "ava", *options], capture_output=True, text=True, check=True
    )
    theirs = {name: ap for name, ap in json.loads(done.stdout)["per_class"].items() if ap is not None}
    ours = {name: row["ap"] for name, row in metrics(ended.out)["classes"].items() if row["ap"] is not None}
    assert theirs == pytest.approx(ours, abs=1e-9)
    assert len(ours) == 6
    assert max(ours.values()) > 0


@pytest.mark.slow
def test_neighbours_at_a_stride_of_frames_have_tokens_and_no_persons(indexed: tuple[Made, str]):
    made, _ = indexed
    around = {"datasets__ava__around": 2, "datasets__ava__step": 3.0, "datasets__ava__step_unit": "frames"}
    made.run("extract", cache="around", **around)
    keyframes, frames = made.table("index", "keyframes", "around"), made.table("tokens-frame", "frames", "around")
    film = keyframes.query("video_id == 'trn_pal_000'")["frame"].tolist()
    assert film == [50, 75, 100, 125, 150, 175, 200]
    wanted = {frame + step for frame in film for step in (-6, -3, 0, 3, 6) if frame + step < 213}
    assert set(frames.query("video_id == 'trn_pal_000'")["frame"]) == wanted
    assert (second_of(made.table("detect", "boxes", "around"), keyframes) >= 902).all()


@pytest.mark.slow
def test_the_same_command_again_starts_nothing_but_the_report(evaluated: tuple[Made, str, runs.Ended]):
    made, _, ended = evaluated
    again = made.run("eval")
    assert again.stages == ("metrics",)
    assert metrics(again.out) == metrics(ended.out)


@pytest.mark.slow
def test_the_whole_is_the_same_through_make(ava: Made):
    own = settings_of(ava.folder, "by_make")
    ended = runs.make("eval", own, dataset="ava", head="iclip", split=3).ok()
    path = Path(ended.out.splitlines()[-1])
    assert json.loads(path.read_text())["dataset"] == "ava"
    frames = ava.table("groundtruth", "groundtruth", "by_make")["frame"]
    assert (frames >= UNPLACED).sum() == 6


@needs_chromium
@pytest.mark.slow
def test_the_page_is_of_keyframes_and_of_persons_with_several_actions(
    evaluated: tuple[Made, str, runs.Ended], tmp_path: Path
):
    made, _, ended = evaluated
    choices = {"dataset": "ava", "head": "iclip", "split": 3, "out": tmp_path / "page"}
    runs.run("report", settings_of(made.folder, "cache"), tmp_path / "log", **choices).ok()
    path = tmp_path / "page" / "index.html"
    page, found = data_of(path), metrics(ended.out)
    assert {row["name"]: row["ap"] for row in page["classes"]} == {
        name: row["ap"] for name, row in found["classes"].items()
    }
    fixed = {turn["group"]: turn["steps"][-1][1] for turn in page["errors"]["in_turn"]}
    assert set(fixed.values()) == {1}
    assert page["clips"]
    for clip in page["clips"]:
        assert clip["every"] == len(clip["frames"]) == len(clip["seconds"]) == 7
        assert np.diff(clip["seconds"]) == pytest.approx(1, abs=0.1)
    seen = [sight for clip in page["clips"] for person in clip["truth"] for sight in person["seen"]]
    assert max(len(sight["actions"]) for sight in seen) > 1
    parts, where = look(path)
    assert set(parts) >= {"results", "player", "classes", "curves", "errors", "moments", "made"}
    assert where.endswith("(2 of 7)")
