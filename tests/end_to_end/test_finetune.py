"""The detector fine-tuned on the way: before detection, for each label split, killed and gone on with."""

import io
import json
from pathlib import Path

import pandas as pd
import pytest
import torch

from tests.conftest import ROOT
from tests.end_to_end import runs
from tests.end_to_end.caches import artifacts, ledger, made
from tests.end_to_end.conftest import ByMake, Work
from tests.end_to_end.made import CLIPS, Settings, write_annotation, write_clips
from zsstad_core.tables import concat, read_table

MODELS = ROOT / "demo" / "models"
TUNED = {
    "detector__config": MODELS / "detector.py",
    "detector__checkpoint": MODELS / "detector.pth",
    "detector__finetune__epochs": 1,
    "detector__finetune__every": 4,
    "detector__finetune__batch": 4,
    "detector__finetune__lr": 0.005,
    "detector__finetune__checkpoint_every": 2,
    "detector__finetune__log_every": 1,
}


def boxes(cache: Path) -> pd.DataFrame:
    """The table that was detected last."""
    key = next(line["key"] for line in reversed(ledger(cache)) if line["stage"] == "detect")
    units = (cache / "jhmdb" / f"detect-{key}").glob("unit-*/boxes.parquet")
    return concat("boxes", [read_table(unit, "boxes") for unit in units])


def tuned(cache: Path) -> bytes:
    (file,) = cache.glob("jhmdb/finetune-*/unit-*/detector.pth")
    return file.read_bytes()


def test_detection_waits_for_it_and_uses_its_weights_for_persons(ready: Work):
    untouched = {name: value for name, value in TUNED.items() if "finetune" not in name}
    ready.run("detect", **untouched).ok()
    before, lines = boxes(ready.cache), len(ledger(ready.cache))
    ended = ready.run("extract", head="clip_crop", **TUNED).ok()
    assert ended.stages == ("finetune", "detect", "encode")
    assert "of 6 clips of 15 seen classes, 1 epochs" in ended.out  # catch, golf, wave; never run and stand
    assert made(ready.cache, lines) == {"finetune", "detect", "tokens-person"}
    after = boxes(ready.cache)
    of_objects = [rows[rows["what"] != "person"].drop(columns="box").reset_index(drop=True) for rows in (before, after)]
    pd.testing.assert_frame_equal(*of_objects)
    persons = [rows.loc[rows["what"] == "person", "score"].mean() for rows in (before, after)]
    assert persons[1] > persons[0]
    manifest = json.loads(min(ready.cache.glob(f"jhmdb/{_folder(ready)}/unit-*/manifest.json")).read_text())
    assert "(persons), " in manifest["made_with"]["weights"]
    start = torch.load(MODELS / "detector.pth", weights_only=True)["state_dict"]
    weights = torch.load(io.BytesIO(tuned(ready.cache)), weights_only=True)["state_dict"]
    assert any(not torch.equal(weights[name], start[name].float()) for name in start)

    # All is there: nothing is done again, and another split trains and detects again.
    assert ready.run("extract", head="clip_crop", **TUNED).ok().stages == ()
    settings = {**ready.settings, **{name.replace("__", "."): value for name, value in TUNED.items()}}
    again = runs.plan("extract", settings, head="clip_crop", split=1)
    assert runs.stages(again) == ("finetune", "detect", "encode")


def _folder(work: Work) -> str:
    key = next(line["key"] for line in reversed(ledger(work.cache)) if line["stage"] == "detect")
    return f"detect-{key}"


def test_without_epochs_there_is_nothing_to_do(by_make: ByMake, settings: Settings):
    ended = runs.make("finetune", {**settings, "cache.root": by_make.cache}).ok()
    assert ended.out == "finetune: detector.finetune.epochs is 0, the detector stays as it is\n"


@pytest.mark.fault(49)
def test_killed_in_the_middle_it_ends_with_the_same_bytes(ready: Work, by_make: ByMake, new_work):
    undisturbed = new_work(by_make.cache)
    undisturbed.run("finetune", **TUNED).ok()
    moment = runs.Moment(1, ready.cache, "jhmdb/training/finetune-*/iter_2.pth", 1)
    ready.start("finetune", dies=moment, **TUNED).killed()
    assert not list(ready.cache.glob("jhmdb/finetune-*/unit-*"))
    ended = ready.run("finetune", **TUNED).ok()
    assert "finetune: going on from iter_" in ended.out
    assert artifacts(ready.cache) == artifacts(undisturbed.cache)


def test_a_training_clip_that_is_broken_is_set_aside_and_the_others_train(empty: Work, tmp_path: Path):
    root = tmp_path / "broken"
    write_clips(root, CLIPS)
    write_annotation(root)
    (root / "videos" / "golf" / "clip_a.avi").write_bytes(b"no video")
    ended = empty.run("finetune", datasets__jhmdb__root=root, cache__failures_allowed=0.1, **TUNED).ok()
    assert "set aside" in ended.err
    assert "of 5 clips of 15 seen classes" in ended.out
