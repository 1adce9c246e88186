"""Write tokens with their index as one file for other programs: HDF5 or npz. docs/export.md shows the layout.

The bytes depend on the content only: the file holds neither the time nor the division of the cache into units.
"""

import json
import os
import shutil
import socket
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from zsstad_core import tables
from zsstad_core.cache.artifact import WHOLE, Artifact
from zsstad_core.cache.tokens import read_tokens
from zsstad_core.cache.units import Unit, canonical, flush, remove_leftovers
from zsstad_core.errors import CacheError, UserError

FORMATS = ("h5", "npz")
_KEY = ["video_id", "frame", "box"]
_CHUNK_BYTES = 1 << 20

type Tokens = NDArray[np.generic]


@dataclass(frozen=True)
class ExportedFile:
    """A file that was written, the number of its rows of tokens, and the shape and dtype of a row."""

    path: Path
    rows: int
    shape: tuple[int, ...]
    dtype: str


@dataclass(frozen=True)
class _Source:
    """The rows of the file in order; and for each unit the mask of its kept rows, and their places in the file."""

    rows: pd.DataFrame
    units: list[tuple[Unit, NDArray[np.bool_], NDArray[np.int64]]]

    def columns(self) -> Iterator[tuple[str, NDArray[Any]]]:
        """Name and values of each column; text is an array of objects."""
        yield from ((str(name), self.rows[name].to_numpy()) for name in self.rows)

    def fill(self, create: Callable[[tuple[int, ...], np.dtype[Any]], Any]) -> Any:
        """The array `create(shape, dtype)`, filled with the tokens; memory holds one unit's tokens at a time."""
        target = None
        for unit, keep, place in self.units:
            tokens = read_tokens(unit)[keep]
            if target is None:
                target = create((len(self.rows), *tokens.shape[1:]), tokens.dtype)
            for start, end in _runs(place):
                target[place[start] : place[end - 1] + 1] = tokens[start:end]
        return create((0, 0), np.dtype(np.float16)) if target is None else target


def export_tokens(artifact: Artifact, folder: Path, file_format: str, about: Mapping[str, Any]) -> ExportedFile:
    """Write tokens or views of frames or boxes with the columns of their table, sorted by video_id, frame, box.

    about: entries of the provenance besides the artifact's inputs (the dataset). The file is written whole or not at
    all. An h5 file needs memory for one unit's tokens and all rows of the table, an npz file for all tokens. Raises
    CacheError if the artifact is not complete, a unit is damaged, or the file cannot be written.
    """
    assert artifact.stage.tokens is not None
    table = artifact.stage.tokens.table
    found: list[tuple[Unit, NDArray[np.bool_]]] = []
    kept = []
    for unit, wanted in artifact.parts():
        rows = tables.read_table(unit.file(f"{table}.parquet"), table)
        keep = rows["video_id"].isin(wanted).to_numpy()
        found.append((unit, keep))
        kept.append(rows[keep])
    rows = pd.concat(kept, ignore_index=True) if kept else tables.table(table)
    order = rows.sort_values([name for name in _KEY if name in rows], kind="stable").index.to_numpy()
    place = np.empty(len(rows), np.int64)
    place[order] = np.arange(len(rows))
    places = np.split(place, np.cumsum([len(part) for part in kept])[:-1])
    units = [(unit, keep, place) for (unit, keep), place in zip(found, places, strict=False)]
    return _export(artifact, _Source(rows.iloc[order], units), folder, file_format, about)


def export_texts(
    artifact: Artifact, rows: pd.DataFrame, folder: Path, file_format: str, about: Mapping[str, Any]
) -> ExportedFile:
    """Write the tokens of the class names. rows: class_name and text of each class, in the order of the tokens.

    Raises as `export_tokens`.
    """
    every, place = np.ones(len(rows), np.bool_), np.arange(len(rows))
    units = [(unit, every, place) for unit, _ in artifact.parts()]
    return _export(artifact, _Source(rows, units), folder, file_format, about)


