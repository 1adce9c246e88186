"""One of several processes that train a head together: its part of each batch, and the gradient of the whole batch."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.distributed as dist
from numpy.typing import NDArray
from torch import Tensor, nn


@dataclass(frozen=True)
class Rank:
    """Process `number` of `count` (from 0). Several processes are connected by torch's process group."""

    number: int = 0
    count: int = 1

    @property
    def first(self) -> bool:
        """Whether this process writes checkpoints, log lines and TensorBoard's files."""
        return self.number == 0

    def part(self, sample_B: NDArray[np.int64]) -> NDArray[np.int64]:
        """This process's samples of a batch. The parts are consecutive, and their sizes differ by one at most."""
        return np.array_split(sample_B, self.count)[self.number]

    def agree[T](self, choose: Callable[[], T]) -> T:
        """The choice of the first process, in all processes; the others wait for it."""
        if self.count == 1:
            return choose()
        chosen = [choose() if self.first else None]
        dist.broadcast_object_list(chosen)
        return chosen[0]  # type: ignore[return-value]

    def average(self, weights: Sequence[nn.Parameter], loss: Tensor, rows: int) -> Tensor:
        """Turn the gradients of each part into those of the whole batch; returns the loss of the whole batch.

        loss: float32 scalar, the mean over the `rows` rows of this process's part, whose gradients `weights` hold. Each
        part counts by its rows, since a mean of the parts' means would be another number where parts have unequal
        numbers of rows. A weight without a gradient in some parts counts as zero there; a weight without a gradient in
        all parts stays without.
        """
        if self.count == 1:
            return loss
        counts = torch.tensor([rows, *(weight.grad is not None for weight in weights)])  # on the CPU, so no GPU waits
        dist.all_reduce(counts)
        total, *parts = counts.tolist()
        moved = [weight for weight, number in zip(weights, parts, strict=True) if number]
        gradients = [torch.zeros_like(weight) if weight.grad is None else weight.grad for weight in moved]
        joint = torch.cat([loss.reshape(1), *(gradient.flatten() for gradient in gradients)]) * rows
        dist.all_reduce(joint)
        mean, *averaged = torch.split(joint / max(total, 1), [1, *(weight.numel() for weight in moved)])
        for weight, gradient in zip(moved, averaged, strict=True):
            weight.grad = gradient.view_as(weight)
        return mean[0]


ALONE = Rank()
"""The rank of a training in a single process."""
