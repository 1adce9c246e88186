"""ST-CLIP the whole way through make: views, training inside the encoder, scores; whichever way views come."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from tests.end_to_end import runs
from tests.end_to_end.caches import artifacts, ledger, made, metrics
from tests.end_to_end.conftest import ByMake, Work
from tests.end_to_end.made import TEST
from zsstad_core.errors import CacheError
from zsstad_core.learning.banks import scoring_bank
from zsstad_core.learning.cached_labels import scoring_labels
from zsstad_core.learning.weights import load_into
from zsstad_core.methods.registry import build
from zsstad_core.read_ahead import WAIT
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
    assert ended.stages == ("encode", "train", "score", "evaluate", "metrics")
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
    assert ended.stages == ("train", "score", "evaluate", "metrics")
    assert results(fresh) == results(work)
    assert not list(fresh.cache.glob("jhmdb/tokens-*pixel-*"))

    # What the one way made is there for the other.
    assert fresh.run("eval", head="stclip", **SHORT).ok().stages == ("encode", "metrics")


def test_weights_that_are_loaded_again_give_the_same_scores(work: Work, new_work):
    before, again = results(work), new_work(work.cache)
    again.forget("score", "evaluate")
    assert again.run("eval", head="stclip", **SHORT).ok().stages == ("score", "evaluate", "metrics")
    assert results(again) == before


@pytest.mark.slow
def test_killed_in_the_middle_it_ends_with_the_same_bytes(work: Work, new_work):
    again = new_work(work.cache)
    again.forget("train", "training", "score", "evaluate")
    moment = runs.Moment(1, again.cache, "jhmdb/training/*/iter_2.pth", 1)
    again.start("eval", head="stclip", dies=moment, **SHORT).killed()
    ended = again.run("eval", head="stclip", **SHORT).ok()
    assert "train: going on from iter_" in ended.out
    assert results(again) == results(work)


def test_an_exported_encoder_has_the_trained_lora_in_it(work: Work, tmp_path: Path):
    """Saved, exported with LoRA folded in, loaded by name as any encoder: the same logits."""
    plan = work.plan("stclip", **SHORT)
    settings = {**work.settings, **{name.replace("__", "."): value for name, value in SHORT.items()}}
    choices = {"head": "stclip", "kind": "encoder", "out": tmp_path / "out"}
    ended = runs.run("export", settings, tmp_path / "log", **choices).ok()
    file = tmp_path / "out" / "encoder.pt"
    assert ended.out == f"export: {file}: encoder.pretrained= takes it\n"
    merged_settings = work.plan("stclip", **SHORT, heads__stclip__lora_rank=0, encoder__pretrained=file).settings

    trained, merged = build(plan.settings, 0).eval(), build(merged_settings, 0).eval()
    load_into(trained, plan.train)
    kept = {name: weight for name, weight in trained.state_dict().items() if ".lora." not in name}
    merged.load_state_dict(kept, strict=True)
    videos = [video_id for video_id, part in plan.official_split.items() if part == "test" and video_id in plan.members]
    batch = scoring_bank(plan, "cpu", videos).gather(np.arange(3)).batch
    labels = scoring_labels(plan, plan.dataset.classes)
    with torch.inference_mode():
        wanted, got = trained(batch, labels), merged(batch, labels)
        for lora in (lora for block in trained.tower.blocks for lora in block.lora):
            lora.b_OR.zero_()
        untrained = trained(batch, labels)
    torch.testing.assert_close(got, wanted, rtol=1e-4, atol=1e-4)
    assert (untrained - wanted).abs().max() > 10 * (got - wanted).abs().max()  # LoRA has learned, and it matters


def test_weights_of_other_shapes_are_refused_in_one_line(work: Work):
    """Half a rank of LoRA more, or a whole part: the file is named, and what to do."""
    plan = work.plan("stclip", **SHORT)
    other = build(work.plan("stclip", **SHORT, heads__stclip__lora_rank=4).settings, 0)
    with pytest.raises(
        CacheError, match=r"head\.pt: not the weights of this head \(.*size mismatch.*\); train again"
    ) as e:
        load_into(other, plan.train)
    assert "\n" not in str(e.value)


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
