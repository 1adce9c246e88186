"""`Bank`, the samples that a head is trained on or scores, with features and targets; and batches of them.

Shapes: S samples, R rows of the samples' table, B samples of a batch, N rows of a batch, K classes.
"""

import hashlib
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from zsstad_core.errors import DataError
from zsstad_core.learning.features import Features, Step
from zsstad_core.learning.frame_index import Ints
from zsstad_core.learning.samples import Samples
from zsstad_core.methods.common.features import Batch


@dataclass(frozen=True)
class BankBatch[F]:
    """A batch, the rows of the samples' table that it holds, and their targets (None where nothing is trained)."""

    batch: Batch[F]
    row_N: Ints
    target: Tensor | None


class Bank[F]:
    """All samples that a head is trained on or scores, with their features and, in training, their targets.

    target_R: for each row of the samples' table its class, int64 [R]; or, where a row can have several classes, its
    classes, bool [R, K]. None where nothing is trained.
    """

    def __init__(
        self, samples: Samples, features: Features[F], target_R: NDArray[np.int64] | NDArray[np.bool_] | None = None
    ) -> None:
        self.samples, self.features = samples, features
        self.device, self.width = features.device, features.width
        self.target_R = None if target_R is None else torch.from_numpy(target_R).to(self.device)

    def gather(self, sample_B: Ints, step: Step | None = None, view: int = 0) -> BankBatch[F]:
        """The batch of the samples `sample_B`, on the bank's device: for training in `step`, or for a view in
        scoring."""
        rows = self.samples.take(sample_B)
        batch_rows, row_N = rows.to(self.device)
        batch = Batch(batch_rows, self.features.gather(rows, step, view))
        return BankBatch(batch, rows.row_N, None if self.target_R is None else self.target_R[row_N])

    def identity(self) -> str:
        """SHA-256 that identifies the samples, features and targets of the bank."""
        digest = hashlib.sha256(f"{self.width}".encode())
        digest.update(self.samples.identity())
        digest.update(self.features.identity())
        if self.target_R is not None:
            digest.update(self.target_R.cpu().numpy().tobytes())
        return digest.hexdigest()


def refuse_bad_targets[F](bank: Bank[F], classes: int) -> None:
    """Raise DataError where a bank cannot be trained on: no sample, no targets, or targets of other classes."""
    table = bank.samples.table
    if not len(bank.samples):
        what = "no training frame has a person" if "frame" in table else "there is no training clip"
        raise DataError(f"nothing to train on: {what}; check the dataset's training videos")
    if bank.target_R is None:
        raise DataError("nothing to train on: the rows have no target (a class index each)")
    target = bank.target_R.cpu().numpy()
    if target.dtype == np.bool_:
        if target.shape != (len(table), classes):
            raise DataError(
                f"the labels are {target.shape[0]} rows of {target.shape[1]} classes; there are {len(table)} rows and "
                f"{classes} seen classes"
            )
        return
    if len(target) != len(table):
        raise DataError(f"there are {len(target)} targets for {len(table)} rows")
    bad = (target < 0) | (target >= classes)
    if bad.any():
        first = int(np.flatnonzero(bad)[0])
        row = table.iloc[first]
        where = " ".join(f"{name} {row[name]}" for name in ("frame", "clip") if name in table)
        raise DataError(
            f"{row.video_id} {where}: target is {target[first]}; it must be a class index from 0 to {classes - 1}"
        )
