"""Which clips the benchmark has for a seed, and where their files are. Imports nothing that draws."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from zsstad_core.stickworld.labels import CLASSES

type Part = Literal["train", "test"]

ANNOTATION, OBJECTS = "annotation.parquet", "objects.parquet"


@dataclass(frozen=True)
class Clip:
    """One clip, by the action it was made for; persons beside may do others."""

    part: Part
    action: str
    number: int
    seed: int

    @property
    def video_id(self) -> str:
        return f"{self.action}/{self.part}-{self.number:03d}"


def clips(seed: int, train_clips: int, test_clips: int) -> list[Clip]:
    """The clips of a seed, so many a class and part, sorted by video_id. A clip is the same whatever the numbers."""
    counts: tuple[tuple[Part, int], ...] = (("test", test_clips), ("train", train_clips))
    return [Clip(part, action, number, seed) for action in CLASSES for part, count in counts for number in range(count)]


def video_file(folder: Path, video_id: str) -> Path:
    """Where a clip's file is."""
    return folder / "videos" / f"{video_id}.mp4"
