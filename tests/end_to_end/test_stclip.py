"""ST-CLIP the whole way through make: views, training inside the encoder, scores; whichever way views come."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from tests.end_to_end import runs
from tests.end_to_end.caches import artifacts, ledger, made, metrics
from tests.end_to_end.conftest import ByMake, Work
from tests.end_to_end.made import TEST
from zsstad_core.learning.read_ahead import WAIT
from zsstad_core.tables import read_table

SHORT = {
    "training__iterations": 6,
    "training__warmup": 2,
    "training__batch": 4,
    "training__checkpoint_every": 2,
    "training__log_every": 2,
}
VIEWS = {"tokens-pixel", "tokens-person_pixel", "tokens-groundtruth_pixel"}


@pytest.fixture(scope="module")
def work(by_make: ByMake, new_work: Callable[[Path | None], Work]) -> Work:
    """A cache in which ST-CLIP has been trained and evaluated."""
    work = new_work(by_make.cache)
    ended = work.run("eval", head="stclip", **SHORT).ok()
    assert ended.stages == ("encode", "train", "score", "evaluate", "report")
    assert "encode: views, which need no weights" in ended.out
    assert "train: 6/6, loss" in ended.out
    assert metrics(ended.out)["head"] == "stclip"
    return work


def detections(work: Work) -> pd.DataFrame:
    """The table that was scored last."""
    key = next(line["key"] for line in reversed(ledger(work.cache)) if line["stage"] == "score")
    (file,) = (work.cache / "jhmdb" / f"score-{key}").glob("unit-*/detections.parquet")
    return read_table(file, "detections")


def results(work: Work) -> dict[str, bytes]:
    """Every file of what is trained and scored, by the newest artifact of each stage."""
    newest = {line["stage"]: f"jhmdb/{line['stage']}-{line['key']}/" for line in ledger(work.cache)}
    wanted = tuple(newest[stage] for stage in ("train", "score", "evaluate"))
    return {name: content for name, content in artifacts(work.cache).items() if name.startswith(wanted)}


def test_only_views_are_made_besides_what_is_there(work: Work, by_make: ByMake):
    assert made(work.cache, len(ledger(by_make.cache))) == {*VIEWS, "train", "score", "evaluate"}


def test_of_each_frame_at_most_the_first_three_persons_are_scored(work: Work):
    found = detections(work)
    assert set(found["video_id"]) <= set(TEST)
    persons = found.drop_duplicates(["video_id", "frame", "box"]).groupby(["video_id", "frame"]).size()
    assert persons.max() == 3


def test_how_long_training_waited_for_views_stands_in_the_ledger(work: Work):
    (line,) = [line for line in ledger(work.cache)[-10:] if line["stage"] == "train"]
    assert 0 <= line["seconds"][WAIT] <= line["seconds"]["total"]


def test_views_from_the_videos_give_the_same_bytes_and_fill_no_disk(work: Work, by_make: ByMake, new_work):
    fresh = new_work(by_make.cache)
    ended = fresh.run("eval", head="stclip", encoder__pixels="decoded", **SHORT).ok()
    assert ended.stages == ("train", "score", "evaluate", "report")
    assert results(fresh) == results(work)
    assert not list(fresh.cache.glob("jhmdb/tokens-*pixel-*"))

    # What the one way made is there for the other.
    assert fresh.run("eval", head="stclip", **SHORT).ok().stages == ("encode", "report")


def test_weights_that_are_loaded_again_give_the_same_scores(work: Work, new_work):
    before, again = results(work), new_work(work.cache)
    again.forget("score", "evaluate")
    assert again.run("eval", head="stclip", **SHORT).ok().stages == ("score", "evaluate", "report")
    assert results(again) == before


@pytest.mark.slow
def test_killed_in_the_middle_it_ends_with_the_same_bytes(work: Work, new_work):
    again = new_work(work.cache)
    again.forget("train", "training", "score", "evaluate")
    running = again.start("eval", head="stclip", **SHORT)
    running.kill_when(lambda: bool(list(again.cache.glob("jhmdb/training/*/iter_2.pth"))))
    ended = again.run("eval", head="stclip", **SHORT).ok()
    assert "train: going on from iter_" in ended.out
    assert results(again) == results(work)


def test_frozen_crops_are_tokens_before_the_projection(work: Work, new_work):
    frozen = new_work(work.cache)
    lines = len(ledger(frozen.cache))
    ended = frozen.run("eval", head="stclip", heads__stclip__lora_in_crops="false", **SHORT).ok()
    tokens = {"tokens-person_unprojected", "tokens-groundtruth_unprojected"}
    assert made(frozen.cache, lines) == {*tokens, "train", "score", "evaluate"}
    assert metrics(ended.out)["head"] == "stclip"


def test_the_plan_shows_the_views_with_their_state(work: Work):
    settings = {**work.settings, **{name.replace("__", "."): value for name, value in SHORT.items()}}
    shown = runs.make("plan", settings, head="stclip").ok().out
    rows = {line.split()[0].rsplit("-", 1)[0]: line.split()[1] for line in shown.splitlines() if "-" in line.split()[0]}
    assert {stage: rows[stage] for stage in VIEWS} == dict.fromkeys(VIEWS, "fresh")
    fresh = runs.make("plan", {**settings, "encoder.pixels": "decoded"}, head="stclip").ok().out
    assert "pixel" not in fresh


def test_a_tower_that_is_no_vit_is_refused_before_anything_is_made(work: Work):
    ended = runs.make("eval", {**work.settings, "encoder.model": "RN50"}, head="stclip")
    assert ended.code != 0
    assert "encoder.model is RN50, whose image encoder is a ResNet" in ended.err
    assert "Traceback" not in ended.err
