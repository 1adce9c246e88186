"""No damage to the cache goes unnoticed, and what is found is made again and nothing else."""

import os
import random
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cache.made_artifacts import VIDEOS, all_bytes, make, run, text, tokens
from zsstad_core.cache.artifact import Artifact
from zsstad_core.cache.units import MANIFEST
from zsstad_core.cache.verify import Verified, verify
from zsstad_core.errors import CacheError


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """A dataset's folder with an artifact of two units, complete for all videos and for some, and one of one unit."""
    root = tmp_path / "cache" / "jhmdb"
    make(tokens(root))
    make(tokens(root, {"catch/b": "d2"}))
    make(text(root))
    return root


def found(root: Path) -> tuple[list[str], Verified]:
    lines: list[str] = []
    return lines, verify([root], lines.append)


def flip(path: Path, bit: int) -> None:
    content = bytearray(path.read_bytes())
    content[bit // 8] ^= 1 << bit % 8
    path.write_bytes(content)


def test_a_whole_cache_is_whole(cache: Path) -> None:
    lines, all_found = found(cache)
    assert lines == []
    sizes = [path.stat().st_size for path in cache.rglob("*") if path.is_file() and path.suffix != ".json"]
    sizes += [path.stat().st_size for path in cache.rglob("zarr.json")]
    assert all_found == Verified(units=3, artifacts=2, bytes=sum(sizes), damaged=0)


@pytest.mark.fault(9)
@pytest.mark.parametrize("flips", [60, pytest.param(500, marks=pytest.mark.slow)])
def test_every_flipped_bit_is_found(cache: Path, tmp_path: Path, flips: int) -> None:
    rng = random.Random(flips)
    files = [name for name, content in all_bytes(cache).items() if content]
    kinds = set()
    for number in range(flips):
        name = files[number % len(files)]  # each file comes to its turn: most bytes are in few files
        work = shutil.copytree(cache, tmp_path / "flipped")
        bit = rng.randrange(8 * (work / name).stat().st_size)
        flip(work / name, bit)
        lines, all_found = found(work)
        assert all_found.damaged == len(lines) == 1, f"bit {bit} of {name}: {lines}"
        assert f"{work / name.split('/')[0]}/" in lines[0]
        kinds.add(name.split("/")[-1].split("-")[0])
        shutil.rmtree(work)
    assert kinds >= {"inputs.json", "complete", MANIFEST, "boxes.parquet", "zarr.json", "0"}


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["inputs.json", "complete-*.json", "unit-*/manifest.json"])
def test_every_single_bit_of_the_small_files_counts(cache: Path, kind: str) -> None:
    name = min(tokens(cache).path.glob(kind))
    before = all_bytes(cache)
    for bit in range(8 * name.stat().st_size):
        flip(name, bit)
        lines, all_found = found(cache)
        assert all_found.damaged >= 1, f"bit {bit}: {lines}"
        (name.parent / "manifest.damaged.json").unlink(missing_ok=True)
        name.write_bytes(before[str(name.relative_to(cache))])
    assert all_bytes(cache) == before


def shard_of(artifact: Artifact) -> Path:
    return min(path for path in artifact.path.glob("unit-*/tokens.zarr/c/**/*") if path.is_file())


@pytest.mark.fault(7)
@pytest.mark.fault(9)
def test_a_damaged_unit_is_made_again_and_no_other(cache: Path) -> None:
    whole = tokens(cache)
    before = all_bytes(cache)
    shard = shard_of(whole)
    unit = shard.relative_to(whole.path).parts[0]
    flip(shard, 13)
    lines, _ = found(cache)
    assert len(lines) == 1
    assert f"{whole.path / unit}: " in lines[0]
    assert "will redo this unit" in lines[0]
    assert not tokens(cache).is_complete()
    again, _ = found(cache)
    assert again == [f"{whole.path / unit}: manifest.json is missing, as was found before; the next make redoes it"]
    assert make(tokens(cache)) == [unit]
    assert all_bytes(cache) == before


