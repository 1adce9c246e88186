"""Heads other than iCLIP on the small AVA: persons with several actions, learnt from windows and from tracks."""

import pandas as pd

from tests.datasets.made_ava import TEST
from tests.end_to_end import runs
from tests.end_to_end.caches import metrics
from tests.end_to_end.made_ava import Made, settings_of
from zsstad_core.unplaced import second_of


def test_stclip_learns_several_actions_a_person_from_windows_around_keyframes(ava: Made):
    """From interest tokens, by the recipe of AVA; views from the cache and from the films give the same scores."""
    short = {
        "heads__stclip__interest_tokens": 10,  # of the 18 that this encoder has
        "training__iterations": 4,
        "training__warmup": 1,
        "training__batch": 4,
        "scoring__boxes": "groundtruth",
    }
    ended = ava.run("eval", cache="stclip", head="stclip", **short)
    assert metrics(ended.out)["head"] == "stclip"
    frames, keys = ava.table("tokens-pixel", "frames", "stclip"), ava.table("index", "keyframes", "stclip")
    assert len(frames) > 6 * len(keys)  # nine to a keyframe, where the film has them

    ava.run("eval", cache="decoded", head="stclip", encoder__pixels="decoded", **short)
    cached, fresh = (ava.table("score", "detections", cache, "stclip") for cache in ("stclip", "decoded"))
    pd.testing.assert_frame_equal(cached, fresh)
    assert cached["probability"].between(0, 1).all()
    assert not list((ava.folder / "decoded" / "ava").glob("tokens-*pixel*"))


def test_actionclip_learns_several_actions_of_each_persons_track(ava: Made):
    """By the recipe of AVA: annotated persons are followed by their numbers, detected ones by the tracker, a second
    apart."""
    short = {"training__iterations": 4, "training__warmup": 1, "training__batch": 4, "heads__actionclip__layers": 2}
    ended = ava.run("eval", cache="actionclip", head="actionclip", recipe="actionclip-bare", **short)
    assert metrics(ended.out)["head"] == "actionclip"
    assert "train: actionclip, split 3: 4 clips of 74 seen classes" in ended.out  # two persons in each of two videos
    tracks = ava.table("tracks", "tracks", "actionclip", "actionclip")
    keys = ava.table("index", "keyframes", "actionclip", "actionclip")
    assert set(tracks["video_id"]) == set(TEST)
    assert (second_of(tracks, keys) >= 902).all()
    found = ava.table("score", "detections", "actionclip", "actionclip")
    both = found.merge(tracks, on=["video_id", "frame", "box"], how="left", validate="many_to_one")
    followed = both[both["track"] > 0]
    assert followed.groupby(["video_id", "track"])["frame"].nunique().max() > 1
    assert followed.groupby(["video_id", "track", "class_name"])["probability"].nunique().max() == 1
    assert found["probability"].between(0, 1).all()


def test_a_video_that_shows_several_actions_is_no_clip_of_one(ava: Made):
    own = settings_of(ava.folder, "actionclip") | {"clips.of": "video"}
    ended = runs.run(
        "train", own, ava.folder / "video", dataset="ava", head="actionclip", recipe="actionclip-bare", split=3
    )
    assert ended.code != 0
    assert "shows several actions" in ended.err
    assert "set clips.of=tracklet" in ended.err
    assert "Traceback" not in ended.err
