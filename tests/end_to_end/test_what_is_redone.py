"""What a changed setting or a changed dataset redoes, and what it leaves alone."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.end_to_end import runs
from tests.end_to_end.caches import artifacts, finished, ledger, made
from tests.end_to_end.conftest import ByMake, Work
from tests.end_to_end.made import CLIPS, TEST, Settings, frames_of, pictures
from tests.made_videos import write_video


@pytest.mark.fault(15)
def test_a_detector_threshold_redoes_detection_and_crops_but_no_frame(ready: Work):
    before, lines = finished(ready.cache), len(ledger(ready.cache))
    ended = ready.run("extract", detector__person_score=0.5).ok()
    assert ended.stages == ("detect", "encode")
    assert made(ready.cache, lines) == {"detect", "tokens-person", "tokens-object"}
    assert before.items() <= finished(ready.cache).items()

    lines = len(ledger(ready.cache))
    assert ready.run("eval").ok().stages == ("metrics",)  # back again
    assert ready.run("extract", detector__person_score=0.5).ok().stages == ()  # and forth
    assert len(ledger(ready.cache)) == lines


def test_a_learning_rate_redoes_the_training_and_touches_no_token(ready: Work):
    before, lines = finished(ready.cache), len(ledger(ready.cache))
    ended = ready.run("eval", training__lr=1e-3).ok()
    assert ended.stages == ("train", "score", "evaluate", "metrics")
    assert made(ready.cache, lines) == {"train", "score", "evaluate"}
    assert before.items() <= finished(ready.cache).items()
    assert ready.run("eval").ok().stages == ("metrics",)


@pytest.mark.parametrize(
    ("changed", "stages"),
    [
        ({"scoring.threshold": 0.3}, ["score", "evaluate"]),
        ({"evaluation.iou": 0.3}, ["evaluate"]),
        ({"encoder.template": "a photo of {}"}, ["text", "train", "score", "evaluate"]),
        ({"encoder.crop": "squash"}, ["encode", "train", "score", "evaluate"]),
        ({"heads.iclip.dropout": 0.5}, ["train", "score", "evaluate"]),
        ({"training.log_every": 1, "encoder.batch": 7, "detector.batch": 3, "scoring.batch": 5}, []),
        ({"cache.clips_per_unit": 7}, []),
    ],
    ids=str,
)
def test_make_starts_what_a_change_touches(by_make: ByMake, settings: Settings, changed: Settings, stages: list[str]):
    plan = runs.plan("eval", {**settings, "cache.root": by_make.cache, **changed})
    *started, metrics = runs.stages(plan)
    assert metrics == "metrics"
    assert started == stages


def test_fewer_clips_compute_nothing_and_score_only_theirs(ready: Work):
    lines = len(ledger(ready.cache))
    ended = ready.run("eval", datasets__jhmdb__clips_per_class=1).ok()
    assert made(ready.cache, lines) == {"train", "score", "evaluate"}
    frames = sum(map(frames_of, ("catch/clip_a", "golf/clip_a", "wave/clip_a")))
    assert f"train: iclip, split 2: {frames} frames of 15 seen classes" in ended.out


@pytest.fixture
def growing(settings: Settings, tmp_path: Path) -> tuple[Path, Callable[..., None]]:
    """A dataset that lacks most clips, and a way to add some."""
    root = tmp_path / "growing"
    root.mkdir()
    whole = Path(str(settings["datasets.jhmdb.root"]))
    shutil.copy(whole / "JHMDB-GT.pkl", root)

    def add(*video_ids: str) -> None:
        for video_id in video_ids:
            (root / "videos" / video_id).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(whole / "videos" / f"{video_id}.avi", root / "videos" / f"{video_id}.avi")

    return root, add


@pytest.mark.fault(24)
def test_clips_that_come_later_cost_their_own_units_only(growing, empty: Work, by_make: ByMake):
    root, add = growing
    late = {"golf/clip_c", "run/clip_b", "wave/clip_b"}
    add(*(set(CLIPS) - late))
    first = empty.run("eval", datasets__jhmdb__root=root).ok()
    assert "groundtruth: 3 annotated clips are not on disk (first: golf/clip_c); they count as missed" in first.out
    before, lines = finished(empty.cache), len(ledger(empty.cache))

    add(*late)
    ended = empty.run("eval", datasets__jhmdb__root=root).ok()
    assert before.items() <= finished(empty.cache).items()
    clips = dict.fromkeys(made(empty.cache, lines), 0)
    for line in ledger(empty.cache)[lines:]:
        clips[line["stage"]] += line["clips"]
    divided = {stage: count for stage, count in clips.items() if stage not in ("train", "score", "evaluate")}
    everywhere = dict.fromkeys(["index", "groundtruth", "detect", "tokens-frame", "tokens-object"], 3)
    assert divided == {**everywhere, "tokens-person": 2, "tokens-groundtruth": 1}

    # Units are cut otherwise than in a run that had all clips at once; what they hold, and what comes of it, is not.
    assert ended.out.splitlines()[-30:-1] == by_make.eval.out.splitlines()[-30:-1]
    heads = [[v for k, v in artifacts(c).items() if k.endswith("head.pt")] for c in (empty.cache, by_make.cache)]
    assert heads[1][0] in heads[0]


def test_a_clip_that_is_replaced_is_redone_alone(growing, empty: Work):
    root, add = growing
    add(*CLIPS)
    changed: dict[str, object] = {"scoring__boxes": "groundtruth", "datasets__jhmdb__root": root}
    empty.run("extract", head="clip_frame", **changed).ok()
    lines = len(ledger(empty.cache))
    write_video(root / "videos" / f"{TEST[0]}.avi", pictures(TEST[1])[:8])
    ended = empty.run("extract", head="clip_frame", **changed).ok()
    assert ended.stages == ("index", "groundtruth", "encode")
    redone = [(line["stage"], line["clips"]) for line in ledger(empty.cache)[lines:]]
    assert redone == [("index", 1), ("groundtruth", 1), ("tokens-frame", 1)]