@pytest.mark.fault(7)
@pytest.mark.fault(8)
@pytest.mark.parametrize("how", ["deleted", "cut", "empty"])
def test_a_lost_or_cut_file_is_found(cache: Path, how: str) -> None:
    shard = shard_of(tokens(cache))
    match how:
        case "deleted":
            shard.unlink()
        case "cut":
            shard.write_bytes(shard.read_bytes()[:-1])
        case "empty":
            shard.write_bytes(b"")
    assert found(cache)[1].damaged == 1


def test_a_file_that_nobody_wrote_is_named_and_costs_nothing(cache: Path) -> None:
    unit = min(tokens(cache).path.glob("unit-*"))
    (unit / "tokens.zarr" / "c" / "9").write_bytes(b"stray")
    (line,), _ = found(cache)
    assert line == f"{unit}: holds tokens.zarr/c/9, which its manifest does not list; remove it"
    assert tokens(cache).is_complete()


@pytest.mark.fault(46)
def test_swapped_units_are_found(cache: Path) -> None:
    one, other = sorted(tokens(cache).path.glob("unit-*"))
    one.rename(cache / "aside")
    other.rename(one)
    (cache / "aside").rename(other)
    lines, _ = found(cache)
    assert sum("holds the videos of unit-" in line for line in lines) == 2


def test_a_lost_unit_is_found_and_made_again(cache: Path) -> None:
    before = all_bytes(cache)
    unit = min(tokens(cache).path.glob("unit-*"))
    shutil.rmtree(unit)
    lines, _ = found(cache)
    assert lines
    assert all(f"names {unit.name}, which is not there; removed; the next make writes it again" in x for x in lines)
    make(tokens(cache))
    make(tokens(cache, {"catch/b": "d2"}))
    assert all_bytes(cache) == before


def test_a_renamed_artifact_is_found(cache: Path) -> None:
    other = tokens(cache, encoder={"crop": "pad"})
    tokens(cache).path.rename(other.path)
    (line,), _ = found(cache)
    assert line.startswith(f"{other.path / 'inputs.json'}: gives the key {tokens(cache).key}, not that of the folder's")


@pytest.mark.fault(10)
def test_lost_inputs_are_found_and_the_way_out_works(cache: Path) -> None:
    before = all_bytes(cache)
    whole = tokens(cache)
    (whole.path / "inputs.json").unlink()
    (line,), _ = found(cache)
    assert line.startswith(f"{whole.path / 'inputs.json'}: is missing; remove the complete-*.json beside it")
    for file in whole.path.glob("complete-*.json"):
        file.unlink()
    assert make(tokens(cache)) == []  # no unit is made for it
    make(tokens(cache, {"catch/b": "d2"}))
    assert all_bytes(cache) == before


@pytest.mark.fault(10)
@pytest.mark.parametrize(("old", "new"), [('"catch/b"', '"catch/c"'), ('"wanted"', '"wanteD"'), ("{", "[")])
def test_a_damaged_list_of_videos_is_never_read_as_fewer_videos(cache: Path, old: str, new: str) -> None:
    whole = tokens(cache)
    before = whole.done.read_bytes()
    whole.done.write_text(whole.done.read_text().replace(old, new, 1))
    assert not whole.is_complete()
    with pytest.raises(
        CacheError, match=r"not complete|lists other videos than are wanted; remove it and run `make enc"
    ):
        whole.parts()
    (line,), _ = found(cache)
    assert line.endswith("removed; the next make writes it again")
    assert make(tokens(cache)) == []
    assert whole.done.read_bytes() == before


