"""AVA in a plan: what a changed setting or file redoes, and no more."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.datasets.made_ava import rows, write_annotation, write_places
from tests.made_plans import changed, keys
from tests.made_plans import settings as settings_of
from zsstad_core.plan.plan import Plan

EVERYTHING = {"index", "groundtruth", "detect", "train", "score", "evaluate"} | {
    f"tokens-{kind}" for kind in ("frame", "person", "object", "groundtruth")
}
BY_ANNOTATION = {"groundtruth", "tokens-groundtruth", "train", "score", "evaluate"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_annotation(tmp_path / "ava")
    write_places(tmp_path / "ava")
    for video in (tmp_path / "ava" / "videos").iterdir():
        (video / f"{video.name}_000001.jpg" if video.is_dir() else video).write_text(video.name)
    return tmp_path


def keys_of(folder: Path, **settings: Any) -> dict[str, str]:
    own = {"dataset": "ava", "split": "3", "datasets.ava.root": str(folder / "ava"), "training.loss": "ava"}
    return keys(Plan(settings_of(folder, **(own | settings))))


@pytest.mark.fault(15)
@pytest.mark.parametrize(
    ("name", "value", "redone"),
    [
        ("start", 0.0, EVERYTHING),
        ("fps", 25.0, EVERYTHING),
        ("first_second", 900, EVERYTHING),
        ("last_second", 1900, EVERYTHING),
        ("around", 4, EVERYTHING),
        ("step", 2.0, EVERYTHING),
        ("step_unit", "frames", EVERYTHING),
        ("excluded_val", None, BY_ANNOTATION),
        ("videos", "moved", set()),
        ("labelmap", "moved.pbtxt", BY_ANNOTATION),  # of several files each goes by its name
    ],
)
def test_a_setting_redoes_what_it_must_and_no_more(folder: Path, name: str, value: Any, redone: set[str]):
    before = keys_of(folder)
    shutil.copytree(folder / "ava/videos", folder / "ava/moved")
    shutil.copy(folder / "ava/ava_action_list_v2.2.pbtxt", folder / "ava/moved.pbtxt")
    assert changed(before, keys_of(folder, **{f"datasets.ava.{name}": value})) == redone


@pytest.mark.fault(15)
def test_a_corrected_annotation_redoes_no_frame_and_no_box(folder: Path):
    before = keys_of(folder)
    write_annotation(folder / "ava", val=rows(["-tst_frames", "tst_ntsc_00"], person_ids=False))
    assert changed(before, keys_of(folder)) == BY_ANNOTATION


def test_which_classes_are_unseen_decides_a_training_that_bars_their_videos(folder: Path):
    """Both leave the same classes seen; only one of them knows of others that must not be in a training video."""
    few = folder / "few.yaml"
    few.write_text(
        "a: {seen: [action 11, action 12], unseen: [press]}\nb: {seen: [action 11, action 12], unseen: [stir]}\n"
    )
    one, other = (
        keys_of(folder, **{"split": f"{few}:{name}", "training.videos": "without_unseen"}) for name in ("a", "b")
    )
    assert one["train"] != other["train"]
    one, other = (keys_of(folder, split=f"{few}:{name}") for name in ("a", "b"))
    assert one["train"] == other["train"]
