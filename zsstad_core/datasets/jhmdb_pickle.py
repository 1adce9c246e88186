"""Read `JHMDB-GT.pkl`, the annotation of J-HMDB with which the field evaluates (from the ACT detector, then HIT)."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zsstad_core.datasets.base import Part
from zsstad_core.datasets.pickles import load_pickle
from zsstad_core.errors import DataError, MissingFileError


class JhmdbPickle:
    """The annotation in the pickle, which is read on the first request.

    The pickle is a dict: `labels`, 21 names; `train_videos` and `test_videos`, one list of `CLASS/NAME` for each
    official split; `gttubes`, {video: {index of label: [one float32 array [N, 5]: frame from 1, x1, y1, x2, y2]}}.

    Raises MissingFileError, and DataError naming the key that is wrong.
    """

    def __init__(self, path: Path, official_split: int, classes: Sequence[str]) -> None:
        self.path = path
        self._split = official_split
        self._classes = list(classes)

    def files(self, video_ids: Sequence[str]) -> list[Path]:
        self._refuse_missing()
        return [self.path]

    @cached_property
    def parts(self) -> dict[str, Part]:
        """Every annotated video and its part in the official split."""
        parts: dict[str, Part] = {}
        for part in ("train", "test"):
            lists = self._content[f"{part}_videos"]
            if not isinstance(lists, list) or len(lists) < self._split or not isinstance(lists[self._split - 1], list):
                raise DataError(f"{self.path}: {part}_videos holds no list of official split {self._split}")
            for video_id in lists[self._split - 1]:
                self._refuse_strange_name(video_id)
                if video_id in parts:
                    raise DataError(f"{self.path}: {video_id} is named twice in official split {self._split}")
                parts[video_id] = part
        return parts

    def tubes(self, video_ids: Sequence[str]) -> dict[str, NDArray[np.float32]]:
        """The rows [N, 5] of each video: frame from 1, x1, y1, x2, y2 in pixels from 0, the last pixel included."""
        return {video_id: self._tube(video_id) for video_id in video_ids}

    def _tube(self, video_id: str) -> NDArray[np.float32]:
        label = self._classes.index(video_id.split("/")[0])
        tubes = self._content["gttubes"].get(video_id)
        if not isinstance(tubes, dict) or list(tubes) != [label] or len(tubes[label]) != 1:
            raise DataError(f"{self.path}: gttubes: {video_id} must have exactly one tube, of label {label}")
        tube = tubes[label][0]
        if not isinstance(tube, np.ndarray) or tube.ndim != 2 or tube.shape[1] != 5 or tube.dtype.kind not in "iuf":
            raise DataError(f"{self.path}: gttubes: {video_id} must be an array [frames, 5] of numbers")
        frames = tube[:, 0]
        if not np.isfinite(tube).all() or (frames < 1).any() or (np.diff(frames) < 1).any() or (frames % 1).any():
            raise DataError(
                f"{self.path}: gttubes: {video_id}: frames must be rising whole numbers from 1, boxes finite"
            )
        return tube.astype(np.float32)

    @cached_property
    def _content(self) -> dict[str, Any]:
        self._refuse_missing()
        content = load_pickle(self.path)
        keys = ("labels", "train_videos", "test_videos", "gttubes")
        if not isinstance(content, dict) or not all(isinstance(content.get(key), list | dict) for key in keys):
            raise DataError(f"{self.path}: is not J-HMDB's annotation; expected a dict with {', '.join(keys)}")
        if content["labels"] != self._classes:
            raise DataError(f"{self.path}: labels must be J-HMDB's 21 classes in alphabetical order")
        return content

    def _refuse_missing(self) -> None:
        if not self.path.is_file():
            raise MissingFileError(
                f"{self.path}: no annotation there (datasets.jhmdb.groundtruth); expected JHMDB-GT.pkl, or the folder "
                "puppet_mask of the official annotation"
            )

    def _refuse_strange_name(self, video_id: object) -> None:
        if isinstance(video_id, str):
            class_name, slash, name = video_id.partition("/")
            if class_name in self._classes and slash and name not in ("", ".", "..") and "/" not in name:
                return
        raise DataError(f"{self.path}: {video_id!r} is not a video of J-HMDB; expected CLASS/NAME")
