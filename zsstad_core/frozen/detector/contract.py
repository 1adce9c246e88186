"""What a detector is: the model that finds boxes, and its entry in the registry. Imports no torch.

docs/add-a-detector.md adds one step by step.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from zsstad_core.settings.base import Section
from zsstad_core.settings.frozen import Detector as DetectorSettings

if TYPE_CHECKING:
    import numpy as np

    from zsstad_core.frozen.detector.frame_boxes import FrameBoxes


class Detector(Protocol):
    """A loaded model that finds boxes in frames. It is on its device and does not learn."""

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of its classes; `FrameBoxes.label` indexes them. One of them is "person"."""

    @property
    def weights(self) -> str:
        """What its weights are, for the record that every unit of boxes keeps: usually the SHA-256 of their file."""

    def __call__(self, frames: "Sequence[np.ndarray]") -> "list[FrameBoxes]":
        """The boxes of each frame, in the order of the frames.

        frames: RGB uint8 [H, W, 3] of any sizes, at most `detector.batch` of them; there may be none. A frame's boxes
        depend on that frame alone. Boxes are in pixels of the frame as it came in; where they reach over its edge they
        are clipped afterwards.

        Raises torch.OutOfMemoryError where the frames do not fit into GPU memory together: it is called again with
        fewer.
        """


@dataclass(frozen=True)
class DetectorKind[Options: Section]:
    """An entry of the registry: all that a plan and a stage need of a detector.

    name: what `detector.kind` calls it, and what a key says of it.
    load: makes the model from `settings.detector`, the options and a torch device ("cpu", "cuda:1"). It may import
    torch, inside the function.
    identity: what decides the boxes beside settings and options, as entries of the cache key: weights, configs,
    versions of libraries. Values are plain data, or paths: a path stands for what is in the file, and a list of paths
    for the contents and names of several files. Entries replace settings of the same name. It must import no torch,
    since every `make plan` asks it.
    options: the section that `detector.options` is read as.
    finetunes: whether `learning.finetune` can train it further; it trains models of mmdet.
    """

    name: str
    load: Callable[[DetectorSettings, Options, str], Detector]
    identity: Callable[[DetectorSettings, Options], Mapping[str, Any]]
    options: type[Options]
    finetunes: bool = False
