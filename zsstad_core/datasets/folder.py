"""A folder of the user's videos: the videos, the names of the actions, and the annotation, if there is one.

video_id is a video's path below the folder, with its extension and with `/` (`holidays/beach.mp4`), so that two videos
never have the same id. For a video that is named by itself (`datasets.folder.videos`), it is the shortest end of its
path that no other video has. Without an annotation all videos are test, and every person is scored for all labels. The
label split says which labels are unseen: SPLIT=all-unseen (which the recipe `folder` sets), the user's YAML file, or
any other split that needs no published list.
"""

import os
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from zsstad_core.datasets.base import Part
from zsstad_core.datasets.folder_annotation import Box, read_annotation, read_train_list
from zsstad_core.errors import DataError, MissingFileError, SettingsError, did_you_mean
from zsstad_core.keyframes import Keyframes, Sampled
from zsstad_core.lookalikes import refuse_pairs
from zsstad_core.settings import datasets as settings
from zsstad_core.video import VideoSource

if TYPE_CHECKING:
    import pandas as pd

# fmt: off
SUFFIXES = (
    ".3g2", ".3gp", ".asf", ".avi", ".divx", ".f4v", ".flv", ".gif", ".m2ts", ".m2v", ".m4v", ".mjpeg", ".mjpg", ".mkv",
    ".mov", ".mp4", ".mpeg", ".mpg", ".mts", ".mxf", ".nut", ".ogg", ".ogv", ".rm", ".rmvb", ".ts", ".vob", ".webm",
    ".wmv", ".y4m",
)
# fmt: on
"""The endings of the names of videos, in small or capital letters."""


