"""What is in a unit: arrays of its own, checked when they are written and when they are read, in a known version."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.faults.made_units import MEMBERS
from zsstad_core.cache.artifact import Artifact
from zsstad_core.cache.stages import Stage
from zsstad_core.cache.token_kinds import TokenKind
from zsstad_core.cache.tokens import ARRAY, UnitRows, read_tokens, write_tokens
from zsstad_core.cache.units import MANIFEST, Unit, publish, published_units
from zsstad_core.errors import CacheError


@pytest.mark.fault(14)
def test_no_file_is_shared_by_two_units_and_no_clip_is_in_two(tmp_path: Path) -> None:
    videos = {f"catch/{number}": "d" for number in range(50)}
    cut = Artifact(tmp_path, Stage.encoding(TokenKind.frame), {}, videos, clips_per_unit=7)
    for group in cut.begin()[::2]:
        with cut.publish(group) as folder:
            write_tokens(folder, np.ones((5, 8), np.float16))
    again = Artifact(tmp_path, Stage.encoding(TokenKind.frame), {}, {**videos, "catch/new": "d"}, clips_per_unit=3)
    there, todo = again.groups()
    clips = [clip for group in [*there, *todo] for clip in group.members]
    assert sorted(clips) == sorted(again.members)
    assert len({group.name for group in [*there, *todo]}) == len(there) + len(todo)
    for group in there:
        assert {path.name for path in again.unit(group).path.iterdir()} == {MANIFEST, ARRAY}  # an array of its own


@pytest.mark.fault(39)
def test_tokens_of_zeros_are_written_so_that_a_lost_file_is_noticed(tmp_path: Path) -> None:
    with publish(tmp_path, MEMBERS, {}) as folder:
        write_tokens(folder, np.zeros((50, 8), np.float16))
    (unit,) = published_units(tmp_path)
    (shard,) = (path for path in (unit.path / ARRAY / "c").rglob("*") if path.is_file())
    assert shard.stat().st_size > 50 * 8 * 2
    assert not read_tokens(unit).any()
    shard.unlink()
    with pytest.raises(CacheError, match=r"tokens\.zarr/c/0/0 is missing or cut"):
        read_tokens(Unit(unit.path))


@pytest.mark.fault(40)
@pytest.mark.parametrize("tokens", [np.ones((3, 4)), np.ones((3, 4), np.int64), np.ones(3, np.float16)], ids=str)
def test_tokens_of_another_type_or_shape_are_not_written(tokens: np.ndarray, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"must be one of .* \[rows, \.\.\.\]"):
        write_tokens(tmp_path, tokens)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.fault(9)
def test_a_flipped_bit_is_told_with_its_file_and_its_clips(tmp_path: Path) -> None:
    with publish(tmp_path, MEMBERS, {}) as folder:
        write_tokens(folder, np.ones((50, 8), np.float16))
    (unit,) = published_units(tmp_path)
    shard = unit.path / ARRAY / "c" / "0" / "0"
    content = bytearray(shard.read_bytes())
    content[100] ^= 4
    shard.write_bytes(content)
    with pytest.raises(
        CacheError, match=r"tokens\.zarr/c/0/0 fails its checksum .*redo this unit \(2 clips, first catch/a\)"
    ):
        read_tokens(unit)


@pytest.mark.fault(10)
def test_an_edited_description_of_an_array_never_gives_other_tokens(tmp_path: Path) -> None:
    """It has no checksum of its own: with another number in it, fewer rows would read back well."""
    with publish(tmp_path, MEMBERS, {}) as folder:
        write_tokens(folder, np.ones((50, 8), np.float16))
    (unit,) = published_units(tmp_path)
    described = unit.path / ARRAY / "zarr.json"
    described.write_text(re.sub(r"(\"shape\": \[\s*)50", r"\g<1>40", described.read_text(), count=1))
    with pytest.raises(CacheError, match=r"tokens\.zarr/zarr\.json fails its checksum"):
        read_tokens(unit)


@pytest.mark.fault(46)
@pytest.mark.parametrize("read", [Unit.verify, read_tokens, lambda unit: UnitRows(unit).read(3, 5)])
def test_swapped_files_of_an_array_are_refused(read: Callable[[Unit], object], tmp_path: Path) -> None:
    """Both are of one size, and each of their chunks has a good checksum."""
    with publish(tmp_path, MEMBERS, {}) as folder:
        write_tokens(folder, np.random.default_rng(0).normal(size=(2 * 64 * 256, 2048)).astype(np.float16))
    (unit,) = published_units(tmp_path)
    one, other = (unit.path / ARRAY / "c" / name / "0" for name in "01")
    assert one.stat().st_size == other.stat().st_size
    one.rename(tmp_path / "aside")
    other.rename(one)
    (tmp_path / "aside").rename(other)
    with pytest.raises(CacheError, match=r"tokens\.zarr/c/0/0 fails its checksum"):
        read(unit)


@pytest.mark.parametrize(
    "version",
    [pytest.param(0, marks=pytest.mark.fault(20)), pytest.param(2, marks=pytest.mark.fault(21))],
)
def test_a_unit_of_another_version_is_refused_with_both_and_left_alone(version: int, tmp_path: Path) -> None:
    """Whatever else that version says in its manifest, and how."""
    with publish(tmp_path, MEMBERS, {}) as folder:
        (folder / "note.txt").write_text("hello")
    (unit,) = published_units(tmp_path)
    theirs = f'{{"format": {version}, "checksum": "of theirs"}}'
    (unit.path / MANIFEST).write_text(theirs)
    with pytest.raises(CacheError, match=rf"written in cache format {version}, this version reads 1; use the version"):
        _ = unit.manifest
    assert (unit.path / MANIFEST).read_text() == theirs
