"""Read rows of a sharded Zarr array from disk straight into the array that is returned, and check every chunk.

A checksum beside a chunk shows that the chunk is whole, not that it is the chunk that was written in this place: the
shards of two units may have the same size. So the unit's manifest lists the checksums of all chunks, and each chunk
that is read is compared with its own. That costs nothing: the checksum of what is read is computed anyway.

This reader reads only what `tokens.write_tokens` writes: shards along the rows, chunks without compression, each
followed by its crc32c. The reader of zarr copies every byte once more and takes four to eight times as long
(docs/benchmarks.md); it reads the same arrays, and tests compare the rows of both.

Layout of a shard (Zarr v3, sharding_indexed): chunks with their crc32c, then the index: offset and length of each chunk
(little-endian uint64, all ones where a chunk is absent), then the crc32c of the index.
"""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import google_crc32c
import numpy as np
from numpy.typing import NDArray

type Bytes = NDArray[np.uint8]
type Checksums = Mapping[int, Sequence[int]]
"""The crc32c of each chunk, in order, by the number of its shard."""

_ABSENT = 2**64 - 1
_CRC = 4  # bytes of a checksum
_CODECS = ["bytes", "crc32c"]


class ShardedRows:
    """The rows of a token array on disk, read on request; `shape` ([rows, ...]) and `dtype` describe the array.

    Raises ValueError, at once or while reading, if the description differs from that of `write_tokens`, or a chunk is
    absent, cut, fails its checksum, or has another one than `listed` says; OSError if a shard is not there. `listed`
    may be empty: then a chunk of another place is not noticed.
    """

    def __init__(self, path: Path, listed: Checksums | None = None) -> None:
        described = json.loads((path / "zarr.json").read_text())
        (sharding,) = described["codecs"]
        inner = sharding["configuration"]
        codecs = [[codec["name"] for codec in inner[name]] for name in ("codecs", "index_codecs")]
        if sharding["name"] != "sharding_indexed" or codecs != [_CODECS, _CODECS] or inner["index_location"] != "end":
            raise ValueError(f"{path}: not sharded as tokens are")
        self.shape: tuple[int, ...] = tuple(described["shape"])
        self.dtype = np.dtype(described["data_type"]).newbyteorder("<")
        self._path, self._listed = path, listed or {}
        shard_rows = int(described["chunk_grid"]["configuration"]["chunk_shape"][0])
        self._rows = int(inner["chunk_shape"][0])  # of a chunk
        self._chunks = shard_rows // self._rows  # of a shard
        self._bytes = self._rows * int(np.prod(self.shape[1:], dtype=np.int64)) * self.dtype.itemsize  # of a chunk

    def read(self, start: int = 0, stop: int | None = None) -> NDArray[Any]:
        """Rows `start` to `stop` (None: the end), [stop - start, ...]; only the chunks that hold them are read."""
        stop = self.shape[0] if stop is None else stop
        if not 0 <= start <= stop <= self.shape[0]:
            raise ValueError(f"rows {start} to {stop} of {self.shape[0]}")
        first, last = start // self._rows, -(-stop // self._rows)  # the last chunk is padded on disk, and here too
        rows = np.empty(((last - first) * self._rows, *self.shape[1:]), self.dtype)
        parts = rows.reshape(-1).view(np.uint8).reshape(last - first, self._bytes)
        for shard in range(first // self._chunks, -(-last // self._chunks)):
            begin, end = max(first, shard * self._chunks), min(last, (shard + 1) * self._chunks)
            if begin < end:
                self._read_shard(shard, begin % self._chunks, parts[begin - first : end - first])
        skipped = start - first * self._rows
        return rows[skipped : skipped + stop - start]

    def shards(self, start: int = 0, stop: int | None = None) -> range:
        """The numbers of the shards that hold the rows `start` to `stop` (None: the end)."""
        rows = self._rows * self._chunks
        return range(start // rows, -(-(self.shape[0] if stop is None else stop) // rows))

    def shard_name(self, shard: int) -> str:
        """The path of a shard inside the array's folder."""
        return "/".join(["c", str(shard), *["0"] * (len(self.shape) - 1)])

    def checksums(self) -> dict[int, list[int]]:
        """The crc32c that stands beside each chunk on disk, for all chunks that hold rows, by shard."""
        chunks, found = -(-self.shape[0] // self._rows), dict[int, list[int]]()
        for shard in self.shards():
            path = self._path / self.shard_name(shard)
            with _open(path) as file:
                index = self._index(file, path)[: chunks - shard * self._chunks]
                ends = (int(offset) + int(length) for offset, length in index)
                found[shard] = [int.from_bytes(os.pread(file, _CRC, end - _CRC), "little") for end in ends]
        return found

    def _read_shard(self, shard: int, first: int, parts: Bytes) -> None:
        """Read the chunks of a shard from `first` on into `parts` [chunks, bytes]."""
        path, listed = self._path / self.shard_name(shard), self._listed.get(shard)
        with _open(path) as file:
            index = self._index(file, path)
            for number, part in enumerate(parts, first):
                offset, length = (int(value) for value in index[number])
                if offset == _ABSENT or length != self._bytes + _CRC:
                    raise ValueError(f"{path}: chunk {number} is absent or of another size")
                checksum = bytearray(_CRC)
                # One read for chunk and checksum; the chunk is checked while it is still in the processor's cache.
                if os.preadv(file, [part, checksum], offset) != length:
                    raise ValueError(f"{path}: chunk {number} is cut")
                found = google_crc32c.value(part)
                if found != int.from_bytes(checksum, "little"):
                    raise ValueError(f"{path}: chunk {number} fails its checksum")
                if listed is not None and listed[number : number + 1] != [found]:
                    raise ValueError(f"{path}: chunk {number} is whole, but is not the chunk that was written here")

    def _index(self, file: int, path: Path) -> NDArray[np.uint64]:
        """Offset and length of each chunk of a shard, [chunks, 2]."""
        length = 16 * self._chunks + _CRC
        index = os.pread(file, length, max(0, os.fstat(file).st_size - length))
        if len(index) != length or google_crc32c.value(index[:-_CRC]) != int.from_bytes(index[-_CRC:], "little"):
            raise ValueError(f"{path}: the index fails its checksum")
        return np.frombuffer(index[:-_CRC], "<u8").reshape(self._chunks, 2)


@contextmanager
def _open(path: Path) -> Iterator[int]:
    file = os.open(path, os.O_RDONLY)
    try:
        yield file
    finally:
        os.close(file)
