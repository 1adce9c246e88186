"""Videos that cannot be read: the run goes on without them, says so, and only they are tried again."""

import shutil
from pathlib import Path

import pytest

from tests.end_to_end import runs
from tests.end_to_end.caches import ledger, made
from tests.end_to_end.conftest import Work
from tests.end_to_end.made import CLIPS, TEST, Settings, frames_of

BROKEN = TEST[0]


@pytest.fixture
def dataset(settings: Settings, tmp_path: Path) -> Path:
    """A copy of the dataset, of which a test clip is cut in its middle."""
    root = tmp_path / "dataset"
    shutil.copytree(str(settings["datasets.jhmdb.root"]), root, ignore=shutil.ignore_patterns("cache"))
    cut(root / "videos" / f"{BROKEN}.avi")
    return root


def cut(video: Path) -> None:
    video.write_bytes(video.read_bytes()[: video.stat().st_size // 2])


def tolerant(root: Path) -> dict[str, object]:
    return {"datasets__jhmdb__root": root, "cache__failures_allowed": 0.2}


@pytest.mark.fault(26)
def test_a_damaged_clip_is_set_aside_and_counts_as_missed(dataset: Path, empty: Work) -> None:
    ended = empty.run("eval", head="clip_frame", **tolerant(dataset)).ok()
    assert f"index: set aside: {dataset}/videos/{BROKEN}.avi" in ended.err
    assert f"index: 1 of {len(CLIPS)} clips failed and count as missed" in ended.out
    assert "1 more test clips are not there, or cannot be read: their boxes count as missed" in ended.out
    whole = sum(frames_of(name) for name in TEST)
    assert f"{whole} annotated frames of {len(TEST)} test clips" in ended.out


@pytest.mark.fault(26)
def test_the_next_run_tries_the_damaged_clip_alone_and_goes_on_when_it_is_mended(dataset: Path, empty: Work) -> None:
    asked = {"head": "clip_frame", **tolerant(dataset)}
    empty.run("extract", **asked).ok()
    lines = len(ledger(empty.cache))
    again = empty.run("extract", **asked).ok()
    assert "index: 1 of" in again.out
    assert made(empty.cache, lines) == set()  # it failed again, and nothing else was done

    shutil.copy(
        str(Path(str(empty.settings["datasets.jhmdb.root"])) / "videos" / f"{BROKEN}.avi"),
        dataset / "videos" / f"{BROKEN}.avi",
    )
    mended = empty.run("extract", **asked).ok()
    assert "failed" not in mended.out
    done = [(line["stage"], line["clips"]) for line in ledger(empty.cache)[lines:]]
    assert set(done) == {("index", 1), ("groundtruth", 1), ("detect", 1), ("tokens-frame", 1)}
    assert empty.run("extract", **asked).ok().stages == ()


def test_too_many_failures_end_the_stage_with_an_error_that_names_the_way_out(dataset: Path, empty: Work) -> None:
    ended = empty.run("extract", head="clip_frame", datasets__jhmdb__root=dataset)
    assert ended.code == 2
    (line,) = [line for line in ended.err.splitlines() if line.startswith("error")]
    assert line.startswith(f"error: index: 1 of {len(CLIPS)} clips failed, more than cache.failures_allowed (1 %)")


@pytest.mark.fault(25)
def test_status_lists_what_was_set_aside_and_why(dataset: Path, empty: Work) -> None:
    empty.run("index", head="clip_frame", **tolerant(dataset)).ok()
    changed = {"datasets.jhmdb.root": dataset, "cache.root": empty.cache}
    said = runs.make("status", {**empty.settings, **changed}).ok().out.splitlines()
    assert said[0].startswith(f"{BROKEN}  index  ")
    assert f"{BROKEN}.avi" in said[0]
    assert said[1] == f"status: 1 of {len(CLIPS)} videos on disk are set aside"
