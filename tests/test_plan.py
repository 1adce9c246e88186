"""What a change redoes, and what it leaves alone."""

import json
import os
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT, TINY_CLIP
from tests.datasets.made_jhmdb import TEST, TRAIN, TRAIN_AND_TEST, write_masks
from tests.made_plans import changed, clip, keys, members, plan, settings, write_dataset
from tests.waiting import until_files_have_another_time
from zsstad_core.cache.versions import SCHEMA
from zsstad_core.errors import MissingFileError, SettingsError
from zsstad_core.plan.plan import Plan


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_dataset(tmp_path / "jhmdb")
    return tmp_path


# ---- what depends on what


def test_an_artifact_stands_after_all_that_it_reads(folder: Path) -> None:
    before: dict[str, str] = {}
    for artifact in plan(folder).all():
        needs = {name: key for name, key in artifact.inputs.get("needs", {}).items() if not name.endswith("videos")}
        assert needs.items() <= before.items()
        before[artifact.stage.name] = artifact.key


@pytest.mark.parametrize(
    ("asked", "stages"),
    [
        ({}, "index groundtruth detect tokens-frame tokens-object tokens-person tokens-groundtruth text train"),
        (
            {"scoring.boxes": "groundtruth"},
            "index groundtruth detect tokens-frame tokens-object tokens-groundtruth text train",
        ),
        (
            {"scoring.boxes": "groundtruth", "heads.iclip.blocks": "PCM"},
            "index groundtruth tokens-frame tokens-groundtruth text train",
        ),
        ({"head": "clip_frame"}, "index groundtruth detect tokens-frame text"),
        ({"head": "clip_frame", "scoring.boxes": "groundtruth"}, "index groundtruth tokens-frame text"),
        ({"head": "clip_crop"}, "index groundtruth detect tokens-person text"),
        ({"head": "clip_crop", "scoring.boxes": "groundtruth"}, "index groundtruth tokens-groundtruth text"),
        ({"head": "oracle"}, "index groundtruth detect"),
        ({"head": "oracle", "scoring.boxes": "groundtruth"}, "index groundtruth"),
    ],
    ids=str,
)
def test_only_what_the_head_reads_is_made(folder: Path, asked: dict[str, Any], stages: str) -> None:
    assert [*keys(plan(folder, **asked))] == [*stages.split(), "score", "evaluate"]


def test_a_detector_that_is_not_needed_need_not_be_there(folder: Path) -> None:
    lost = {"detector.checkpoint": "lost.pth", "scoring.boxes": "groundtruth"}
    assert "detect" not in keys(plan(folder, head="clip_frame", **lost))
    with pytest.raises(MissingFileError, match=r"lost\.pth"):
        keys(plan(folder, head="clip_frame", **{"detector.checkpoint": "lost.pth"}))


def test_persons_are_encoded_of_the_part_where_they_are_used(folder: Path) -> None:
    detected = members(plan(folder))
    assert sorted(detected["tokens-frame"]) == sorted(detected["tokens-object"]) == TRAIN_AND_TEST
    assert sorted(detected["tokens-person"]) == sorted(TEST)
    assert sorted(detected["tokens-groundtruth"]) == sorted(TRAIN)
    annotated = {"scoring.boxes": "groundtruth"}
    assert sorted(members(plan(folder, **annotated))["tokens-groundtruth"]) == TRAIN_AND_TEST
    assert sorted(members(plan(folder, head="clip_crop", **annotated))["tokens-groundtruth"]) == sorted(TEST)


BOXES = {"detect", "tokens-person", "tokens-object"}
TOKENS = {"tokens-frame", "tokens-person", "tokens-object", "tokens-groundtruth"}
SCORED = {"score", "evaluate"}
LEARNED = {"train", *SCORED}


@pytest.mark.fault(20)
@pytest.mark.parametrize(
    ("stage", "redone"),
    [
        ("index", {"index", "groundtruth", *BOXES, *TOKENS, *LEARNED}),
        ("groundtruth", {"groundtruth", "tokens-groundtruth", *LEARNED}),
        ("detect", BOXES | LEARNED),
        ("encode", TOKENS | LEARNED),
        ("text", {"text"} | LEARNED),
        ("train", LEARNED),
        ("score", SCORED),
        ("evaluate", {"evaluate"}),
    ],
)
def test_a_stage_whose_code_changed_redoes_what_follows_from_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch, stage: str, redone: set[str]
) -> None:
    before = keys(plan(folder))
    monkeypatch.setitem(SCHEMA, stage, 99)
    assert changed(before, keys(plan(folder))) == redone


