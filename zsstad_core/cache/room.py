"""Room on a disk: how much is free, how much units are likely to need, and the message for a write that failed."""

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from zsstad_core.errors import FULL


@dataclass(frozen=True)
class Room:
    """A number of bytes and of files (None if the file system does not count files)."""

    bytes: int
    files: int | None

    def exceeds(self, other: "Room") -> bool:
        """Whether this room has more bytes, or more files, than `other`."""
        more_files = self.files is not None and other.files is not None and self.files > other.files
        return self.bytes > other.bytes or more_files

    def __str__(self) -> str:
        return f"{self.bytes / 2**20:.0f} MiB" + ("" if self.files is None else f" and {self.files} files")


def free_room(path: Path) -> Room:
    """The free room of the file system of `path`, which need not exist; no limit if the file system reports none."""
    there = next(folder for folder in [path, *path.absolute().parents] if folder.is_dir())
    found = os.statvfs(there)
    free = found.f_bavail * found.f_frsize if found.f_blocks else sys.maxsize
    return Room(free, found.f_favail if found.f_files else None)


def write_error(error: OSError, path: Path) -> str:
    """The system's message for a write to `path` that failed, and, for a full disk, the room that is left."""
    words = error.strerror or str(error)
    if error.errno not in FULL:
        return words
    room = free_room(path)
    if room.files == 0:
        return f"{words}: no file more can be made, the inodes are used up ({room.bytes / 2**20:.0f} MiB free)"
    return f"{words} ({room.bytes / 2**20:.0f} MiB free)"


def size_of_units(artifact: Path) -> tuple[list[int], int]:
    """The sizes in bytes of all files of an artifact's readable units, and the number of clips in them."""
    sizes, clips = [], 0
    for path in artifact.glob("unit-*/manifest.json"):
        try:
            manifest = json.loads(path.read_text())
            files = [int(file["bytes"]) for file in manifest["files"].values()]
            clips += len(manifest["members"])
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            continue
        sizes += [*files, path.stat().st_size]
    return sizes, clips


def expected_room(sizes: Sequence[int], clips: int, more: int) -> Room:
    """The room that `more` clips are likely to need, if files of these sizes hold `clips` clips."""
    return Room(round(sum(sizes) / clips * more), round(len(sizes) / clips * more))
