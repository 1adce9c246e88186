"""The fast reader returns what Zarr's own reads, and refuses what is not as it was written."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from zarr.codecs import Crc32cCodec

from zsstad_core.cache import tokens
from zsstad_core.cache.shards import ShardedRows
from zsstad_core.cache.tokens import ARRAY, write_tokens


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several shards of several chunks from a few rows."""
    monkeypatch.setattr(tokens, "_CHUNK_BYTES", 64)
    monkeypatch.setattr(tokens, "_CHUNKS_PER_SHARD", 3)


def numbers(rows: int, shape: tuple[int, ...], dtype: str) -> NDArray[Any]:
    return np.random.default_rng(rows).integers(0, 200, (rows, *shape)).astype(dtype)


@settings(max_examples=60)
@given(
    data=st.data(),
    rows=st.integers(1, 50),
    kind=st.sampled_from([((4,), "float16"), ((3, 2), "float32"), ((2, 2, 3), "uint8")]),
)
def test_any_rows_are_those_that_zarr_reads(
    data: st.DataObject, rows: int, kind: tuple[tuple[int, ...], str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("array")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tokens, "_CHUNK_BYTES", 64)
        patch.setattr(tokens, "_CHUNKS_PER_SHARD", 3)
        write_tokens(folder, numbers(rows, *kind))
    start = data.draw(st.integers(0, rows))
    stop = data.draw(st.integers(start, rows))
    array = ShardedRows(folder / ARRAY)
    ours, theirs = array.read(start, stop), np.asarray(zarr.open_array(str(folder / ARRAY), mode="r")[start:stop])
    assert (ours.dtype, ours.shape, array.shape[0]) == (theirs.dtype, theirs.shape, rows)
    assert np.array_equal(ours, theirs)


def test_no_rows_are_no_rows(tmp_path: Path) -> None:
    write_tokens(tmp_path, np.empty((0, 4), np.float16))
    assert ShardedRows(tmp_path / ARRAY).read().shape == (0, 4)


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 8)


def flip(at: int) -> Callable[[Path], None]:
    def in_file(path: Path) -> None:
        content = bytearray(path.read_bytes())
        content[at] ^= 1
        path.write_bytes(content)

    return in_file


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("damage", [cut, flip(0), flip(66), flip(-1), flip(-20), lambda path: path.write_bytes(b"")])
def test_damage_is_never_rows(damage: Callable[[Path], None], tmp_path: Path) -> None:
    write_tokens(tmp_path, numbers(40, (4,), "float16"))
    damage(tmp_path / ARRAY / "c" / "0" / "0")
    with pytest.raises(ValueError, match=r"c/0/0: (the index|chunk \d)"):
        ShardedRows(tmp_path / ARRAY).read()


@pytest.mark.usefixtures("small_chunks")
def test_damage_elsewhere_does_not_stop_a_window(tmp_path: Path) -> None:
    written = numbers(40, (4,), "float16")  # 8 rows a chunk, 24 a shard
    write_tokens(tmp_path, written)
    flip(0)(tmp_path / ARRAY / "c" / "0" / "0")
    assert np.array_equal(ShardedRows(tmp_path / ARRAY).read(9, 30), written[9:30])


def test_an_absent_chunk_is_never_zeros(tmp_path: Path) -> None:
    layout = {"shape": (8, 2), "dtype": "float16", "chunks": (2, 2), "shards": (8, 2), "compressors": [Crc32cCodec()]}
    array = zarr.create_array(str(tmp_path / "a"), **layout)
    array[0:2] = 1
    with pytest.raises(ValueError, match="chunk 1 is absent"):
        ShardedRows(tmp_path / "a").read()


def test_another_layout_is_refused(tmp_path: Path) -> None:
    layout = {"shape": (8, 2), "dtype": "float16", "chunks": (2, 2), "shards": (8, 2)}  # with zstd
    zarr.create_array(str(tmp_path / "a"), **layout)
    with pytest.raises(ValueError, match="not sharded as tokens are"):
        ShardedRows(tmp_path / "a")
