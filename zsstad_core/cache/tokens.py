"""Token arrays: one Zarr v3 array per unit, with as many rows as the table beside it.

The array is sharded, and every chunk has a crc32c: a flipped bit is an error, never a token. Chunks of zeros are
written like all others, and a missing chunk is an error. There is no compressor, because fp16 tokens do not compress.
Zarr writes the arrays, `shards` reads them.
"""

import errno
from pathlib import Path

import numpy as np
import zarr
from numpy.typing import NDArray
from zarr.codecs import Crc32cCodec

from zsstad_core.cache.digests import sha256
from zsstad_core.cache.room import free_room
from zsstad_core.cache.shards import ShardedRows
from zsstad_core.cache.units import Unit
from zsstad_core.errors import CacheError, ModelError

ARRAY = "tokens.zarr"
_CHUNK_BYTES = 1 << 20
_CHUNKS_PER_SHARD = 64
_TYPES = ("float16", "float32", "uint8")


def write_tokens(folder: Path, tokens: NDArray[np.generic]) -> None:
    """Write `tokens` [rows, ...] as the array of the unit in `folder`; the same tokens give the same bytes.

    Raises ModelError naming the first row that holds NaN or infinity (an fp16 overflow), OSError if there is no room
    for the tokens, and CacheError if they do not read back as they were written.
    """
    if tokens.ndim < 2 or tokens.dtype not in _TYPES:  # zarr would write anything
        raise ValueError(f"tokens are {tokens.dtype} {tokens.shape}; they must be one of {_TYPES} [rows, ...]")
    if tokens.nbytes > free_room(folder).bytes:
        raise OSError(errno.ENOSPC, f"No space left on device for {tokens.nbytes / 2**20:.1f} MiB of tokens")
    if np.issubdtype(tokens.dtype, np.floating):
        bad = ~np.isfinite(tokens).all(tuple(range(1, tokens.ndim)))
        if bad.any():
            raise ModelError(
                f"token row {int(np.flatnonzero(bad)[0])} of {folder.name} is NaN or infinite ({int(bad.sum())} rows); "
                f"the encoder overflowed: use encoder.precision=fp32, or other weights"
            )
    row_bytes = int(tokens.dtype.itemsize * np.prod(tokens.shape[1:], dtype=np.int64))
    rows = max(
        1, min(len(tokens), _CHUNK_BYTES // max(1, row_bytes))
    )  # a chunk is padded, so it must not be larger than the array
    shards = min(_CHUNKS_PER_SHARD, max(1, -(-len(tokens) // rows)))
    array = zarr.create_array(
        store=str(folder / ARRAY),
        shape=tokens.shape,
        dtype=tokens.dtype,
        chunks=(rows, *tokens.shape[1:]),
        shards=(rows * shards, *tokens.shape[1:]),
        compressors=[Crc32cCodec()],
        config={"write_empty_chunks": True},
    )
    if len(tokens):
        array[:] = tokens
    written, together = ShardedRows(folder / ARRAY), rows * shards  # one shard at a time, since pixels are many bytes
    for start in range(0, len(tokens), together):
        stop = min(start + together, len(tokens))
        if not np.array_equal(written.read(start, stop), tokens[start:stop]):
            raise CacheError(f"{folder / ARRAY}: reads back as something else than was written; check the disk")


def read_tokens(unit: Unit) -> NDArray[np.generic]:
    """All rows of a unit's array. Raises CacheError naming the unit if a chunk is missing or fails its checksum."""
    return UnitRows(unit).read()


class UnitRows:
    """The rows of a unit's array, read on request; `shape` is the shape of the whole array.

    Raises CacheError naming the unit, at once or while reading, if the array is damaged, or if a shard holds chunks
    that were written elsewhere.
    """

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        path = unit.folder(ARRAY)
        try:
            listed = unit.chunk_checksums(ARRAY)
            self._rows = ShardedRows(path, listed)
            self._unproven = set() if listed else set(self._rows.shards())  # a manifest from before chunks were listed
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise self._damaged(error) from error
        self.shape = self._rows.shape

    def read(self, start: int = 0, stop: int | None = None) -> NDArray[np.generic]:
        """Rows `start` to `stop` (None: the end)."""
        try:
            for shard in self._unproven.intersection(self._rows.shards(start, stop)) if self._unproven else ():
                self._unit.file(f"{ARRAY}/{self._rows.shard_name(shard)}")
                self._unproven.discard(shard)
            return self._rows.read(start, stop)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise self._damaged(error) from error

    def _damaged(self, error: Exception) -> CacheError:
        return self._unit.damaged_error(f"{_differing(self._unit)} fails its checksum ({error})")


def _differing(unit: Unit) -> str:
    """The name of the file of a damaged array that fails its checksum."""
    files = [name for name in unit.manifest["files"] if name.startswith(f"{ARRAY}/")]
    differs = (name for name in files if sha256(unit.path / name) != unit.manifest["files"][name]["sha256"])
    return next(differs, ARRAY)
