"""Read J-HMDB's official annotation: puppet masks (`puppet_mask/CLASS/NAME/puppet_mask.mat`) and split lists."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zsstad_core.datasets.base import Part
from zsstad_core.errors import DataError, MissingFileError
from zsstad_core.plain_text import read_lines

_PARTS: dict[str, Part] = {"1": "train", "2": "test"}


class PuppetMasks:
    """The same annotation as `JhmdbPickle`, from the masks of the official download and `CLASS_test_splitN.txt`.

    The box of a frame is the tight box of its mask: the first and the last column and row that the mask touches, from
    0, both included, as in the pickle. A frame with an empty mask has no box. Files are read when they are first
    needed. Raises MissingFileError, and DataError naming file and line.
    """

    def __init__(self, folder: Path, lists: Path, official_split: int, classes: Sequence[str]) -> None:
        self.path = folder
        self._lists = [lists / f"{class_name}_test_split{official_split}.txt" for class_name in classes]

    def files(self, video_ids: Sequence[str]) -> list[Path]:
        return [*self._lists, *(self._mask_file(video_id) for video_id in video_ids)]

    @cached_property
    def parts(self) -> dict[str, Part]:
        """Every listed video and its part in the official split."""
        parts: dict[str, Part] = {}
        for file in self._lists:
            parts |= _read_list(file)
        return parts

    def tubes(self, video_ids: Sequence[str]) -> dict[str, NDArray[np.float32]]:
        """The rows [N, 5] of each video: frame from 1, x1, y1, x2, y2 in pixels from 0, the last pixel included."""
        return {video_id: tight_boxes(_read_mask(self._mask_file(video_id))) for video_id in video_ids}

    def _mask_file(self, video_id: str) -> Path:
        file = self.path / video_id / "puppet_mask.mat"
        if not file.is_file():
            raise MissingFileError(f"{file}: no such mask; the official lists name this clip, so fetch its mask")
        return file


def tight_boxes(mask_HWF: NDArray[Any]) -> NDArray[np.float32]:
    """Rows [N, 5], frame from 1, x1, y1, x2, y2, of the frames in which a mask [height, width, frames] is not empty."""
    touched = mask_HWF != 0
    columns, rows = touched.any(0), touched.any(1)  # [W, F], [H, F]
    frames = np.flatnonzero(columns.any(0))
    sides = [
        columns.argmax(0),
        rows.argmax(0),
        len(columns) - 1 - columns[::-1].argmax(0),
        len(rows) - 1 - rows[::-1].argmax(0),
    ]
    return np.stack([frames + 1, *(side[frames] for side in sides)], axis=1).astype(np.float32)


def _read_list(file: Path) -> dict[str, Part]:
    if not file.is_file():
        raise MissingFileError(
            f"{file}: no such list (datasets.jhmdb.official_splits); puppet masks need the official "
            "CLASS_test_split1.txt, ... of all 21 classes"
        )
    class_name = file.name.rsplit("_test_split", 1)[0]
    parts: dict[str, Part] = {}
    for number, line in enumerate(read_lines(file), start=1):
        words = line.split()
        if not words:
            continue
        if len(words) != 2 or not words[0].endswith(".avi") or "/" in words[0] or words[1] not in _PARTS:
            raise DataError(f"{file}:{number}: {line.strip()!r}; expected NAME.avi and 1 (train) or 2 (test)")
        video_id = f"{class_name}/{words[0].removesuffix('.avi')}"
        if video_id in parts:
            raise DataError(f"{file}:{number}: {words[0]} is listed twice")
        parts[video_id] = _PARTS[words[1]]
    return parts


def _read_mask(file: Path) -> NDArray[Any]:
    """The mask [height, width, frames] of one clip."""
    from scipy.io import loadmat

    try:
        mask = np.asarray(loadmat(file, variable_names=["part_mask"])["part_mask"])
    except KeyError:
        raise DataError(f"{file}: holds no part_mask; expected J-HMDB's official puppet_mask.mat") from None
    except Exception as error:  # a damaged mat file raises nearly anything
        raise DataError(f"{file}: not a readable mat file ({error}); fetch it again") from error
    if mask.ndim == 2:  # MATLAB drops the axis of a single frame
        mask = mask[:, :, None]
    if mask.ndim != 3 or mask.dtype.kind not in "biuf":
        raise DataError(f"{file}: part_mask has shape {mask.shape}; expected numbers [height, width, frames]")
    return mask
