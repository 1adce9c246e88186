"""Probabilities and similarities that a head gives to rows, persons or clips.

Shapes: R rows of the bank, N rows of a batch, K classes.
"""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from zsstad_core.errors import ModelError

if TYPE_CHECKING:
    from zsstad_core.learning.bank import Bank
    from zsstad_core.methods.common.head import Head
    from zsstad_core.methods.common.labels import Labels


class Scores(NamedTuple):
    """The scores of every row for every class, float64 [R, K]."""

    probability_RK: NDArray[np.float64]
    similarity_RK: NDArray[np.float64]


def score_rows[F](head: "Head[F]", bank: "Bank[F]", labels: "Labels", batch: int) -> Scores:
    """The `Head.probabilities` and `Head.similarity` of all rows of the bank, never rounded.

    Where clips are looked at several times, they are means over the views. batch: how many samples go through the head
    together; it changes only speed (and the last digits, as far as matrix products depend on their size).

    All persons are scored, also where a frame has more of them than the head has slots. Frames without persons have no
    rows. Raises ModelError naming the first row whose probabilities are not finite.
    """
    import torch

    from zsstad_core.read_ahead import prefetch

    shape = len(bank.samples.table), len(labels.names)
    probability_RK, similarity_RK = np.zeros(shape), np.zeros(shape)
    labels = labels.to(bank.device)
    parts = [
        (np.arange(start, min(start + batch, len(bank.samples))), view)
        for view in range(bank.features.views)
        for start in range(0, len(bank.samples), batch)
    ]
    was_training = head.training
    head.to(bank.device).eval()
    with torch.inference_mode():
        batches = (bank.gather(sample_B, view=view) for sample_B, view in parts)
        for gathered in prefetch(batches, depth=1) if bank.features.slow else batches:
            logits_NM = head(gathered.batch, labels)
            probability_RK[gathered.row_N] += head.probabilities(logits_NM, labels).cpu().numpy()
            similarity_RK[gathered.row_N] += head.similarity(logits_NM, labels).cpu().numpy()
    head.train(was_training)
    if bank.features.views > 1:
        probability_RK, similarity_RK = probability_RK / bank.features.views, similarity_RK / bank.features.views
    _refuse_not_finite(bank, probability_RK)
    return Scores(probability_RK, similarity_RK)


def _refuse_not_finite[F](bank: "Bank[F]", probability_RK: NDArray[np.float64]) -> None:
    bad_R = ~np.isfinite(probability_RK).all(1)
    if bad_R.any():
        row = bank.samples.table.iloc[int(np.flatnonzero(bad_R)[0])]
        where = " ".join(f"{name} {row[name]}" for name in ("frame", "box", "clip") if name in bank.samples.table)
        raise ModelError(
            f"{row.video_id} {where}: the head's probabilities are not finite ({int(bad_R.sum())} such rows); train it "
            "again, with a lower training.lr"
        )
