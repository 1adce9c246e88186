"""J-HMDB (Jhuang et al. 2013): 928 trimmed clips of 21 actions, one annotated person per frame.

This module lists the wanted clips. Ground truth comes from one of two annotations with the same content: the field's
pickle (`jhmdb_pickle`) or the official puppet masks (`puppet_masks`).

Coordinates. The annotation's boxes name pixels from 0 and include the last pixel: in the pickle x runs over 0..319 and
y over 0..239 on 320x240 frames, and thousands of boxes use both ends. The boxes stay as they are, without the one pixel
more that a half-open box would need, because the field's evaluator (MultiSports' frameAP, which iCLIP and ST-CLIP use)
takes x2 - x1 as width, and every published number does so. The annotation numbers frames from 1, this module from 0.
"""

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from zsstad_core.datasets.base import Part
from zsstad_core.datasets.clip_folders import clips_by_class, first_of_each, wanted_on_disk
from zsstad_core.datasets.jhmdb_pickle import JhmdbPickle
from zsstad_core.datasets.puppet_masks import PuppetMasks
from zsstad_core.errors import MissingFileError
from zsstad_core.settings import datasets as settings
from zsstad_core.video import VideoSource

if TYPE_CHECKING:
    import pandas as pd

# fmt: off
CLASSES: tuple[str, ...] = (
    "brush_hair", "catch", "clap", "climb_stairs", "golf", "jump", "kick_ball", "pick", "pour", "pullup", "push",
    "run", "shoot_ball", "shoot_bow", "shoot_gun", "sit", "stand", "swing_baseball", "throw", "walk", "wave",
)
# fmt: on
_EXPECTED = "CLASS/NAME.avi, or frames CLASS/NAME/00001.png, ..."
_FPS = 30.0  # of the official frames, which were cut from clips on a 30 fps clock


class Jhmdb:
    """The dataset under the folder of `settings.datasets.jhmdb` (see `zsstad_core.datasets.base.Dataset`).

    video_id is `CLASS/NAME`. With `clips_per_class`, the first clips by name of each class and part among the clips on
    disk are wanted, so that a small run works with whatever clips were fetched, and no clip counts as missing.
    """

    classes = CLASSES
    class_types = None
    keyframes = None
    annotated_size = None
    texts = None

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
        there = wanted_on_disk(self._wanted, self._on_disk, self._clips, self._annotation.path, _EXPECTED)
        return [VideoSource(name, path, _FPS) for name, path in there.items()]

    def missing(self) -> list[str]:
        return [name for name in self._wanted if name not in self._on_disk]

    def unlisted(self) -> list[str]:
        return sorted(self._on_disk.keys() - self._annotation.parts.keys())

    def official_split(self) -> dict[str, Part]:
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

    def refuse_impossible(self, videos: "pd.DataFrame") -> None:
        pass  # published

    @cached_property
    def _wanted(self) -> dict[str, Part]:
        limited = self._limit is not None
        return first_of_each(self._annotation.parts, self._on_disk if limited else {}, self._limit)

    @cached_property
    def _on_disk(self) -> dict[str, Path]:
        return clips_by_class(self._clips, [".avi"], "datasets.jhmdb.videos", _EXPECTED)