@pytest.mark.fault(18)
def test_a_list_of_videos_in_another_ones_place_is_not_taken_for_it(cache: Path) -> None:
    replaced = tokens(cache, VIDEOS | {"catch/b": "another"})
    shutil.copy(tokens(cache).done, replaced.done)
    with pytest.raises(CacheError, match="lists other videos than are wanted"):
        replaced.parts()
    (line,), _ = found(cache)
    assert line == f"{replaced.done}: names other videos than its name does; removed; the next make writes it again"


def test_what_is_no_artifact_says_nothing(cache: Path) -> None:
    (cache.parent / "digests.json").write_text("{")
    (cache / "ledger.jsonl").write_text("{")
    (cache / "training" / "0123456789abcdef").mkdir(parents=True)
    (cache / ".removed-detect-0123456789abcdef.1").mkdir()
    (tokens(cache).path / ".unit-1.host.1.tmp").mkdir()
    (cache / "detect-0123456789abcdef").mkdir()  # a stage that begins just now
    assert found(cache)[0] == []


@pytest.mark.fault(21)
def test_a_unit_of_a_newer_version_is_refused_and_kept(cache: Path) -> None:
    unit = min(tokens(cache).path.glob("unit-*"))
    manifest = (unit / MANIFEST).read_text().replace('"format": 1', '"format": 2')
    (unit / MANIFEST).write_text(manifest)
    (line,), _ = found(cache)
    assert "written in cache format 2, this version reads 1" in line
    assert (unit / MANIFEST).read_text() == manifest


@pytest.fixture
def read_only(cache: Path, tmp_path: Path) -> Iterator[Path]:
    """The cache, damaged in three places, on a mount that cannot be written to: permission bits do not bind root."""
    flip(shard_of(tokens(cache)), 13)
    flip(text(cache).path / "inputs.json", 40)
    flip(text(cache).done, 40)
    mounted = tmp_path / "mounted"
    mounted.mkdir()
    if subprocess.run(["mount", "--bind", str(cache), str(mounted)], capture_output=True).returncode:
        pytest.skip("needs the right to mount")
    try:
        subprocess.run(["mount", "-o", "remount,ro,bind", str(mounted)], check=True)
        yield mounted
    finally:
        subprocess.run(["umount", str(mounted)], check=True)


def test_a_cache_that_cannot_be_written_to_is_verified_all_the_same(read_only: Path, cache: Path) -> None:
    before = all_bytes(cache)
    lines, all_found = found(read_only)
    assert all_found.damaged == len(lines) == 3
    assert all("remove " in line for line in lines)  # it could not be done for the user
    assert all_bytes(cache) == before


# ---- as make runs it


def test_the_last_line_and_the_exit_code_tell_the_outcome(cache: Path) -> None:
    setting = f"cache.root={cache.parent}"
    make(text(cache.parent / "stickworld"))
    done = run("verify", overrides=setting)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("verify: 4 units of 3 artifacts, ")
    assert done.stdout.endswith(" kB: all whole\n")
    flip(shard_of(tokens(cache)), 13)
    assert run("verify", "--dataset", "stickworld", overrides=setting).returncode == 0
    done = run("verify", overrides=setting)
    assert done.returncode == 1
    line, last = done.stdout.splitlines()
    assert line.startswith(f"{tokens(cache).path}/unit-")
    assert last.endswith(": 1 damaged")


def test_a_mistyped_cache_is_not_called_whole(tmp_path: Path) -> None:
    done = run("verify", overrides=f"cache.root={tmp_path / 'nowhere'}")
    assert done.returncode == 2
    assert done.stderr == f"error: {tmp_path / 'nowhere'}: no such folder (cache.root); there is nothing to verify\n"


def test_files_of_other_users_do_not_stop_it(cache: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("permission bits do not bind root")
    unit = min(tokens(cache).path.glob("unit-*"))
    (unit / "boxes.parquet").chmod(0)
    (line,), _ = found(cache)
    assert "cannot be read (Permission denied)" in line
    assert (unit / MANIFEST).is_file()
