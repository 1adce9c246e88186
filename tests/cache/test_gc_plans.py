"""`make gc` keeps what any plan of the settings names, and removes the rest only when it is told to."""

from pathlib import Path

import pytest

from tests.cache.made_artifacts import age, all_bytes, run
from tests.conftest import ROOT
from tests.made_plans import plan, settings, write_dataset
from zsstad_core import configure
from zsstad_core.cache.artifact import Artifact
from zsstad_core.errors import MissingFileError
from zsstad_core.plan.reachable import reachable


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_dataset(tmp_path / "jhmdb")
    return tmp_path


def overrides(folder: Path) -> str:
    return f"datasets.jhmdb.root={folder / 'jhmdb'} cache.root={folder / 'cache'}"


def test_every_head_split_and_choice_of_boxes_counts_and_recipes_where_they_can_be_planned(folder: Path) -> None:
    file = folder / "pipeline.yaml"
    file.write_text(
        "recipes:\n  lost: {detector: {checkpoint: lost.pth}}\n  padded: {encoder: {crop: pad}}\n"
        "  iclip/jhmdb: {training: {lr: 0.5}}\n"  # applies by itself
    )
    words = f"head=oracle split=2 {overrides(folder)}"
    found = reachable(configure.load(file, overrides=words), configure.SettingsFile.read(file), words)
    own = {"training.lr": 0.5}
    for asked in (
        {},
        {"head": "clip_crop", "split": 3},
        {"split": 4, "scoring.boxes": "groundtruth"},
        {"head": "oracle"},
        {"encoder.crop": "pad"},
    ):
        assert {artifact.path.name for artifact in plan(folder, **own, **asked).all()} <= found.names
    assert plan(folder).train.path.name not in found.names  # type: ignore[union-attr]
    (note,) = found.notes
    assert note.startswith("RECIPE=lost cannot be planned here, so only age protects what it made: lost.pth: ")


def test_where_the_settings_cannot_be_planned_nothing_is_called_unneeded(folder: Path) -> None:
    words = f"{overrides(folder)} detector.checkpoint=lost.pth"
    with pytest.raises(MissingFileError, match=r"lost\.pth"):
        reachable(settings(folder), configure.SettingsFile.read(ROOT / "pipeline.yaml"), words)
    (folder / "cache" / "jhmdb").mkdir(parents=True)
    done = run("gc", "--apply", overrides=words)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: lost.pth: ")


@pytest.mark.fault(50)
def test_it_is_dry_by_default_and_then_does_what_it_said(folder: Path) -> None:
    wanted, other = plan(folder), plan(folder, **{"encoder.crop": "pad", "training.lr": 1.0})
    for artifact in [*wanted.all(), *other.all()]:
        make_content(artifact)
    age(folder / "cache")
    before = all_bytes(folder / "cache")
    unneeded = {artifact.path for artifact in other.all()} - {artifact.path for artifact in wanted.all()}
    unneeded.remove(other.train.path)  # type: ignore[union-attr]
    dry = run("gc", overrides=overrides(folder))
    assert dry.returncode == 0, dry.stderr
    assert before.items() <= all_bytes(folder / "cache").items()
    lines = [line for line in dry.stdout.splitlines() if not line.startswith("gc: RECIPE=")]
    assert {line.split("  (")[0].split()[-1] for line in lines[:-1]} == {str(path) for path in unneeded}
    assert lines[-1].startswith(f"gc: {len(unneeded)} things, ")
    assert lines[-1].endswith(" kB; APPLY=1 removes them")
    done = run("gc", "--apply", overrides=overrides(folder))
    assert done.returncode == 0, done.stderr
    assert not any(path.exists() for path in unneeded)
    assert all(artifact.is_complete() for artifact in wanted.all())
    assert run("gc", overrides=overrides(folder)).stdout.endswith(f"gc: nothing to remove in {wanted.root}\n")


def make_content(artifact: Artifact) -> None:
    for group in artifact.begin():
        with artifact.publish(group) as unit:
            (unit / "content").write_text("0123456789")
    artifact.complete()
