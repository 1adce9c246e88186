"""Room on a disk: what is left there, what units are likely to need, and the words for a write that failed."""

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from zsstad_core.errors import FULL


@dataclass(frozen=True)
class Room:
    """Bytes and files; None where the file system does not count files."""

    bytes: int
    files: int | None

    def exceeds(self, other: "Room") -> bool:
        """Whether one of both is more than the other has."""
        more_files = self.files is not None and other.files is not None and self.files > other.files
        return self.bytes > other.bytes or more_files

    def __str__(self) -> str:
        return f"{self.bytes / 2**20:.0f} MiB" + ("" if self.files is None else f" and {self.files} files")


def left(path: Path) -> Room:
    """What is free where `path` is, or will be; of a file system that does not say its size, as much as may be."""
    there = next(folder for folder in [path, *path.absolute().parents] if folder.is_dir())
    found = os.statvfs(there)
    free = found.f_bavail * found.f_frsize if found.f_blocks else sys.maxsize
    return Room(free, found.f_favail if found.f_files else None)


def why(error: OSError, path: Path) -> str:
    """The system's words for a write to `path` that failed; of a full disk, with what is left and what ran out."""
    words = error.strerror or str(error)
    if error.errno not in FULL:
        return words
    room = left(path)
    if room.files == 0:
        return f"{words}: no file more can be made, the inodes are used up ({room.bytes / 2**20:.0f} MiB free)"
    return f"{words} ({room.bytes / 2**20:.0f} MiB free)"


def of_units(artifact: Path) -> tuple[list[int], int]:
    """Sizes in bytes of all files of an artifact's units, and how many clips they hold. What does not read is not
    counted."""
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


def needed(sizes: Sequence[int], clips: int, more: int) -> Room:
    """What `more` clips are likely to take where files of these sizes hold `clips`."""
    return Room(round(sum(sizes) / clips * more), round(len(sizes) / clips * more))
