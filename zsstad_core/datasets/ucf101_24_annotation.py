"""Read the corrected annotation of UCF101-24, in either of its two forms: `pyannot.pkl` or `finalAnnots.mat`.

`pyannot.pkl`      {CLASS/NAME: {annotations: [{label: 0 to 23, sf, ef, boxes}], numf, label}}: sf from 0, ef excluded
`finalAnnots.mat`  annot(i): name, num_imgs, tubes(j): class: 1 to 24, sf, ef, boxes: sf from 1, ef included

Boxes are whole numbers [N, 4]: x, y, width, height, one per frame from sf on. Most are stored in 8 bits, in which x +
width would wrap to 0 beyond 255, as it would in 60,072 of the 573,862 boxes.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from zsstad_core.datasets.pickles import load_pickle
from zsstad_core.errors import DataError, MissingFileError


class Tube(NamedTuple):
    """A person through consecutive frames: the first frame, from 0, and float32 x1, y1, x2, y2 [frames, 4]."""

    start: int
    boxes: NDArray[np.float32]


class _Raw(NamedTuple):
    """A tube as in the file, but with label and frames numbered from 0, and `stop` excluded."""

    label: int
    start: int
    stop: int
    boxes: Any


class Annotation:
    """The annotation, read on the first request. Raises MissingFileError, and DataError naming clip and tube."""

    def __init__(self, path: Path, classes: Sequence[str]) -> None:
        self.path = path
        self._classes = list(classes)

    def files(self) -> list[Path]:
        self._refuse_missing()
        return [self.path]

    @cached_property
    def names(self) -> list[str]:
        """Every annotated clip, `CLASS/NAME`, sorted."""
        for name in self._content:
            class_name, slash, rest = name.partition("/") if isinstance(name, str) else ("", "", "")
            if class_name not in self._classes or not slash or rest in ("", ".", "..") or "/" in rest:
                raise DataError(f"{self.path}: {name!r} is not a clip of UCF101-24; expected CLASS/NAME")
        return sorted(self._content)

    def tubes(self, name: str) -> list[Tube]:
        """The tubes of a clip, in the file's order; at least one."""
        raw, frames = self._content[name]
        if not raw:
            raise DataError(f"{self.path}: {name} has no tube; expected at least one")
        label = self._classes.index(name.partition("/")[0])
        return [self._tube(f"{self.path}: {name} tube {n}", tube, label, frames) for n, tube in enumerate(raw)]

    def _tube(self, where: str, raw: _Raw, label: int, frames: int) -> Tube:
        boxes = raw.boxes
        if raw.label != label:
            raise DataError(f"{where}: is of class {raw.label} (from 0); its clip's is {label}, and a clip has one")
        if not 0 <= raw.start < raw.stop <= frames:
            raise DataError(f"{where}: frames {raw.start} to {raw.stop} (excluded) are not in the clip's {frames}")
        if (
            not isinstance(boxes, np.ndarray)
            or boxes.shape != (raw.stop - raw.start, 4)
            or boxes.dtype.kind not in "iuf"
        ):
            shape = f"shape {boxes.shape} of {boxes.dtype}" if isinstance(boxes, np.ndarray) else type(boxes).__name__
            raise DataError(
                f"{where}: boxes are {shape}; expected numbers [{raw.stop - raw.start}, 4], one row a frame"
            )
        xywh = boxes.astype(np.float64)  # before anything is added: uint8 would wrap
        bad = ~np.isfinite(xywh).all(1) | (xywh < [0, 0, 1, 1]).any(1)
        if bad.any():
            row = int(np.flatnonzero(bad)[0])
            raise DataError(
                f"{where}: frame {raw.start + row}: box {boxes[row].tolist()}; expected x, y, width, height in pixels, "
                "with an area"
            )
        return Tube(raw.start, np.concatenate([xywh[:, :2], xywh[:, :2] + xywh[:, 2:]], axis=1).astype(np.float32))

    @cached_property
    def _content(self) -> Mapping[str, tuple[list[_Raw], int]]:
        """The tubes of each clip, and the number of its frames."""
        self._refuse_missing()
        read = _read_final_annots if self.path.suffix == ".mat" else _read_pyannot
        content: dict[str, tuple[list[_Raw], int]] = {}
        for name, tubes, frames in read(self.path):
            if name in content:
                raise DataError(f"{self.path}: {name} is annotated twice")
            content[name] = tubes, frames
        if not content:
            raise DataError(f"{self.path}: annotates no clip")
        return content

    def _refuse_missing(self) -> None:
        if not self.path.is_file():
            raise MissingFileError(
                f"{self.path}: no annotation there (datasets.ucf101_24.groundtruth); expected pyannot.pkl or "
                "finalAnnots.mat of the corrected annotation"
            )


def _read_pyannot(path: Path) -> Iterator[tuple[str, list[_Raw], int]]:
    content = load_pickle(path)
    if not isinstance(content, dict):
        raise DataError(f"{path}: is not pyannot.pkl; expected a dict by CLASS/NAME")
    for name, clip in content.items():
        try:
            tubes = [
                _Raw(int(tube["label"]), int(tube["sf"]), int(tube["ef"]), tube["boxes"])
                for tube in clip["annotations"]
            ]
            yield name, tubes, int(clip["numf"])
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(
                f"{path}: {name}: {error!r}; expected annotations (label, sf, ef, boxes) and numf"
            ) from None


def _read_final_annots(path: Path) -> Iterator[tuple[str, list[_Raw], int]]:
    from scipy.io import loadmat

    try:
        clips = loadmat(path, variable_names=["annot"])["annot"].ravel()
    except KeyError:
        raise DataError(f"{path}: holds no annot; expected finalAnnots.mat") from None
    except Exception as error:  # a damaged mat file raises nearly anything
        raise DataError(f"{path}: not a readable mat file ({error}); fetch it again") from error
    for number, clip in enumerate(clips, start=1):
        try:
            name = str(clip["name"].item())
            tubes = [
                _Raw(int(tube["class"].item()) - 1, int(tube["sf"].item()) - 1, int(tube["ef"].item()), tube["boxes"])
                for tube in clip["tubes"].ravel()
            ]
            yield name, tubes, int(clip["num_imgs"].item())
        except (IndexError, TypeError, ValueError) as error:  # numpy's words for a field that is not there
            raise DataError(
                f"{path}: annot({number}): {error}; expected name, num_imgs and tubes (class, sf, ef, boxes)"
            ) from None
