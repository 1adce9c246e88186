"""One of the processes that train a head together: its part of each batch, and the gradient of the whole batch."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.distributed as dist
from numpy.typing import NDArray
from torch import Tensor, nn


@dataclass(frozen=True)
class Rank:
    """Process `number` of `count` (from 0). Where there are several, torch's process group connects them."""

    number: int = 0
    count: int = 1

    @property
    def first(self) -> bool:
        """Whether this process writes: checkpoints, lines, TensorBoard's files."""
        return self.number == 0

    def part(self, sample_B: NDArray[np.int64]) -> NDArray[np.int64]:
        """This process's samples of a batch; the parts are neighbours and differ by one sample at most."""
        return np.array_split(sample_B, self.count)[self.number]

    def agree[T](self, choose: Callable[[], T]) -> T:
        """What the first process chooses; the others wait for it."""
        if self.count == 1:
            return choose()
        chosen = [choose() if self.first else None]
        dist.broadcast_object_list(chosen)
        return chosen[0]  # type: ignore[return-value]

    def average(self, weights: Sequence[nn.Parameter], loss: Tensor, rows: int) -> Tensor:
        """Turn each part's gradients into those of the whole batch; returns the loss of the whole batch.

        loss: float32 scalar, the mean over the `rows` rows of this process's part; `weights` have its gradients. A mean
        of the parts' means would be another number where parts have unequally many rows, so each part counts by its
        rows. A weight that has no gradient in some parts counts as zero there; one that has none in any part stays so.
        """
        if self.count == 1:
            return loss
        counts = torch.tensor([rows, *(weight.grad is not None for weight in weights)])  # on the CPU: no GPU waits
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
"""The only process of a training."""
