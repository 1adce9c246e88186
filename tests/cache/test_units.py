"""A unit is there whole or not at all, and says so."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from tests.cache import made_artifacts
from zsstad_core import tables
from zsstad_core.cache.artifact import Artifact
from zsstad_core.cache.stages import DETECT
from zsstad_core.cache.tokens import ARRAY, read_tokens, write_tokens
from zsstad_core.cache.units import MANIFEST, Unit, publish, published_units, remove_leftovers, unit_name
from zsstad_core.errors import CacheError, ModelError

MEMBERS = {"catch/a": "d1", "catch/b": "d2"}


def write_unit(artifact: Path, rows: int = 7, seed: int = 0) -> Unit:
    tokens = np.random.default_rng(seed).normal(size=(rows, 8)).astype(np.float16)
    with publish(artifact, MEMBERS, {"made_with": {"encoder": "tiny"}}) as folder:
        (folder / "note.txt").write_text("hello")
        write_tokens(folder, tokens)
    return Unit(artifact / unit_name(MEMBERS))


def all_bytes(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_the_same_content_gives_the_same_bytes(tmp_path: Path) -> None:
    first, second = write_unit(tmp_path / "a" / "detect-1"), write_unit(tmp_path / "b" / "detect-1")
    assert all_bytes(first.path) == all_bytes(second.path)


def test_tokens_come_back_as_they_went_in(tmp_path: Path) -> None:
    unit = write_unit(tmp_path, rows=3000)
    expected = np.random.default_rng(0).normal(size=(3000, 8)).astype(np.float16)
    assert np.array_equal(read_tokens(unit), expected)
    unit.verify()


def test_a_unit_without_any_row_is_still_a_unit(tmp_path: Path) -> None:
    assert read_tokens(write_unit(tmp_path, rows=0)).shape == (0, 8)


def test_an_exception_while_writing_leaves_nothing(tmp_path: Path) -> None:
    def half() -> None:
        with publish(tmp_path, MEMBERS, {}) as folder:
            (folder / "half").write_text("half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.fault(9)
@pytest.mark.parametrize("bit", range(0, 8 * 16, 7))
def test_a_flipped_bit_is_never_returned_as_a_token(tmp_path: Path, bit: int) -> None:
    unit = write_unit(tmp_path, rows=1)
    shard = min(p for p in (unit.path / ARRAY).rglob("*") if p.is_file() and p.name != "zarr.json")
    content = bytearray(shard.read_bytes())
    content[bit // 8] ^= 1 << bit % 8
    shard.write_bytes(content)
    with pytest.raises(CacheError, match=f"{unit.path.name}.*checksum.*will redo this unit"):
        read_tokens(unit)
    assert published_units(tmp_path) == []  # so that the next run makes it again


@pytest.mark.fault(7)
@pytest.mark.fault(8)
@pytest.mark.parametrize("how", ["deleted", "cut", "empty"])
def test_a_lost_shard_is_never_read_as_zeros(tmp_path: Path, how: str) -> None:
    unit = write_unit(tmp_path)
    shard = min(p for p in (unit.path / ARRAY).rglob("*") if p.is_file() and p.name != "zarr.json")
    match how:
        case "deleted":
            shard.unlink()
        case "cut":
            shard.write_bytes(shard.read_bytes()[:-1])
        case "empty":
            shard.write_bytes(b"")
    with pytest.raises(CacheError, match="missing or cut"):
        read_tokens(Unit(unit.path))


@pytest.mark.fault(10)
@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": 1}'])
def test_a_damaged_manifest_names_its_unit(tmp_path: Path, text: str) -> None:
    unit = write_unit(tmp_path)
    (unit.path / MANIFEST).write_text(text)
    with pytest.raises(CacheError, match=unit.path.name):
        _ = Unit(unit.path).manifest


@pytest.mark.fault(10)
def test_an_edited_manifest_is_noticed(tmp_path: Path) -> None:
    unit = write_unit(tmp_path)
    manifest = json.loads((unit.path / MANIFEST).read_text())
    manifest["members"]["catch/c"] = "d3"
    (unit.path / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(CacheError, match="does not match its own digest"):
        _ = Unit(unit.path).manifest


@pytest.mark.fault(10)
def test_many_damaged_manifests_are_made_again_in_one_run(tmp_path: Path) -> None:
    artifact = made_artifacts.tokens(tmp_path)
    names = made_artifacts.make(artifact)
    before = made_artifacts.all_bytes(artifact.path)
    for name in names:
        (artifact.path / name / MANIFEST).write_text("{")
    assert made_artifacts.make(artifact) == names
    assert made_artifacts.all_bytes(artifact.path) == before


@pytest.mark.fault(10)
def test_a_table_that_does_not_read_back_is_not_published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = pq.write_table
    monkeypatch.setattr(pq, "write_table", lambda arrow, path, **options: write(arrow.slice(1), path, **options))
    rows = tables.table("frames", {"video_id": ["a", "a"], "frame": [0, 1], "pts": [0.0, 0.1]})
    with pytest.raises(CacheError, match="reads back as something else"):
        tables.write_table(tmp_path / "frames.parquet", "frames", rows)


@pytest.mark.fault(21)
def test_another_format_is_refused_with_both_numbers(tmp_path: Path) -> None:
    unit = write_unit(tmp_path)
    manifest = json.loads((unit.path / MANIFEST).read_text())
    manifest["format"] = 99
    (unit.path / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(CacheError, match="format 99, this version reads 1"):
        _ = Unit(unit.path).manifest


@pytest.mark.fault(38)
def test_an_overflowed_token_is_not_cached(tmp_path: Path) -> None:
    tokens = np.ones((4, 8), np.float16)
    tokens[2, 3] = np.inf
    with pytest.raises(ModelError, match="row 2"), publish(tmp_path, MEMBERS, {}) as folder:
        write_tokens(folder, tokens)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.fault(1)
@pytest.mark.fault(4)
def test_a_process_killed_while_writing_leaves_no_unit_and_its_rest_is_cleared(tmp_path: Path) -> None:
    code = (
        "import signal\nfrom pathlib import Path\nfrom zsstad_core.cache.units import publish\n"
        f"with publish(Path({str(tmp_path)!r}), {MEMBERS!r}, {{}}) as folder:\n"
        "    (folder / 'half').write_text('half'); print('in', flush=True); signal.pause()\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "in\n"
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert published_units(tmp_path) == []
    assert len(list(tmp_path.iterdir())) == 1
    remove_leftovers(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.fault(4)
def test_what_a_killed_process_left_goes_before_anybody_has_asked_how_it_ended(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
    left = tmp_path / f".unit-0.{socket.gethostname()}.{process.pid}.tmp"
    left.mkdir()
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # it has ended, and keeps its number
    assert Path(f"/proc/{process.pid}").exists()
    remove_leftovers(tmp_path)
    assert list(tmp_path.iterdir()) == []
    process.wait()


@pytest.mark.fault(4)
def test_what_another_living_process_writes_is_left_alone(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
    try:
        theirs = tmp_path / f".unit-0.{socket.gethostname()}.{process.pid}.tmp"
        theirs.mkdir()
        remove_leftovers(tmp_path)
        assert theirs.is_dir()
    finally:
        process.kill()
        process.wait()


@pytest.mark.fault(5)
def test_a_full_disk_is_one_line_and_leaves_no_unit(tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    if (
        os.geteuid() != 0
        or subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(small)], capture_output=True
        ).returncode
    ):
        pytest.skip("needs the right to mount a small tmpfs")
    try:
        with (
            pytest.raises(CacheError, match=r"No space left.*MiB free.*nothing of this unit was kept"),
            publish(small / "a", MEMBERS, {}) as folder,
        ):
            write_tokens(folder, np.ones((4096, 512), np.float16))
        assert published_units(small / "a") == []
        with publish(small / "a", MEMBERS, {}) as folder:
            write_tokens(folder, np.ones((4, 512), np.float16))
        assert len(published_units(small / "a")) == 1
    finally:
        subprocess.run(["umount", str(small)], check=True)


def artifact(root: Path, members: dict[str, str], **more: object) -> Artifact:
    return Artifact(root, DETECT, {"a": 1}, members, clips_per_unit=2, **more)  # type: ignore[arg-type]


def make(a: Artifact) -> list[str]:
    made = []
    for group in a.begin():
        with a.publish(group) as folder:
            (folder / "x").write_text(",".join(group.members))
        made.append(group.name)
    a.complete()
    return made


def test_adding_clips_adds_units_and_touches_none_that_exist(tmp_path: Path) -> None:
    few = artifact(tmp_path, {"b": "1", "d": "1", "e": "1"})
    assert len(make(few)) == 2
    before = all_bytes(few.path)
    more = artifact(tmp_path, {"a": "1", "b": "1", "c": "1", "d": "1", "e": "1"})
    assert not more.is_complete()
    assert len(make(more)) == 1
    assert before.items() <= all_bytes(more.path).items()
    assert few.is_complete()
    assert more.is_complete()


def test_wanting_fewer_clips_costs_nothing_and_reads_only_those(tmp_path: Path) -> None:
    make(artifact(tmp_path, {"a": "1", "b": "1", "c": "1"}))
    fewer = artifact(tmp_path, {"b": "1"})
    assert make(fewer) == []
    assert [wanted for _, wanted in fewer.parts()] == [("b",)]


def test_a_replaced_clip_is_redone_alone(tmp_path: Path) -> None:
    make(artifact(tmp_path, {"a": "1", "b": "1", "c": "1", "d": "1"}))
    replaced = artifact(tmp_path, {"a": "1", "b": "2", "c": "1", "d": "1"})
    assert [group.members for group in replaced.groups()[1]] == [{"b": "2"}]
    assert len(make(replaced)) == 1
    assert sorted(wanted for _, wanted in replaced.parts()) == [("a",), ("b",), ("c", "d")]


def test_what_is_complete_is_not_written_again(tmp_path: Path) -> None:
    made = artifact(tmp_path, {"a": "1", "b": "1"})
    make(made)
    made.complete()
    before = made.done.stat()
    made.complete()
    assert (made.done.stat().st_ino, made.done.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_units_do_not_span_parts_so_that_a_part_alone_is_cut_alike(tmp_path: Path) -> None:
    members = dict.fromkeys("abcdef", "1")
    part_of = {"a": "train", "b": "test", "c": "train", "d": "test", "e": "train", "f": "test"}
    every = artifact(tmp_path, members, part_of=part_of).groups()[1]
    test = artifact(tmp_path, {k: v for k, v in members.items() if part_of[k] == "test"}, part_of=part_of).groups()[1]
    assert {group.name for group in test} < {group.name for group in every}


@pytest.mark.fault(7)
def test_a_lost_unit_makes_the_artifact_incomplete_and_only_it_is_redone(tmp_path: Path) -> None:
    whole = artifact(tmp_path, dict.fromkeys("abcd", "1"))
    make(whole)
    lost = whole.parts()[0][0].path
    (lost / MANIFEST).unlink()
    assert not whole.is_complete()
    assert make(whole) == [lost.name]


@pytest.mark.fault(18)
def test_units_made_with_different_weights_are_never_mixed(tmp_path: Path) -> None:
    mixed = artifact(tmp_path, dict.fromkeys("abcd", "1"))
    for number, group in enumerate(mixed.begin()):
        with mixed.publish(group, made_with={"weights": number}) as folder:
            (folder / "x").write_text("x")
    with pytest.raises(CacheError, match="different weights"):
        mixed.complete()
