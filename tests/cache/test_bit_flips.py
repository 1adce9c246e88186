"""A flipped bit, anywhere in an artifact's files, is never returned as data, and the next run restores the bytes.

Reading does not look at all bits. It gives the right values, and only verify says that something is wrong, after flips
in what means nothing to the values: the case of a digit in a number (1e-07, 1E-07), inputs.json, a list that names
other clips than are read, the parts of zarr.json that describe nothing (attributes), and tables and lists of clips that
this reader does not ask for. Nothing is harmless to verify: it compares every byte.
"""

import random
from pathlib import Path

import pytest

from tests.cache.machine_damage import flipped
from tests.cache.machine_world import World, extract, read, same_as_model
from tests.cache.made_artifacts import all_bytes
from zsstad_core.cache import folders
from zsstad_core.cache.tokens import read_tokens
from zsstad_core.cache.units import MANIFEST, Unit, published_units
from zsstad_core.cache.verify import verify
from zsstad_core.errors import CacheError

WORLD = World((("catch/a", "1"), ("catch/b", "22"), ("golf/c", "333"), ("golf/é", "22"), ("run/e", "1")))
FEWER = World(WORLD.clips[:4])  # so that artifacts have two lists


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "cache" / "made"
    for world in (FEWER, WORLD):
        extract(root, world, set())
    return root


def artifact_files(root: Path) -> dict[str, bytes]:
    return {name: content for name, content in all_bytes(root).items() if "/" in name}


def restore(root: Path, before: dict[str, bytes]) -> None:
    for name in artifact_files(root).keys() - before.keys():
        (root / name).unlink()
    for name, content in before.items():
        if not (root / name).is_file() or (root / name).read_bytes() != content:
            (root / name).write_bytes(content)


def found_by_reading(root: Path) -> bool:
    """Fails where anything but the right values, or a CacheError, comes out."""
    try:
        for world in (WORLD, FEWER):
            same_as_model(root, world, read(root, world))
    except CacheError:
        return True
    return False


def found_by_verify(root: Path, name: str) -> bool:
    lines: list[str] = []
    verify([root], lines.append)
    return any(line.startswith(f"{root / name.split('/')[0]}/") for line in lines)


def run_again(root: Path) -> None:
    """What a user does: verify, remove the one file that it asks to be removed by hand, extract."""
    lines: list[str] = []
    verify([root], lines.append)
    for line in lines:
        file = Path(line.split(": ")[0])
        if file.name == folders.INPUTS:
            for path in [file, *folders.complete_files(file.parent)]:
                path.unlink(missing_ok=True)
    for world in (FEWER, WORLD):
        extract(root, world, set())


@pytest.mark.parametrize("flips", [100, pytest.param(500, marks=pytest.mark.slow)])
def test_no_flipped_bit_is_returned_as_data(root: Path, flips: int) -> None:
    rng = random.Random(flips)
    before = artifact_files(root)
    names = [name for name, content in before.items() if content]
    found_reading = 0
    for number in range(flips):
        name = names[number % len(names)]  # each file comes to its turn: most bytes are in few files
        bit = rng.randrange(8 * len(before[name]))
        (root / name).write_bytes(flipped(before[name], bit))
        found_reading += found_by_reading(root)
        restore(root, before)
        (root / name).write_bytes(flipped(before[name], bit))
        assert found_by_verify(root, name), f"bit {bit} of {name}"
        if number % 5 == 0:
            run_again(root)
            assert artifact_files(root) == before, f"bit {bit} of {name}"
        restore(root, before)
    assert found_reading > flips // 2


def test_damage_that_was_read_is_made_again_by_the_next_run_alone(root: Path) -> None:
    before = artifact_files(root)
    rng = random.Random(1)
    for name in [name for name in before if name.endswith((".parquet", "tokens.zarr/c/0/0"))]:
        (root / name).write_bytes(flipped(before[name], rng.randrange(8 * len(before[name]))))
        assert found_by_reading(root)
        for world in (FEWER, WORLD):
            extract(root, world, set())
        assert artifact_files(root) == before


def test_no_flipped_bit_of_an_arrays_shape_gives_fewer_tokens(root: Path) -> None:
    """Which has no checksum of its own in Zarr."""
    unit = some_unit(root).path
    path = unit / "tokens.zarr" / "zarr.json"
    whole = path.read_bytes()
    for bit in range(8 * whole.index(b'"data_type"')):
        path.write_bytes(flipped(whole, bit))
        with pytest.raises(CacheError, match=r"zarr\.json fails its checksum"):
            read_tokens(Unit(unit))
        (unit / "manifest.damaged.json").rename(unit / MANIFEST)


def test_a_flipped_bit_in_the_word_format_is_damage(root: Path) -> None:
    before = artifact_files(root)
    flip_after(b'"forma', root)
    run_again(root)
    assert artifact_files(root) == before


def test_a_flipped_bit_in_the_number_of_the_format_is_refused_with_the_way_out(root: Path) -> None:
    """It cannot be told from a unit of another version, which nobody should remove unasked."""
    flip_after(b'"format": ', root)
    with pytest.raises(CacheError, match=r"written in cache format \d+, this version reads 1; .* or remove "):
        run_again(root)


def flip_after(text: bytes, root: Path) -> None:
    path = some_unit(root).path / MANIFEST
    whole = path.read_bytes()
    path.write_bytes(flipped(whole, 8 * (whole.index(text) + len(text)) + 1))


def some_unit(root: Path) -> Unit:
    """A unit of tokens of frames."""
    return published_units(WORLD.artifacts(root)[1].path)[0]