def _export(
    artifact: Artifact, source: _Source, folder: Path, file_format: str, about: Mapping[str, Any]
) -> ExportedFile:
    provenance = canonical(_provenance(artifact, about))
    kind = artifact.stage.tokens
    path = folder / f"tokens-{kind.name if kind else artifact.stage.name}.{file_format}"
    write = _write_h5 if file_format == "h5" else _write_npz
    with whole_file(path) as temporary:
        shape, dtype = write(temporary, source, provenance)
    return ExportedFile(path, shape[0], shape[1:], str(dtype))


def _write_h5(path: Path, source: _Source, provenance: str) -> tuple[tuple[int, ...], np.dtype[Any]]:
    import h5py

    def create(name: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Any:
        """A dataset with a checksum on every chunk; its chunks are allocated at once, in order."""
        if not all(shape):
            return file.create_dataset(name, shape, dtype, track_times=False)
        row_bytes = int(np.prod(shape[1:])) * dtype.itemsize
        chunks = (min(shape[0], max(1, _CHUNK_BYTES // row_bytes)), *shape[1:])
        early = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        early.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
        return file.create_dataset(name, shape, dtype, chunks=chunks, fletcher32=True, track_times=False, dcpl=early)

    def create_tokens(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Any:
        _refuse_full_disk(path, shape, dtype)
        return create("tokens", shape, dtype)

    with h5py.File(path, "w", libver=("v110", "v110")) as file:  # from this version on, the structure has checksums too
        file.attrs["provenance"] = provenance
        tokens = source.fill(create_tokens)
        for name, values in source.columns():
            if values.dtype == object:  # HDF5 has no checksums for text of variable length
                file.create_dataset(name, data=values, dtype=h5py.string_dtype(), track_times=False)
            elif len(values):
                create(name, values.shape, values.dtype)[:] = values
            else:
                create(name, values.shape, values.dtype)
        return tokens.shape, tokens.dtype


def _write_npz(path: Path, source: _Source, provenance: str) -> tuple[tuple[int, ...], np.dtype[Any]]:
    def create(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Tokens:
        _refuse_full_disk(path, shape, dtype)
        return np.empty(shape, dtype)

    tokens = source.fill(create)
    arrays: dict[str, Any] = {"tokens": tokens, "provenance": np.array(provenance)}
    arrays |= {name: v.astype(np.str_) if v.dtype == object else v for name, v in source.columns()}
    with path.open("wb") as file:
        np.savez(file, **arrays)
    return tokens.shape, tokens.dtype


def _provenance(artifact: Artifact, about: Mapping[str, Any]) -> dict[str, Any]:
    clips = None if artifact.members == WHOLE else len(artifact.members)
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    return {
        "stage": artifact.stage.name,
        "key": artifact.key,
        "inputs": json.loads(canonical(artifact.inputs)),
        "made_with": artifact.made_with(),
        "clips": clips,
        "written by": f"{project['name']} {project['version']}",
        **about,
    }


def _runs(place: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """The runs of rows whose places in the file are consecutive, as (start, end)."""
    cuts = np.flatnonzero(np.diff(place) != 1) + 1
    if len(place):
        yield from zip([0, *cuts.tolist()], [*cuts.tolist(), len(place)], strict=True)


def _refuse_full_disk(path: Path, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
    needed, free = int(np.prod(shape)) * dtype.itemsize, shutil.disk_usage(path.parent).free
    if needed > free:
        raise CacheError(
            f"{path.parent}: needs {needed / 2**20:.0f} MiB for {shape[0]} tokens, {free / 2**20:.0f} MiB are free; "
            "make room there, or choose another OUT="
        )


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yields a temporary path, which is renamed to `path` when the block ends without an error, else removed.

    Raises CacheError if nothing can be written there.
    """
    temporary = path.with_name(f".{path.name}.{socket.gethostname()}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        remove_leftovers(path.parent)
        yield temporary
        flush(temporary)
        temporary.replace(path)
        flush(path.parent)
    except UserError:
        raise
    except (OSError, RuntimeError) as error:  # h5py raises a RuntimeError if the disk is full when the file is closed
        number = getattr(error, "errno", None)
        reason = os.strerror(number) if number else " ".join(str(error).split())
        raise CacheError(f"{path}: cannot be written ({reason}); make room there, or choose another OUT=") from error
    finally:
        if path.parent.is_dir():
            temporary.unlink(missing_ok=True)