@pytest.mark.fault(17)
def test_another_decoder_redoes_all_that_was_decoded(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = keys(plan(folder))
    monkeypatch.setattr("zsstad_core.video.decoder_versions", lambda: {"av": "0"})
    assert changed(before, keys(plan(folder))) == set(before) - {"text"}


@pytest.mark.fault(17)
@pytest.mark.parametrize(
    ("package", "redone"),
    [
        ("av", {"index", "groundtruth", *BOXES, *TOKENS, *LEARNED}),
        ("pillow", {"index", "groundtruth", *BOXES, *TOKENS, *LEARNED}),
        ("mmdet", BOXES | {"train", *SCORED}),
        ("mmengine", BOXES | {"train", *SCORED}),
        ("mmcv-lite", BOXES | {"train", *SCORED}),
        ("open_clip_torch", {*TOKENS, "text", *LEARNED}),
        ("torch", {*BOXES, *TOKENS, "text", *LEARNED}),
        ("numpy", set()),
        ("zarr", set()),
    ],
)
def test_another_version_of_a_package_redoes_what_it_decides(
    folder: Path, monkeypatch: pytest.MonkeyPatch, package: str, redone: set[str]
) -> None:
    before = keys(plan(folder))

    def other(name: str) -> str:
        return "0.0.0" if name == package else version(name)

    for module in ("video.source", "plan.inputs", "frozen.detector.mmdet.config", "frozen.encoder_identity"):
        monkeypatch.setattr(f"zsstad_core.{module}.version", other)
    assert changed(before, keys(plan(folder))) == redone


# ---- videos: members of artifacts, not part of their keys


def test_a_replaced_test_clip_is_redone_alone_and_nothing_is_learned_anew(folder: Path) -> None:
    before, clips = keys(plan(folder)), members(plan(folder))["index"]
    clip(folder / "jhmdb", TEST[0]).write_text("other pictures")
    assert changed(before, keys(plan(folder))) == SCORED
    assert changed(clips, members(plan(folder))["index"]) == {TEST[0]}


def test_a_replaced_training_clip_is_redone_alone_and_learned_from(folder: Path) -> None:
    before, clips = keys(plan(folder)), members(plan(folder))
    clip(folder / "jhmdb", TRAIN[0]).write_text("other pictures")
    assert changed(before, keys(plan(folder))) == LEARNED
    assert changed(clips["index"], members(plan(folder))["index"]) == {TRAIN[0]}
    assert clips["tokens-person"] == members(plan(folder))["tokens-person"]


def test_a_clip_that_is_lost_changes_no_key_of_what_is_divided_by_clips(folder: Path) -> None:
    before, clips = keys(plan(folder)), members(plan(folder))["index"]
    clip(folder / "jhmdb", TEST[0]).unlink()
    assert changed(before, keys(plan(folder))) == SCORED
    assert clips.keys() - members(plan(folder))["index"] == {TEST[0]}


@pytest.mark.fault(22)
def test_touching_files_changes_nothing(folder: Path) -> None:
    before = keys(plan(folder)), members(plan(folder))
    for path in (folder / "jhmdb").rglob("*"):
        os.utime(path, (0, 0))
    assert before == (keys(plan(folder)), members(plan(folder)))


@pytest.mark.fault(19)
def test_a_moved_dataset_and_cache_change_nothing(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    before = keys(plan(folder)), members(plan(folder))
    moved = tmp_path_factory.mktemp("moved")
    (folder / "jhmdb").rename(moved / "j-hmdb-2013")
    after = plan(moved, **{"datasets.jhmdb.root": str(moved / "j-hmdb-2013")})
    assert before == (keys(after), members(after))


def test_moved_puppet_masks_change_nothing(folder: Path) -> None:
    masks = {"datasets.jhmdb.groundtruth": "puppet_mask"}
    write_masks(folder / "jhmdb")
    before = keys(plan(folder, **masks))
    (folder / "jhmdb").rename(folder / "elsewhere")
    (folder / "elsewhere" / "splits").rename(folder / "elsewhere" / "lists")
    elsewhere = {"datasets.jhmdb.root": str(folder / "elsewhere"), "datasets.jhmdb.official_splits": "lists"}
    assert keys(plan(folder, **masks, **elsewhere)) == before


def test_a_changed_puppet_mask_is_noticed(folder: Path) -> None:
    masks = {"datasets.jhmdb.groundtruth": "puppet_mask"}
    write_masks(folder / "jhmdb")
    before = keys(plan(folder, **masks))
    one, other = (folder / "jhmdb" / "puppet_mask" / name / "puppet_mask.mat" for name in TRAIN[:2])
    content = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(content)
    redone = {"groundtruth", "tokens-groundtruth", *LEARNED}
    assert changed(before, keys(plan(folder, **masks))) == redone


# ---- files that settings name


def replace_keeping_size_and_time(path: Path) -> None:
    status, content = path.stat(), bytearray(path.read_bytes())
    content[-1] ^= 1
    until_files_have_another_time(path.parent)
    path.write_bytes(content)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


@pytest.mark.fault(16)
@pytest.mark.parametrize(
    ("name", "file", "redone"),
    [
        ("encoder.pretrained", "clip.pt", {*TOKENS, "text", *LEARNED}),
        ("encoder.model", "clip.json", {*TOKENS, "text", *LEARNED}),
        ("detector.checkpoint", "detector.pth", {*BOXES, *LEARNED}),
        ("detector.boxes_from", "boxes.parquet", {*BOXES, *LEARNED}),
        ("detector.config", "detector.py", {*BOXES, *LEARNED}),
    ],
)
def test_another_file_under_the_same_name_is_noticed(
    folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, file: str, redone: set[str]
) -> None:
    monkeypatch.setattr("zsstad_core.cache.digests._SETTLED_S", -1)  # a memo of the first content is kept, and wrong
    path = folder / file
    path.write_text(f"{TINY_CLIP.read_text()} " if file.endswith(".json") else "# the content of it")
    before = plan(folder, **{name: str(path)})
    before_keys = keys(before)
    before.save()
    if file.endswith(".json"):
        until_files_have_another_time(folder)
        path.write_text(f"{TINY_CLIP.read_text()}\n")
    else:
        replace_keeping_size_and_time(path)
    assert changed(before_keys, keys(plan(folder, **{name: str(path)}))) == redone
    (folder / "moved").mkdir()
    at_this_place = keys(plan(folder, **{name: str(path)}))
    assert keys(plan(folder, **{name: str(shutil.move(path, folder / "moved"))})) == at_this_place


def test_a_config_that_has_the_name_of_its_base_is_not_taken_for_it(folder: Path) -> None:
    (folder / "base").mkdir()
    (folder / "base" / "d.py").write_text("a = 1")
    (folder / "d.py").write_text("_base_ = 'base/d.py'\nb = 1")
    before = keys(plan(folder, **{"detector.config": str(folder / "d.py")}))
    (folder / "d.py").write_text("_base_ = 'base/d.py'\nb = 2")
    assert changed(before, keys(plan(folder, **{"detector.config": str(folder / "d.py")}))) == BOXES | LEARNED
    (folder / "d.py").write_text("_base_ = 'base/d.py'\nb = 1")
    (folder / "base" / "d.py").write_text("a = 2")
    assert changed(before, keys(plan(folder, **{"detector.config": str(folder / "d.py")}))) == BOXES | LEARNED


@pytest.mark.parametrize("root", ["my cache", "~/cache", "a:b", "a#b", "a$b", "100%", "a=b", "a*"])
def test_a_cache_folder_that_make_would_misread_is_refused(folder: Path, root: str) -> None:
    with pytest.raises(SettingsError, match=r'cache\.root is ".*"; make cannot handle ".*" in it'):
        plan(folder, **{"cache.root": root})


# ---- the plan itself


def test_a_plan_is_quick_to_make_and_the_same_in_every_process(folder: Path) -> None:
    """Also that it loads none of the libraries that take seconds."""
    code = """
import json, sys
from zsstad_core.plan.makefile import makefile
from zsstad_core.plan.plan import Plan
from zsstad_core.plan.table import table
from zsstad_core.settings.pipeline import Settings
plan = Plan(Settings.model_validate_json(sys.argv[1]))
makefile(plan, ""), table(plan), plan.save()
heavy = {"torch", "torchvision", "mmdet", "mmengine", "mmcv", "open_clip", "av", "PIL", "pandas", "zarr"}
print(json.dumps([sorted(heavy & set(sys.modules)), {a.stage.name: str(a.done) for a in plan.all()}]))
"""
    wanted = settings(folder)
    run = [sys.executable, "-c", code, wanted.model_dump_json()]
    said = [
        subprocess.run(run, capture_output=True, text=True, check=True, cwd=ROOT, env={**os.environ, **env}).stdout
        for env in ({"PYTHONHASHSEED": "1", "LC_ALL": "C"}, {"PYTHONHASHSEED": "2"})
    ]
    assert said[0] == said[1]
    loaded, files = json.loads(said[0])
    assert loaded == []
    assert files == {artifact.stage.name: str(artifact.done) for artifact in Plan(wanted).all()}
