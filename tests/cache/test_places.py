"""What was written in one place is never read as the content of another."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.cache.made_artifacts import text, tokens
from tests.cache.test_shards import numbers
from tests.cache.test_shards import small_chunks as small_chunks
from zsstad_core.cache.artifact import Artifact
from zsstad_core.cache.tokens import ARRAY, UnitRows, read_tokens, write_tokens
from zsstad_core.cache.units import MANIFEST, Unit, published_units, short_digest
from zsstad_core.cache.verify import verify
from zsstad_core.errors import CacheError

ROWS = 40  # 8 rows a chunk, 24 a shard


def make(artifact: Artifact) -> list[Unit]:
    """Units of arrays of one size, each with other numbers."""
    for seed, group in enumerate(artifact.begin()):
        with artifact.publish(group) as folder:
            write_tokens(folder, numbers(ROWS, (4,), "float16") + np.float16(seed))
    artifact.complete()
    return published_units(artifact.path)


def as_written_before(unit: Unit) -> Unit:
    """The unit as it was written before manifests listed the checksums of chunks and the artifact."""
    manifest = json.loads((unit.path / MANIFEST).read_text())
    del manifest["artifact"], manifest["digest"]
    for entry in manifest["files"].values():
        entry.pop("crc32c", None)
    manifest["digest"] = short_digest(manifest)
    (unit.path / MANIFEST).write_text(json.dumps(manifest, indent=1, sort_keys=True) + "\n")
    return Unit(unit.path)


def as_written_now(unit: Unit) -> Unit:
    return unit


def swap(one: Path, other: Path) -> None:
    aside = one.with_name("aside")
    one.rename(aside)
    other.rename(one)
    aside.rename(other)


READS = [read_tokens, lambda unit: UnitRows(unit).read(2, 5), lambda unit: UnitRows(unit).read(30, 33)]


@pytest.mark.fault(46)
@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("written", [as_written_now, as_written_before])
@pytest.mark.parametrize("read", READS)
def test_shards_that_two_units_have_swapped_are_refused(
    written: Callable[[Unit], Unit], read: Callable[[Unit], object], tmp_path: Path
) -> None:
    one, other = (written(unit) for unit in make(tokens(tmp_path)))
    for shard in "01":
        swap(one.path / ARRAY / "c" / shard / "0", other.path / ARRAY / "c" / shard / "0")
    for unit in (one, other):
        with pytest.raises(CacheError, match=rf"{unit.path.name}: tokens\.zarr/c/[01]/0 fails its checksum.*redo"):
            read(unit)
    assert published_units(tokens(tmp_path).path) == []  # so that the next run makes them again


@pytest.mark.usefixtures("small_chunks")
def test_chunks_that_one_shard_has_swapped_are_refused(tmp_path: Path) -> None:
    unit, _ = make(tokens(tmp_path))
    shard = unit.path / ARRAY / "c" / "0" / "0"
    content, chunk = shard.read_bytes(), 8 * 4 * 2 + 4  # with its checksum
    shard.write_bytes(content[chunk : 2 * chunk] + content[:chunk] + content[2 * chunk :])
    with pytest.raises(CacheError, match="chunk 0 is whole, but is not the chunk that was written here"):
        read_tokens(unit)


@pytest.mark.usefixtures("small_chunks")
def test_a_cache_from_before_chunks_were_listed_is_read(tmp_path: Path) -> None:
    now = [read_tokens(unit) for unit in make(tokens(tmp_path / "now"))]
    before = [as_written_before(unit) for unit in make(tokens(tmp_path / "before"))]
    for unit, expected in zip(before, now, strict=True):
        assert np.array_equal(read_tokens(unit), expected)
        rows = UnitRows(unit)
        assert np.array_equal(rows.read(30, 33), expected[30:33])
        assert np.array_equal(rows.read(2, 5), expected[2:5])


@pytest.mark.usefixtures("small_chunks")
def test_the_manifest_lists_the_checksum_of_every_chunk_and_of_nothing_else(tmp_path: Path) -> None:
    unit, _ = make(tokens(tmp_path))
    listed = {name: entry["crc32c"] for name, entry in unit.manifest["files"].items() if "crc32c" in entry}
    assert {name: len(crcs) // 8 for name, crcs in listed.items()} == {"tokens.zarr/c/0/0": 3, "tokens.zarr/c/1/0": 2}


def test_a_unit_of_another_artifact_is_refused_though_all_of_it_is_whole(tmp_path: Path) -> None:
    """As when a folder of a trained head is renamed: of undivided artifacts all units have one name."""
    mine, theirs = text(tmp_path), text(tmp_path, texts=["c", "d"])
    make(mine)
    make(theirs)
    for path in mine.path.iterdir():
        if path.name != "inputs.json":
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    shutil.copytree(theirs.path, mine.path, dirs_exist_ok=True, ignore=lambda *_: ["inputs.json"])
    with pytest.raises(CacheError, match=f"was made for {theirs.path.name}; remove it and run again"):
        mine.whole_unit()
    lines: list[str] = []
    assert verify([tmp_path], lines.append).damaged == 1
    assert f"{mine.path}/unit-" in lines[0]
    assert f"was made for {theirs.path.name}" in lines[0]


@pytest.mark.fault(46)
def test_a_unit_in_the_place_of_another_is_not_read(tmp_path: Path) -> None:
    one, other = make(tokens(tmp_path))
    swap(one.path, other.path)
    with pytest.raises(CacheError, match=f"{one.path.name}: holds the videos of {other.path.name}; .*redo"):
        _ = Unit(one.path).manifest
