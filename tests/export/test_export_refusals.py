"""An export that is refused, killed or out of room says so in one line and leaves no half file."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.exported import FORMATS, export, names, stage
from tests.learning.made_cache import made_plan
from zsstad_core.cache.token_kinds import TokenKind
from zsstad_core.plan.plan import Plan


@pytest.mark.parametrize("kind", ["object", "text"])
def test_an_incomplete_artifact_is_refused(folder: Path, kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    made = made_plan(folder, **{"encoder.seed": 7})
    words = ("--kind", kind, "--out", str(tmp_path / "out"))
    assert stage("export", made, tmp_path, *words) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert f"not complete; run `make {'encode' if kind == 'object' else 'text'}`" in line
    assert not list((tmp_path / "out").glob("*"))


@pytest.mark.parametrize("file_format", FORMATS)
def test_a_damaged_unit_leaves_the_earlier_file(
    folder: Path, file_format: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    shutil.copytree(folder / "cache", tmp_path / "cache")
    made = made_plan(folder, **{"cache.root": str(tmp_path / "cache")})
    words = ("--kind", "frame", "--format", file_format)
    file = export(made, tmp_path, *words) / f"tokens-frame.{file_format}"
    before = file.read_bytes()
    shard = sorted(made.tokens(TokenKind.frame).path.glob("unit-*/tokens.zarr/c/0/0"))[-1]
    shard.write_bytes(bytes([shard.read_bytes()[0] ^ 1]) + shard.read_bytes()[1:])
    assert stage("export", made, tmp_path, "--out", str(file.parent), *words) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "fails its checksum" in line
    assert names(file.parent) == [file.name]
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--format", "csv"), 'FORMAT is "csv"; it must be one of h5, npz'),
        (
            ("--kind", "crop"),
            'KIND is "crop"; it must be one of frame, groundtruth, person, object, text, pixel, groundtruth_pixel, '
            "person_pixel, groundtruth_unprojected, person_unprojected, encoder, all",
        ),
        (
            ("--kind", "person_unprojected"),
            "head iclip reads no tokens of kind person_unprojected, and none are in the cache; choose a HEAD= and "
            "settings that do, and run `make encode`",
        ),
        (
            ("--kind", "pixel", "--head", "stclip", "--set", "encoder.pixels=decoded encoder.crop=pad"),
            "encoder.pixels is decoded, so no views are kept: set encoder.pixels=cached, `make encode`",
        ),
        (
            ("--kind", "encoder"),
            "head iclip trains nothing in the encoder under these settings; stclip can: choose another HEAD=, or a "
            "rank of LoRA above 0",
        ),
        (("--head", "oracle"), "the head oracle reads no tokens; choose another HEAD=, or name a KIND="),
    ],
)
def test_a_choice_that_cannot_be_is_refused(
    plan: Plan, words: tuple[str, ...], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    assert stage("export", plan, tmp_path, "--out", str(tmp_path / "out"), *words) == 2
    assert capsys.readouterr().err == f"error: {said}\n"


@pytest.mark.parametrize("file_format", FORMATS)
def test_a_folder_that_cannot_be_written_to_is_refused(
    plan: Plan, file_format: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    (tmp_path / "out").write_text("a file")
    words = ("--out", str(tmp_path / "out"), "--kind", "text", "--format", file_format)
    assert stage("export", plan, tmp_path, *words) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "cannot be written" in line


def in_process(made: Plan, tmp_path: Path, before: str, *words: str) -> "subprocess.CompletedProcess[str]":
    """The export stage in a process of its own, where `before` runs first."""
    stage("export", made, tmp_path, "--kind", "none")  # writes the settings' file
    code = f"import os, signal, resource, shutil\n{before}\nimport stages.export\nstages.export.main()"
    words = ("--settings", str(tmp_path / "settings.yaml"), "--out", str(tmp_path / "out"), "--kind", "frame", *words)
    return subprocess.run([sys.executable, "-c", code, *words], cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("file_format", FORMATS)
def test_a_killed_export_leaves_no_file_and_the_next_one_clears_up(plan: Plan, file_format: str, tmp_path: Path):
    words = ("--format", file_format)
    killed = in_process(plan, tmp_path, "os.fsync = lambda _: os.kill(os.getpid(), signal.SIGKILL)", *words)
    assert killed.returncode == -9, killed.stderr
    assert len(names(tmp_path / "out")) == 1
    assert not list((tmp_path / "out").glob("tokens-*"))  # what is there has a hidden name
    export(plan, tmp_path, "--kind", "frame", *words)
    assert names(tmp_path / "out") == [f"tokens-frame.{file_format}"]


@pytest.mark.fault(5)
@pytest.mark.parametrize(("file_format", "most"), [("h5", 4000), ("npz", 600)])
def test_a_disk_that_fills_up_is_said_in_one_line(plan: Plan, file_format: str, most: int, tmp_path: Path):
    limit = f"resource.setrlimit(resource.RLIMIT_FSIZE, ({most}, {most}))"  # bytes: no file may grow beyond
    ended = in_process(plan, tmp_path, limit, "--format", file_format)
    assert ended.returncode == 2, ended.stderr
    (line,) = ended.stderr.splitlines()
    assert "cannot be written" in line
    assert names(tmp_path / "out") == []


def test_a_disk_without_room_is_seen_before_anything_is_written(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10, 10, 0))  # type: ignore[attr-defined]
    assert stage("export", plan, tmp_path, "--out", str(tmp_path / "out"), "--kind", "frame") == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "needs 0 MiB for 148 tokens, 0 MiB are free" in line
    assert names(tmp_path / "out") == []
