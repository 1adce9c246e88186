"""Where the features of a batch come from."""

from dataclasses import dataclass
from typing import Protocol

import torch

from zsstad_core.learning.order import SampleOrder
from zsstad_core.learning.samples import SampleRows


@dataclass(frozen=True)
class Step:
    """An iteration of training, and the order in which it visits samples: what random draws and memory depend on."""

    iteration: int
    order: SampleOrder


class Features[F](Protocol):
    """Features of samples, on a device.

    width: of the tokens. slow: whether they take time to read, so that a batch should be read while the one before it
    is worked on. views: how often a sample is seen when it is scored.
    """

    device: torch.device
    width: int
    slow: bool
    views: int

    def gather(self, rows: SampleRows, step: Step | None, view: int) -> F:
        """The features of these samples: as training sees them in `step`, or their `view` in scoring."""

    def identity(self) -> bytes:
        """What tells these features from others (not the tokens, whose cache vouches for them)."""
