"""Artifacts as folders on disk, independent of any plan: list them, measure them, remove them.

A removal first renames the folder to a hidden name beside its place. So no other process sees half a folder, and a
removal that is killed leaves nothing that could be taken for data. The next `make gc` removes the rest.
"""

import json
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from zsstad_core.cache.units import flush
from zsstad_core.errors import CacheError

INPUTS = "inputs.json"
REMOVED = ".removed-"
"""The beginning of the names of folders that are being removed."""

_NAME = re.compile(r"[a-z]+(-[a-z]+)?-[0-9a-f]{16}")


def artifacts(root: Path) -> list[Path]:
    """The artifacts in a dataset's folder, by name: folders with the name, or the inputs, of an artifact."""
    if not root.is_dir():
        return []
    folders = [path for path in root.iterdir() if path.is_dir() and not path.name.startswith(".")]
    return sorted(path for path in folders if _NAME.fullmatch(path.name) or (path / INPUTS).is_file())


def stage_name(artifact: str) -> str:
    """The stage in the name of an artifact's folder: `tokens-frame` of `tokens-frame-0123456789abcdef`."""
    return artifact.rpartition("-")[0]


def units(artifact: Path) -> list[Path]:
    """The folders of an artifact's units, by name, with a manifest or without."""
    return sorted(path for path in artifact.glob("unit-*") if path.is_dir())


def complete_files(artifact: Path) -> list[Path]:
    """The files that list the videos for which the artifact is complete."""
    return sorted(artifact.glob("complete-*.json"))


def written_inputs(artifact: Path) -> dict[str, Any]:
    """The inputs in the artifact's `inputs.json`; empty if the file is missing or not readable."""
    try:
        inputs = json.loads((artifact / INPUTS).read_text())
    except (OSError, ValueError):
        return {}
    return inputs if isinstance(inputs, dict) else {}


def size_of(path: Path) -> int:
    """Bytes of a file, or of all files in a folder; a file that vanishes meanwhile counts 0."""
    if not path.is_dir():
        return _bytes(path)
    return sum(_bytes(folder / name) for folder, _, names in path.walk() for name in names)


def _bytes(path: Path) -> int:
    try:
        return path.lstat().st_size
    except OSError:
        return 0


def hide(path: Path) -> Path:
    """Rename a folder to a hidden name, so that it stops being data; returns the new path.

    Raises CacheError if the folder may not be renamed, FileNotFoundError if another process was faster.
    """
    hidden = path.with_name(f"{REMOVED}{path.name}.{time.time_ns()}")
    try:
        path.rename(hidden)
        flush(path.parent)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise CacheError(f"{path}: cannot be removed ({error.strerror or error}); check who may write there") from error
    return hidden


def remove(path: Path) -> None:
    """Remove a folder or file, a folder by way of a hidden name. Does nothing if it is not there."""
    with suppress(FileNotFoundError):
        if not path.is_dir():
            path.unlink()
        else:
            shutil.rmtree(path if path.name.startswith(".") else hide(path), ignore_errors=True)


def removed_by_halves(folder: Path) -> Iterator[Path]:
    """The hidden folders in `folder` that killed removals left."""
    return folder.glob(f"{REMOVED}*")
