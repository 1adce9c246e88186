"""J-HMDB (Jhuang et al. 2013): 928 trimmed clips of 21 actions, one annotated person a frame.

Which files there are and which of them are wanted. Ground truth comes from one of two annotations with the same
answers: the field's pickle (`jhmdb_pickle`) or the official puppet masks (`puppet_masks`).

Coordinates. The annotation's boxes name pixels from 0 and include the last one: in the pickle x runs over 0..319 and
y over 0..239 on 320x240 frames, both ends used by thousands of boxes. They are handed on as they stand, not widened by
the one pixel that a half-open box would need, because the field's evaluator (MultiSports' frameAP, which iCLIP and
ST-CLIP use) takes their width as x2 - x1, and every published number does so. Frames are numbered from 1 there and
from 0 here.
"""

import os
from collections import Counter
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from zsstad_core import settings
from zsstad_core.datasets.base import Part
from zsstad_core.datasets.jhmdb_pickle import JhmdbPickle
from zsstad_core.datasets.puppet_masks import PuppetMasks
from zsstad_core.errors import DataError, MissingFileError
from zsstad_core.video import VideoSource

if TYPE_CHECKING:
    import pandas as pd

# fmt: off
CLASSES: tuple[str, ...] = (
    "brush_hair", "catch", "clap", "climb_stairs", "golf", "jump", "kick_ball", "pick", "pour", "pullup", "push",
    "run", "shoot_ball", "shoot_bow", "shoot_gun", "sit", "stand", "swing_baseball", "throw", "walk", "wave",
)
# fmt: on
_FPS = 30.0  # of the official frames; the clips they were cut from run on a 30 fps clock


class Jhmdb:
    """The dataset under the folder of `settings.datasets.jhmdb` (see `zsstad_core.datasets.base.Dataset`).

    video_id is `CLASS/NAME`. With `clips_per_class`, wanted are the first so many by name of each class and part among
    the clips on disk, so that a small run has its clips whichever were fetched, and none counts as missing.
    """

    classes = CLASSES
    class_types = None

    def __init__(self, chosen: settings.Jhmdb) -> None:
        root = Path(chosen.root)
        if not root.is_dir():
            raise MissingFileError(f"{root}: no such folder (datasets.jhmdb.root); put J-HMDB there or name its folder")
        self._clips = root / chosen.videos
        self._limit = chosen.clips_per_class
        groundtruth = root / chosen.groundtruth
        self._annotation = (
            PuppetMasks(groundtruth, root / chosen.official_splits, chosen.official_split, CLASSES)
            if groundtruth.is_dir()
            else JhmdbPickle(groundtruth, chosen.official_split, CLASSES)
        )

    def videos(self) -> list[VideoSource]:
        found = [VideoSource(name, self._on_disk[name], _FPS) for name in self._wanted if name in self._on_disk]
        if not found:
            others = f" ({len(self._on_disk)} others, such as {min(self._on_disk)})" if self._on_disk else ""
            raise MissingFileError(
                f"{self._clips}: no clip that {self._annotation.path.name} names{others}; expected "
                "CLASS/NAME.avi, or frames CLASS/NAME/00001.png, ..."
            )
        return found

    def missing(self) -> list[str]:
        return [name for name in self._wanted if name not in self._on_disk]

    def unknown(self) -> list[str]:
        return sorted(self._on_disk.keys() - self._annotation.parts.keys())

    def official(self) -> dict[str, Part]:
        return dict(self._wanted)

    def annotation_files(self) -> list[Path]:
        return self._annotation.files(list(self._wanted))

    def groundtruth(self) -> "pd.DataFrame":
        from zsstad_core.tables import BOX, table

        tubes = self._annotation.tubes(list(self._wanted))
        rows = np.concatenate([*tubes.values(), np.empty((0, 5), np.float32)])  # [all frames, 5]
        names = np.repeat(np.array(list(tubes), object), [len(tube) for tube in tubes.values()])
        return table(
            "groundtruth",
            {
                "video_id": names,
                "frame": rows[:, 0].astype(np.int32) - 1,
                "box": np.zeros(len(rows), np.int32),
                **{column: rows[:, 1 + i] for i, column in enumerate(BOX)},
                "class_name": [name.split("/")[0] for name in names],
                "decoded": np.ones(len(rows), bool),
            },
        )

    @cached_property
    def _wanted(self) -> dict[str, Part]:
        parts = dict(sorted(self._annotation.parts.items()))
        if self._limit is None:
            return parts
        taken: Counter[tuple[str, Part]] = Counter()
        wanted = {}
        for name, part in parts.items():
            group = (name.split("/")[0], part)
            if name in self._on_disk and taken[group] < self._limit:
                taken[group] += 1
                wanted[name] = part
        return wanted

    @cached_property
    def _on_disk(self) -> dict[str, Path]:
        """video_id -> the clip's file or folder of frames. Hidden files and other kinds of file are passed over."""
        if not self._clips.is_dir():
            raise MissingFileError(
                f"{self._clips}: no such folder (datasets.jhmdb.videos); expected CLASS/NAME.avi, or frames "
                "CLASS/NAME/00001.png, ... in it"
            )
        found: dict[str, Path] = {}
        for folder in _entries(self._clips):
            if not folder.is_dir():
                continue
            for entry in _entries(Path(folder.path)):
                is_folder = entry.is_dir()
                if not is_folder and not entry.name.endswith(".avi"):
                    continue
                name = f"{folder.name}/{entry.name if is_folder else entry.name.removesuffix('.avi')}"
                if name in found:
                    raise DataError(
                        f"{self._clips}: {name} is there as clip and as frames, which differ in their pixels; "
                        "keep one kind"
                    )
                found[name] = Path(entry.path)
        return found


def _entries(folder: Path) -> list["os.DirEntry[str]"]:
    with os.scandir(folder) as entries:
        return sorted((entry for entry in entries if not entry.name.startswith(".")), key=lambda entry: entry.name)
