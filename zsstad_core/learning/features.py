"""The protocol of feature sources: how a bank gets the features of a batch."""

from dataclasses import dataclass
from typing import Protocol

import torch

from zsstad_core.learning.order import SampleOrder
from zsstad_core.learning.samples import SampleRows


@dataclass(frozen=True)
class Step:
    """An iteration of training and the order of samples: random draws and the memory of visited frames depend on
    them."""

    iteration: int
    order: SampleOrder


class Features[F](Protocol):
    """A source of features of samples, on a device.

    width: token width. slow: whether features take time to read, so that the next batch should be read while the
    current one is computed. views: how many times a sample is looked at in scoring.
    """

    device: torch.device
    width: int
    slow: bool
    views: int

    def gather(self, rows: SampleRows, step: Step | None, view: int) -> F:
        """The features of these samples: for training in `step`, or, without a step, for view `view` in scoring."""

    def identity(self) -> bytes:
        """What distinguishes these features from others, except the tokens, which their cache key identifies."""
