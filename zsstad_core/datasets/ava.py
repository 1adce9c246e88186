"""AVA (Gu et al. 2018), v2.1 and v2.2: films that are annotated from second 902 to 1798, one keyframe per second. Other
data in AVA's files may have other seconds (`first_second`, `last_second`).

This module lists the videos and gives the rule for their wanted frames; `ava_annotation` reads the annotation. The
official validation videos are the test part, as in every paper: the labels of the official test videos are not public.

Numbering. The csv counts seconds of the film; `start` is the second at which a video begins. The keyframe of a second
is the decoded frame nearest in time (`zsstad_core.keyframes`); it is never found by counting frames.
"""

import re
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from zsstad_core.datasets.ava_annotation import AvaAnnotation
from zsstad_core.datasets.base import Part
from zsstad_core.datasets.clip_folders import entries
from zsstad_core.errors import DataError, MissingFileError
from zsstad_core.keyframes import Keyframes, Step
from zsstad_core.lookalikes import refuse_lookalikes
from zsstad_core.settings import datasets as settings
from zsstad_core.video import VideoSource

if TYPE_CHECKING:
    import pandas as pd

_SUFFIXES = (".mkv", ".mp4", ".webm", ".avi", ".mov")
_EXPECTED = "VIDEO_ID.mkv (mp4, webm, avi, mov), or folders of frames VIDEO_ID/VIDEO_ID_000001.jpg, ..."


class Ava:
    """The dataset under the folder of `settings.datasets.ava` (see `zsstad_core.datasets.base.Dataset`).

    video_id is the id of the film on YouTube, as in the csv.
    """

    annotated_size = None
    texts = None

    def __init__(self, chosen: settings.Ava) -> None:
        root = Path(chosen.root)
        if not root.is_dir():
            raise MissingFileError(f"{root}: no such folder (datasets.ava.root); put AVA there or name its folder")
        self._chosen = chosen
        self._videos = root / chosen.videos
        seconds = (chosen.first_second, chosen.last_second)
        self._annotation = AvaAnnotation(
            {"train": root / chosen.train, "test": root / chosen.val},
            root / chosen.labelmap,
            [root / name for name in (chosen.excluded_train, chosen.excluded_val) if name],
            seconds,
        )
        self.classes = self._annotation.classes
        self.class_types = self._annotation.class_types
        self.keyframes = Keyframes(
            *seconds, chosen.start, chosen.around, Step(chosen.step, chosen.step_unit), chosen.fps
        )

    def videos(self) -> list[VideoSource]:
        annotation = f"{self._chosen.train}, {self._chosen.val}"
        refuse_lookalikes("video", self._annotation.parts, annotation, self._on_disk, str(self._videos))
        found = [self._source(name) for name in self._annotation.parts if name in self._on_disk]
        if not found:
            others = f" ({len(self._on_disk)} others, such as {min(self._on_disk)})" if self._on_disk else ""
            raise MissingFileError(
                f"{self._videos}: no video that {self._chosen.train} or {self._chosen.val} names{others}; expected "
                f"{_EXPECTED}"
            )
        return found

    def missing(self) -> list[str]:
        return [name for name in self._annotation.parts if name not in self._on_disk]

    def unlisted(self) -> list[str]:
        return sorted(self._on_disk.keys() - self._annotation.parts.keys())

    def official_split(self) -> dict[str, Part]:
        return dict(self._annotation.parts)

    def annotation_files(self) -> list[Path]:
        return self._annotation.files()

    def groundtruth(self) -> "pd.DataFrame":
        return self._annotation.table()

    def refuse_impossible(self, videos: "pd.DataFrame") -> None:
        pass  # published

    def _source(self, name: str) -> VideoSource:
        number = r"(\d+)"
        pattern = re.escape(self._chosen.frame_files).replace(r"\{video\}", re.escape(name))
        return VideoSource(name, self._on_disk[name], self._chosen.fps, pattern.replace(r"\{number\}", number))

    @cached_property
    def _on_disk(self) -> dict[str, Path]:
        """video_id -> the file or folder of frames. Hidden files and other kinds of file are ignored."""
        if not self._videos.is_dir():
            raise MissingFileError(f"{self._videos}: no such folder (datasets.ava.videos); expected {_EXPECTED} in it")
        found: dict[str, Path] = {}
        for entry in entries(self._videos):
            path = Path(entry.path)
            if not entry.is_dir() and path.suffix.lower() not in _SUFFIXES:
                continue
            name = path.name if entry.is_dir() else path.stem
            if name in found:
                raise DataError(
                    f"{self._videos}: {found[name].name} and {path.name} are the same video, and may differ in their "
                    "times and pixels; keep one"
                )
            found[name] = path
        return found
