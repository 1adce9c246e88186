"""UCF101-24: 3,194 untrimmed clips of 24 of UCF101's actions (Soomro et al. 2012), persons annotated as tubes.

This module lists the wanted clips. The annotation is the corrected one (Singh et al. 2017), with which the field
evaluates, in one of its two forms with the same content (`ucf101_24_annotation`); the test part comes from lists
(`ucf101_24_lists`).

A clip has one action and one or more tubes of persons who do it. A tube covers some of the clip's frames, without gaps;
frames between, before and after the tubes have no box, even if persons are in the picture. The box number of a row is
the number of its tube in the clip, so (video_id, box) is one tube, as video mAP needs it.

Coordinates. The annotation holds x, y, width and height on 320x240 pictures, with x from 1 to x + width = 320, y from 1
to y + height = 240: MATLAB's pixels, which name the first and the last column. This module gives x, y, x + width, y +
height, without moving the boxes by the one pixel that separates them from half-open corners: the annotation's evaluator
and all its descendants (ACT, MOC, YOWO) do so, and every published number. If clips are copies of another size (340x256
transcodes are common), boxes are scaled to that size when the index knows it (`Dataset.annotated_size`).
"""

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from zsstad_core.datasets.base import Part
from zsstad_core.datasets.clip_folders import clips_by_class, first_of_each, wanted_on_disk
from zsstad_core.datasets.ucf101_24_annotation import Annotation
from zsstad_core.datasets.ucf101_24_lists import read_parts
from zsstad_core.errors import MissingFileError
from zsstad_core.settings import datasets as settings
from zsstad_core.video import VideoSource

if TYPE_CHECKING:
    import pandas as pd

# fmt: off
CLASSES: tuple[str, ...] = (
    "Basketball", "BasketballDunk", "Biking", "CliffDiving", "CricketBowling", "Diving", "Fencing", "FloorGymnastics",
    "GolfSwing", "HorseRiding", "IceDancing", "LongJump", "PoleVault", "RopeClimbing", "SalsaSpin", "SkateBoarding",
    "Skiing", "Skijet", "SoccerJuggling", "Surfing", "TennisSwing", "TrampolineJumping", "VolleyballSpiking",
    "WalkingWithDog",
)
# fmt: on
_EXPECTED = "CLASS/NAME.avi or .mp4, or frames CLASS/NAME/00001.jpg, ..."
_FPS = 25.0  # of nearly all clips of UCF101; used only for frames in folders
_FRAME = r"(\d+)\.jpg"


class Ucf101_24:
    """The dataset under the folder of `settings.datasets.ucf101_24` (see `zsstad_core.datasets.base.Dataset`).

    video_id is `CLASS/NAME` (`Basketball/v_Basketball_g01_c01`). `clips_per_class` as for J-HMDB.
    """

    classes = CLASSES
    class_types = None
    keyframes = None
    annotated_size = (320, 240)
    texts = None

    def __init__(self, chosen: settings.Ucf101_24) -> None:
        root = Path(chosen.root)
        if not root.is_dir():
            raise MissingFileError(
                f"{root}: no such folder (datasets.ucf101_24.root); put UCF101-24 there or name its folder"
            )
        self._clips = root / chosen.videos
        self._limit = chosen.clips_per_class
        self._annotation = Annotation(root / chosen.groundtruth, CLASSES)
        self._test_list = root / chosen.test_list
        self._train_list = root / chosen.train_list if chosen.train_list else None

    def videos(self) -> list[VideoSource]:
        there = wanted_on_disk(self._wanted, self._on_disk, self._clips, self._annotation.path, _EXPECTED)
        return [VideoSource(name, path, _FPS, _FRAME) for name, path in there.items()]

    def missing(self) -> list[str]:
        return [name for name in self._wanted if name not in self._on_disk]

    def unlisted(self) -> list[str]:
        return sorted(self._on_disk.keys() - self._parts.keys())

    def official_split(self) -> dict[str, Part]:
        return dict(self._wanted)

    def annotation_files(self) -> list[Path]:
        lists = [self._test_list, *([self._train_list] if self._train_list else [])]
        return [*self._annotation.files(), *lists]

    def groundtruth(self) -> "pd.DataFrame":
        from zsstad_core.tables import BOX, table

        names, frames, numbers, boxes = [], [], [], []
        for name in self._wanted:
            for number, tube in enumerate(self._annotation.tubes(name)):
                names.append(np.full(len(tube.boxes), name, object))
                frames.append(tube.start + np.arange(len(tube.boxes), dtype=np.int32))
                numbers.append(np.full(len(tube.boxes), number, np.int32))
                boxes.append(tube.boxes)
        if not boxes:
            return table("groundtruth")
        xyxy, name_N = np.concatenate(boxes), np.concatenate(names)  # [all boxes, 4], [all boxes]
        return table(
            "groundtruth",
            {
                "video_id": name_N,
                "frame": np.concatenate(frames),
                "box": np.concatenate(numbers),
                **{column: xyxy[:, i] for i, column in enumerate(BOX)},
                "class_name": [name.partition("/")[0] for name in name_N],
                "decoded": np.ones(len(xyxy), bool),
            },
        )

    def refuse_impossible(self, videos: "pd.DataFrame") -> None:
        pass  # published

    @cached_property
    def _wanted(self) -> dict[str, Part]:
        limited = self._limit is not None
        return first_of_each(self._parts, self._on_disk if limited else {}, self._limit)

    @cached_property
    def _parts(self) -> dict[str, Part]:
        return read_parts(self._annotation.names, self._annotation.path, self._test_list, self._train_list, CLASSES)

    @cached_property
    def _on_disk(self) -> dict[str, Path]:
        return clips_by_class(self._clips, [".avi", ".mp4"], "datasets.ucf101_24.videos", _EXPECTED)
