"""A clip that a stage cannot read costs its unit a second pass, and the other clips nothing."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.extraction.fakes import FakeDetector, grey_clips
from zsstad_core.cache import set_aside
from zsstad_core.cache.artifact import Artifact
from zsstad_core.cache.read import read_artifact_table
from zsstad_core.cache.stages import DETECT
from zsstad_core.errors import DataError
from zsstad_core.extraction.detect import detect
from zsstad_core.settings.frozen import Detector as DetectorSettings
from zsstad_core.work import Compute, Work, run

CLIPS = {"wave/a": [1, 2], "wave/b": [1, 2], "wave/c": [1]}


def broken(folder: Path, names: Sequence[str]) -> tuple[Artifact, Compute]:
    """An artifact of three clips, of which some do not decode, and what computes it."""
    sources = grey_clips(folder / "clips", CLIPS)
    for name in names:
        (folder / "clips" / name / "00001.png").write_bytes(b"not a picture")
    artifact = Artifact(folder / "cache", DETECT, {"schema": 1}, {name: f"digest of {name}" for name in CLIPS})
    return artifact, detect(sources, FakeDetector(), DetectorSettings(batch=2))


@pytest.mark.fault(26)
def test_the_others_are_done_and_the_failure_is_noted(tmp_path: Path) -> None:
    artifact, compute = broken(tmp_path, ["wave/b"])
    run(Work("detect", [artifact], lambda: compute, allowed=0.5))
    left = artifact.without(["wave/b"])
    assert left.is_complete()
    assert not artifact.is_complete()
    assert set(read_artifact_table(left, "boxes")["video_id"]) == {"wave/a", "wave/c"}
    (failure,) = set_aside.recorded_failures(artifact.root, artifact.members).values()
    assert (failure.video_id, failure.stage) == ("wave/b", "detect")
    assert "00001.png" in failure.reason


def test_two_broken_clips_of_one_unit_are_both_found(tmp_path: Path) -> None:
    artifact, compute = broken(tmp_path, ["wave/a", "wave/c"])
    run(Work("detect", [artifact], lambda: compute, allowed=1))
    assert set(set_aside.recorded_failures(artifact.root, artifact.members)) == {"wave/a", "wave/c"}


def test_a_unit_of_which_nothing_is_left_is_not_made(tmp_path: Path) -> None:
    artifact, compute = broken(tmp_path, list(CLIPS))
    with pytest.raises(DataError, match=r"^detect: all 3 clips failed: .*wave/a/00001\.png"):
        run(Work("detect", [artifact], lambda: compute, allowed=1))
    assert not list(artifact.path.glob("unit-*"))


@pytest.mark.fault(26)
def test_more_failures_than_are_allowed_are_an_error_after_all_is_done(tmp_path: Path) -> None:
    artifact, compute = broken(tmp_path, ["wave/b"])
    with pytest.raises(DataError, match=r"detect: 1 of 3 clips failed, more than cache.failures_allowed \(30 %\)"):
        run(Work("detect", [artifact], lambda: compute, allowed=0.3))
    assert artifact.without(["wave/b"]).is_complete()


def test_a_file_that_is_replaced_is_not_set_aside_any_more(tmp_path: Path) -> None:
    artifact, compute = broken(tmp_path, ["wave/b"])
    run(Work("detect", [artifact], lambda: compute, allowed=0.5))
    assert set_aside.recorded_failures(artifact.root, {**artifact.members, "wave/b": "another digest"}) == {}


@pytest.mark.fault(10)
def test_a_note_that_was_cut_is_no_note(tmp_path: Path) -> None:
    artifact, compute = broken(tmp_path, ["wave/b"])
    run(Work("detect", [artifact], lambda: compute, allowed=0.5))
    (note,) = (artifact.root / "set-aside").iterdir()
    note.write_text(note.read_text()[:20])
    assert set_aside.recorded_failures(artifact.root, artifact.members) == {}
