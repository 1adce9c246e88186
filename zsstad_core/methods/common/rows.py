"""The rows of a batch, one for each person or clip, without padding.

Shapes: B samples of a batch, N rows, P rows of the fullest sample.
"""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Rows:
    """N rows of B samples. A sample is a frame with some of its persons, or one clip, which has one row.

    The rows of a sample stand together. sample_N: the sample of each row, int64, in ascending order. place_N: the row's
    place among the rows of its sample, int64, from 0. samples: B. most: P.
    """

    sample_N: Tensor
    place_N: Tensor
    samples: int
    most: int

    def __len__(self) -> int:
        return len(self.sample_N)

    @property
    def full(self) -> bool:
        """Whether all samples have the same number of rows."""
        return len(self) == self.samples * self.most

    def real(self) -> Tensor:
        """Bool [B, P]: True where `pad` puts a row."""
        return self.pad(torch.ones_like(self.sample_N, dtype=torch.bool))

    def pad(self, x_N: Tensor) -> Tensor:
        """Rows [N, ...] padded to [B, P, ...], with zeros where a sample has fewer than P rows."""
        x_BP = x_N.new_zeros(self.samples, self.most, *x_N.shape[1:])
        x_BP[self.sample_N, self.place_N] = x_N
        return x_BP

    def flat(self, x_BP: Tensor) -> Tensor:
        """The rows [N, ...] of a padded tensor [B, P, ...]; the inverse of `pad`."""
        return x_BP[self.sample_N, self.place_N]

    def to(self, device: torch.device | str) -> "Rows":
        return Rows(self.sample_N.to(device), self.place_N.to(device), self.samples, self.most)
