"""The contract of a detector: the model that finds boxes, and its entry in the registry. Imports no torch.

docs/add-a-detector.md shows step by step how to add a detector.
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
    """A loaded model that finds boxes in frames. It is on its device, and its weights are frozen."""

    @property
    def classes(self) -> tuple[str, ...]:
        """The class names, which `FrameBoxes.label` indexes. One of them is `detector.person_class`."""

    @property
    def weights(self) -> str:
        """The identity of the weights, which every unit of boxes records: usually the SHA-256 of their file."""

    def __call__(self, frames: "Sequence[np.ndarray]") -> "list[FrameBoxes]":
        """The boxes of each frame, in the order of the frames.

        frames: RGB uint8 [H, W, 3] of any sizes, at most `detector.batch` of them, or none. A frame's boxes depend on
        that frame alone. They are in pixels of the frame as given; boxes that reach over its edge are clipped
        afterwards.

        Raises torch.OutOfMemoryError where the frames do not fit into GPU memory together; the detector is then called
        again with fewer.
        """


@dataclass(frozen=True)
class DetectorKind[Options: Section]:
    """An entry of the registry: all that a plan and a stage need of a detector.

    name: its name in `detector.kind` and in cache keys.
    load: a function (`settings.detector`, options, a torch device such as "cpu" or "cuda:1") -> Detector. It may import
        torch, inside the function.
    identity: a function (`settings.detector`, options) -> what determines the boxes beside settings and options, as
        entries of the cache key: weights, configs, versions of libraries. Values are plain data, or paths: a path
        stands for the file's content, and a list of paths for the contents and names of several files. Entries replace
        settings of the same name. The function must not import torch, since every `make plan` calls it.
    options: the section class that `detector.options` is read as.
    finetunes: whether `learning.finetune`, which trains models of mmdet, can train it further.
    imports: modules that `load` imports; a process that starts several stages imports them once for all.
    """

    name: str
    load: Callable[[DetectorSettings, Options, str], Detector]
    identity: Callable[[DetectorSettings, Options], Mapping[str, Any]]
    options: type[Options]
    finetunes: bool = False
    imports: tuple[str, ...] = ()