class Folder:
    """The dataset under the folder of `settings.datasets.folder` (see `zsstad_core.datasets.base.Dataset`).

    All videos on disk and all videos that the annotation names are wanted.
    """

    class_types = None
    annotated_size = None

    def __init__(self, chosen: settings.Folder) -> None:
        self._root = Path(chosen.root)
        self._named = [Path(name) for name in chosen.videos]
        if not self._root.is_dir() and not self._named:
            raise MissingFileError(
                f"{self._root}: no such folder (datasets.folder.root); name the folder of your videos"
            )
        for path in self._named:
            if not path.is_file():
                raise MissingFileError(f"{path}: no such video (datasets.folder.videos)")
        self._every, self._per_second = chosen.every, chosen.per_second
        self._labels = tuple(chosen.labels)
        self.texts = chosen.texts
        self._annotation = self._root / chosen.annotation if chosen.annotation else None
        self._train_list = self._root / chosen.train_list if chosen.train_list else None

    @cached_property
    def keyframes(self) -> Keyframes | None:
        """The rule for sampling frames; None if all frames are used."""
        if self._every == 1 and self._per_second is None:
            return None
        return Sampled(every=self._every, per_second=self._per_second)

    @cached_property
    def classes(self) -> tuple[str, ...]:
        found: tuple[str, ...] = self._labels or tuple(sorted({box.label for box in self._boxes} - {""}))
        strange = [name for name in found if not name or name != name.strip() or found.count(name) > 1]
        if strange:
            raise SettingsError(
                f'datasets.folder.labels: "{strange[0]}"; each label must be there once, without spaces around it'
            )
        if len(found) < 2:
            raise SettingsError(
                f"datasets.folder.labels names {len(found)} actions; name two or more, a score says which of them it "
                'is: SET="datasets.folder.labels=reading,cooking", or write them into the annotation (column label)'
            )
        refuse_pairs("label", found, "datasets.folder.labels")
        if self._labels:
            self._refuse_other_labels()
        return found

    def videos(self) -> list[VideoSource]:
        if not self._on_disk:
            raise MissingFileError(
                f"{self._root}: holds no video; looked at all depths for names that end in {', '.join(SUFFIXES)}"
            )
        return [VideoSource(name, path) for name, path in self._on_disk.items()]

    def missing(self) -> list[str]:
        return [name for name in self._parts if name not in self._on_disk]

    def unlisted(self) -> list[str]:
        return []  # every video of the folder is wanted

    def official_split(self) -> dict[str, Part]:
        return dict(self._parts)

    def annotation_files(self) -> list[Path]:
        files = [file for file in (self._annotation, self._train_list) if file is not None]
        for file in files:
            if not file.is_file():
                raise MissingFileError(f"{file}: no such file (datasets.folder)")
        return files

    def groundtruth(self) -> "pd.DataFrame":
        from zsstad_core.tables import BOX, table

        boxes, numbers = self._boxes, self._box_numbers()
        return table(
            "groundtruth",
            {
                "video_id": [box.video for box in boxes],
                "frame": [box.frame for box in boxes],
                "box": numbers,
                **{column: [box.xyxy[i] for box in boxes] for i, column in enumerate(BOX)},
                "class_name": [box.label for box in boxes],
                "decoded": [True] * len(boxes),
            },
        )

    def refuse_impossible(self, videos: "pd.DataFrame") -> None:
        columns = [videos[name].tolist() for name in ("video_id", "frames", "width", "height")]
        sizes = {name: (frames, width, height) for name, frames, width, height in zip(*columns, strict=True)}
        for box in self._boxes:
            if box.video not in sizes:
                continue
            frames, width, height = sizes[box.video]
            if box.frame >= frames:
                hint = "; are yours numbered from 1?" if box.frame == frames else ""
                raise DataError(f"{box.where}: frame is {box.frame}; {box.video} has frames 0 to {frames - 1}{hint}")
            x1, y1, x2, y2 = box.xyxy
            if x1 >= width or y1 >= height or x2 <= 0 or y2 <= 0:
                raise DataError(
                    f"{box.where}: box {list(box.xyxy)} stands outside the picture of {width}x{height}; boxes are in "
                    "pixels of the decoded frame"
                )

    def _box_numbers(self) -> list[int]:
        """The person number of each box, counted in its video. Without names of persons each box of each frame counts
        as another person: nothing says which person of the next frame is the same, so no tube may be made."""
        persons: dict[str, dict[str, int]] = {}
        for video, name in sorted({(box.video, box.person) for box in self._boxes if box.person}, key=_by_number):
            persons.setdefault(video, {})[name] = len(persons.get(video, {}))
        places: dict[str, dict[tuple[int, tuple[float, ...]], int]] = {}
        for box in self._boxes:
            of_video = places.setdefault(box.video, {})
            of_video.setdefault((box.frame, box.xyxy), len(of_video))
        return [
            persons[box.video][box.person] if box.person else places[box.video][box.frame, box.xyxy]
            for box in self._boxes
        ]

    def _refuse_other_labels(self) -> None:
        for box in self._boxes:
            if box.label and box.label not in self._labels:
                near = did_you_mean(box.label, self._labels)
                raise DataError(f"{box.where}: label is {box.label!r}; datasets.folder.labels does not name it{near}")

    @cached_property
    def _parts(self) -> dict[str, Part]:
        by_row = {box.video: box.part for box in self._boxes if box.part}
        named = sorted({*self._on_disk, *(box.video for box in self._boxes)})
        if self._train_list is None:
            return {name: by_row.get(name, "test") for name in named}
        if by_row:
            raise DataError(
                f"{self._annotation}: has a part column, and datasets.folder.train_list names {self._train_list}; "
                "keep one of them"
            )
        train = read_train_list(self._train_list, set(named))
        return {name: "train" if name in train else "test" for name in named}

    @cached_property
    def _boxes(self) -> list[Box]:
        return read_annotation(self._annotation, set(self._on_disk)) if self._annotation else []

    @cached_property
    def _on_disk(self) -> dict[str, Path]:
        if self._named:
            return dict(sorted(_shortest_names(self._named).items()))
        return {path.relative_to(self._root).as_posix(): path for path in sorted(videos_below(self._root))}


def _shortest_names(paths: list[Path]) -> dict[str, Path]:
    """The paths by their names; paths with the same name by their shortest ends that differ. A file that is named
    twice, directly or through a link, is there once."""
    files = {path.resolve(): path for path in reversed(paths)}
    ids: dict[str, Path] = {}
    left, depth = list(files), 0
    while left:
        depth += 1
        ends = {file: "/".join(file.parts[-depth:]) for file in left}
        alone = [file for file in left if [*ends.values()].count(ends[file]) == 1]
        ids |= {ends[file]: files[file] for file in alone}
        left = [file for file in left if file not in alone]
    return ids


def videos_below(root: Path) -> Iterator[Path]:
    """The video files at any depth, without hidden names. Linked folders are followed, and each folder is read once."""
    been = set()
    for folder, folders, files in os.walk(root, followlinks=True):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        here = Path(folder).resolve()
        if here in been:
            folders.clear()
            continue
        been.add(here)
        for name in files:
            if not name.startswith(".") and Path(name).suffix.lower() in SUFFIXES:
                yield Path(folder, name)


def _by_number(named: tuple[str, str]) -> tuple[str, int, str]:
    """A sort key: persons with numbers by number (2 before 10), then persons with names."""
    video, person = named
    return video, int(person) if person.isdecimal() else 10**9, person
