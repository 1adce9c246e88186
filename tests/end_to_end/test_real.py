"""The real J-HMDB through the whole way, as far as it can be had: what a perfect classifier would reach, and no frame
that is not there."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from tests.end_to_end import runs
from tests.end_to_end.caches import metrics
from tests.end_to_end.conftest import Work
from zsstad_core.cache.units import published_units
from zsstad_core.tables import read_table

SELECTIONS = {
    "first 3 boxes": {"scoring__select": "first"},
    "score > best - 0.001": {"scoring__select": "margin"},
    "score >= 0.2": {"scoring__select": "threshold"},
    "all boxes": {"scoring__select": "all"},
}


def real_settings(realdata: Path) -> dict[str, object]:
    return {
        "datasets.jhmdb.root": realdata,
        "datasets.jhmdb.videos": "videos/jhmdb",
        "datasets.jhmdb.groundtruth": "annotations/jhmdb/JHMDB-GT.pkl",
    }


@pytest.fixture(scope="module")
def real(realdata: Path, tmp_path_factory: pytest.TempPathFactory) -> Work:
    """All clips with ST-CLIP's boxes (Faster R-CNN, of every frame of the test part)."""
    runs.warm_up()
    folder = tmp_path_factory.mktemp("real")
    (folder / "logs").mkdir()
    boxes = realdata / "annotations" / "st_clip_zs_jhmdb" / "jhmdb_faster_RCNN_person.json"
    cache = {"cache.root": folder / "cache", "detector.boxes_from": boxes}
    work = Work({**real_settings(realdata), **cache}, folder / "cache", folder / "logs")
    said = work.run("extract", head="oracle").ok().out
    assert "jhmdb_faster_RCNN_person.json: 44371 boxes; 3 without area and 0 of other clips left out" in said
    assert "groundtruth: 14 annotated boxes stand on frames that 3 clips do not have" in said
    assert "groundtruth: 471 annotated clips are not on disk" in said
    return work


@pytest.fixture(scope="module")
def expected(realdata: Path) -> dict[str, dict[str, float]]:
    return json.loads((realdata / "expected.json").read_text())["jhmdb_oracle_ceilings"]


@pytest.mark.parametrize("selection", SELECTIONS)
@pytest.mark.parametrize("split", [1, 2])
def test_a_perfect_classifier_reaches_the_reference_evaluators_number(selection: str, split: int, real: Work, expected):
    found = metrics(real.run("eval", head="oracle", split=split, **SELECTIONS[selection]).ok().out)
    assert 100 * found["unseen"] == pytest.approx(expected[selection][f"split {split}"], abs=0.01)
    assert (found["groundtruth"]["frames annotated"], found["groundtruth"]["frames that the videos have"]) == (
        9139,
        9126,
    )


def test_a_perfect_classifier_reaches_it_for_every_class(real: Work, expected):
    found = metrics(real.run("eval", head="oracle", split=1, scoring__select="first").ok().out)["classes"]
    per_class = expected["split 1, first 3, per class"]
    assert {name: round(100 * found[name]["ap"], 2) for name in per_class} == pytest.approx(per_class, abs=0.01)


def test_the_index_holds_the_frames_that_really_decode(real: Work, realdata: Path):
    (folder,) = real.cache.glob("jhmdb/index-*")
    videos = pd.concat([read_table(unit.file("videos.parquet"), "videos") for unit in published_units(folder)])
    with (realdata / "annotations" / "jhmdb" / "videos_928.csv").open(encoding="utf-8") as stream:
        rows = {row["video"]: row for row in csv.DictReader(stream) if row["in_realdata_subset"] == "1"}
    assert dict(zip(videos["video_id"], videos["frames"], strict=True)) == {
        name: int(row["decoded_frames"]) for name, row in rows.items()
    }
    assert len(rows) == 457
    assert {name: row["sha256"] for name, row in rows.items()} == dict(
        zip(videos["video_id"], videos["digest"], strict=True)
    )
    assert (videos["width"].eq(320) & videos["height"].eq(240)).all()


@pytest.mark.slow
def test_real_clips_a_real_detector_and_a_trained_head(realdata: Path, new_work: Callable[[Path | None], Work]):
    work = new_work(None)
    changed: dict[str, object] = {
        **real_settings(realdata),
        "datasets.jhmdb.clips_per_class": 1,
        "detector.config": "yolox/yolox_nano_8xb8-300e_coco.py",
        "detector.checkpoint": realdata / "weights" / "yolox_nano" / "yolox_nano_mmdet.pth",
        "training.iterations": 200,
        "training.warmup": 20,
    }
    underscored = {name.replace(".", "__"): value for name, value in changed.items()}
    found = metrics(work.run("eval", **underscored).ok().out)
    assert found["groundtruth"]["clips"] == 21
    recalls = [row["recall"] for row in found["classes"].values()]
    assert len(recalls) == 21
    assert sum(recall > 0.9 for recall in recalls) >= 18  # a detector that works
    assert work.run("eval", **underscored).ok().stages == ("metrics",)
