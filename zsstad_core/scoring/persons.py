"""Scores of persons by a head.

Shapes: B samples of a batch, P persons, R persons of the bank, K classes, D token width.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from zsstad_core.errors import ModelError
from zsstad_core.tables import BOX, table

if TYPE_CHECKING:
    from torch import Tensor

    from zsstad_core.datasets.label_types import LabelTypes
    from zsstad_core.heads.base import Head
    from zsstad_core.learning.token_bank import TokenBank


class Scored(NamedTuple):
    """Table detections, and table similarities of the same rows."""

    detections: pd.DataFrame
    similarities: pd.DataFrame


def score(
    head: "Head",
    bank: "TokenBank",
    text_KD: "Tensor",
    class_names: Sequence[str],
    batch: int,
    types: "LabelTypes | None" = None,
) -> pd.DataFrame:
    """Table "detections" of `scored`."""
    return scored(head, bank, text_KD, class_names, batch, types).detections


def scored(
    head: "Head",
    bank: "TokenBank",
    text_KD: "Tensor",
    class_names: Sequence[str],
    batch: int,
    types: "LabelTypes | None" = None,
    temperature: float = 1.0,
) -> Scored:
    """Tables "detections" and "similarities": every person of the bank against every class.

    temperature: what the head has divided its similarities by, to give its logits.

    probability is what `probabilities` makes of the head's logits over `class_names` (text_KD: float32, their label
    tokens, in that order; types: theirs), score = probability x box_score; float64, never rounded. `batch` is how many
    samples go through the head together; it changes nothing but speed (and the last digits, as far as matrix products
    depend on their size).

    All persons are scored, also those of a frame with more of them than the head has slots (see `TokenBank`); frames
    without persons give nothing. Raises ModelError naming the first person whose probabilities are not finite.
    """
    import torch

    from zsstad_core.read_ahead import prefetch

    probability_RK = np.full((len(bank.persons), len(class_names)), np.nan)
    similarity_RK = probability_RK.copy()
    text_KD = text_KD.to(bank.device, torch.float32)
    starts = range(0, bank.samples, batch)
    was_training = head.training
    head.to(bank.device).eval()
    with torch.inference_mode():
        batches = (bank.gather(np.arange(start, min(start + batch, bank.samples))) for start in starts)
        for tokens, extra in prefetch(batches, depth=1) if bank.reads_ahead else batches:
            logits_BPK = head(tokens, text_KD)
            probability_BPK = probabilities(logits_BPK, types).cpu().numpy()
            filled_BP = extra.row_BP >= 0
            probability_RK[extra.row_BP[filled_BP]] = probability_BPK[filled_BP]
            similarity_RK[extra.row_BP[filled_BP]] = (logits_BPK.double() * temperature).cpu().numpy()[filled_BP]
    head.train(was_training)

    bad_R = ~np.isfinite(probability_RK).all(1)
    if bad_R.any():
        person = bank.persons.iloc[int(np.flatnonzero(bad_R)[0])]
        raise ModelError(
            f"{person.video_id} frame {person.frame} box {person.box}: the head's probabilities are not finite "
            f"({int(bad_R.sum())} such persons); train the head again, with a lower training.lr"
        )
    similar = _rows(bank.persons, ["video_id", "frame", "box"], class_names)
    similar = table("similarities", similar.assign(similarity=similarity_RK.ravel()))
    return Scored(_detections(bank.persons, probability_RK, class_names), similar)


def probabilities(logits_BPK: "Tensor", types: "LabelTypes | None") -> "Tensor":
    """Probabilities of the classes of a label set, float64 [B, P, K].

    types None: one action a person, a softmax over all. Otherwise a softmax over the poses of the label set and a
    sigmoid of each other class (paper 002, section 6; AlphAction and HIT do the same); NaN where a logit is not finite.

    The logits of CLIP heads are cosines over a temperature, without a bias: sigmoid(0.2 / 0.07) is 0.95 already. As
    probabilities they mean nothing; the order of a class's persons, which is all that its AP sees, is right.
    """
    logits_BPK = logits_BPK.double()
    if types is None:
        return logits_BPK.softmax(-1)
    probability_BPK = logits_BPK.sigmoid()
    if types.pose:
        pose = list(types.pose)
        probability_BPK[..., pose] = logits_BPK[..., pose].softmax(-1)
    return probability_BPK.masked_fill(~logits_BPK.isfinite(), float("nan"))


def _detections(persons: pd.DataFrame, probability_RK: NDArray[np.float64], class_names: Sequence[str]) -> pd.DataFrame:
    box_score = np.repeat(persons["score"].to_numpy(np.float64), len(class_names))
    return table(
        "detections",
        _rows(persons, ["video_id", "frame", "box", *BOX], class_names).assign(
            probability=probability_RK.ravel(),
            box_score=box_score,
            score=probability_RK.ravel() * box_score,
        ),
    )


def _rows(persons: pd.DataFrame, columns: list[str], class_names: Sequence[str]) -> pd.DataFrame:
    """Some columns of the persons, each once a class."""
    rows = persons[columns].iloc[np.repeat(np.arange(len(persons)), len(class_names))]
    return rows.assign(class_name=np.tile(np.asarray(class_names, object), len(persons)))
