"""Two and four workers on the demo's clips and on real ones, with real detectors: the bytes that one process makes."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.end_to_end import runs
from tests.end_to_end.caches import artifacts
from tests.end_to_end.made import Settings

pytestmark = pytest.mark.slow


def demo(_: Path) -> Settings:
    return {"dataset": "stickworld", "datasets.stickworld.train_clips": 1, "datasets.stickworld.test_clips": 1}


def real(realdata: Path) -> Settings:
    return {
        "dataset": "jhmdb",
        "datasets.jhmdb.root": realdata,
        "datasets.jhmdb.videos": "videos/jhmdb",
        "datasets.jhmdb.groundtruth": "annotations/jhmdb/JHMDB-GT.pkl",
        "datasets.jhmdb.clips_per_class": 1,
        "detector.config": "yolox/yolox_nano_8xb8-300e_coco.py",
        "detector.checkpoint": realdata / "weights" / "yolox_nano" / "yolox_nano_mmdet.pth",
        "encoder.model": "tests/assets/tiny-clip.json",
        "encoder.pretrained": "random",
    }


@pytest.mark.parametrize("clips", [demo, real], ids=["demo", "real"])
def test_any_number_of_workers_gives_the_same_bytes(
    clips: Callable[[Path], Settings], request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    own = demo(tmp_path) if clips is demo else real(request.getfixturevalue("realdata"))
    rendered = {"datasets.stickworld.root": tmp_path / "stickworld"}
    made = {}
    for workers in (0, 2, 4):
        cache = tmp_path / f"cache{workers}"
        work = {"cache.root": cache, "cache.clips_per_unit": 4, "workers.count": workers}
        runs.make("extract", {**own, **rendered, **work}).ok()
        made[workers] = artifacts(cache)
    assert len(made[0]) > 30
    assert made[2] == made[0]
    assert made[4] == made[0]
