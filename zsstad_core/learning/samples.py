"""Samples, of which batches are made; the rows of a sample are classified together.

Shapes: S samples, B samples of a batch, N rows of a batch.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd
import torch

from zsstad_core.learning.frame_index import Ints
from zsstad_core.learning.token_store import to_device
from zsstad_core.methods.common.rows import Rows


@dataclass(frozen=True)
class SampleRows:
    """The rows of some samples, sample after sample.

    sample_B: numbers of the samples. row_N: rows of the samples' table. sample_N: for each row, the place of its sample
    in the batch. place_N: the row's place in its sample. most: rows of the fullest sample.
    """

    sample_B: Ints
    row_N: Ints
    sample_N: Ints
    place_N: Ints
    most: int

    def to(self, device: torch.device) -> tuple[Rows, torch.Tensor]:
        """The batch's `Rows`, and `row_N`, on a device."""
        row_N, sample_N, place_N = to_device([self.row_N, self.sample_N, self.place_N], device)
        return Rows(sample_N, place_N, len(self.sample_B), self.most), row_N


class Samples(Protocol):
    """Samples, numbered from 0. `table` has a row for each person or clip; every row is in exactly one sample."""

    table: pd.DataFrame

    def __len__(self) -> int: ...

    def take(self, sample_B: Ints) -> SampleRows:
        """The rows of these samples."""

    def identity(self) -> bytes:
        """What distinguishes these samples from others."""


def rows_between(sample_B: Ints, first_B: Ints, end_B: Ints, row: Ints) -> SampleRows:
    """The rows `row[first:end]` of each sample, sample after sample."""
    count_B = end_B - first_B
    sample_N = np.repeat(np.arange(len(sample_B)), count_B)
    place_N = np.arange(len(sample_N)) - (np.cumsum(count_B) - count_B)[sample_N]
    row_N = row[first_B[sample_N] + place_N] if len(sample_N) else np.zeros(0, np.int64)
    return SampleRows(sample_B, row_N, sample_N, place_N, int(count_B.max(initial=0)))
