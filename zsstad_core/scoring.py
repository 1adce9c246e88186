"""A head, boxes and labels to detections: who is scored against which labels, and how a score is made.

Shapes: B samples of a batch, P persons, R persons of the bank, K classes, D token width.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from zsstad_core.errors import ModelError
from zsstad_core.splits import LabelSplit
from zsstad_core.tables import BOX, table

if TYPE_CHECKING:
    from torch import Tensor

    from zsstad_core.heads.base import Head
    from zsstad_core.learning.token_bank import TokenBank


@dataclass(frozen=True)
class Group:
    """Videos that are scored against the same labels."""

    name: Literal["unseen", "seen"]
    videos: tuple[str, ...]
    classes: tuple[str, ...]


def groups(
    split: LabelSplit,
    official: Mapping[str, Literal["train", "test"]],
    groundtruth: pd.DataFrame,
    labels: Literal["own", "all"],
) -> list[Group]:
    """The official test videos in two groups: those with an action of an unseen class, those with one of a seen class.

    labels: "own" scores a group against its own classes alone, as published; "all" scores both against seen and unseen
    classes. A video with actions of both kinds is in both groups. Videos are sorted; a group may have none.
    """
    test = groundtruth[groundtruth["video_id"].map(official) == "test"]

    def group(name: Literal["unseen", "seen"], own: tuple[str, ...]) -> Group:
        videos = test.loc[test["class_name"].isin(own), "video_id"].unique()
        return Group(name, tuple(sorted(videos)), own if labels == "own" else (*split.seen, *split.unseen))

    return [group("unseen", split.unseen), group("seen", split.seen)]


def score(head: "Head", bank: "TokenBank", text_KD: "Tensor", class_names: Sequence[str], batch: int) -> pd.DataFrame:
    """Table "detections": every person of the bank against every class.

    probability is the softmax of the head's logits over `class_names` (text_KD: float32, their label tokens, in that
    order), score = probability x box_score; float64, never rounded. `batch` is how many samples go through the head
    together; it changes nothing but speed (and the last digits, as far as matrix products depend on their size).

    All persons are scored, also those of a frame with more of them than the head has slots (see `TokenBank`); frames
    without persons give nothing. Raises ModelError naming the first person whose probabilities are not finite.
    """
    import torch

    probability_RK = np.full((len(bank.persons), len(class_names)), np.nan)
    text_KD = text_KD.to(bank.device, torch.float32)
    was_training = head.training
    head.to(bank.device).eval()
    with torch.inference_mode():
        for start in range(0, bank.samples, batch):
            tokens, extra = bank.gather(np.arange(start, min(start + batch, bank.samples)))
            probability_BPK = head(tokens, text_KD).double().softmax(-1).cpu().numpy()
            filled_BP = extra.row_BP >= 0
            probability_RK[extra.row_BP[filled_BP]] = probability_BPK[filled_BP]
    head.train(was_training)

    bad_R = ~np.isfinite(probability_RK).all(1)
    if bad_R.any():
        person = bank.persons.iloc[int(np.flatnonzero(bad_R)[0])]
        raise ModelError(
            f"{person.video_id} frame {person.frame} box {person.box}: the head's probabilities are not finite "
            f"({int(bad_R.sum())} such persons); train the head again, with a lower training.lr"
        )
    return _detections(bank.persons, probability_RK, class_names)


def _detections(persons: pd.DataFrame, probability_RK: NDArray[np.float64], class_names: Sequence[str]) -> pd.DataFrame:
    classes = len(class_names)
    rows = persons[["video_id", "frame", "box", *BOX]].iloc[np.repeat(np.arange(len(persons)), classes)]
    box_score = np.repeat(persons["score"].to_numpy(np.float64), classes)
    return table(
        "detections",
        rows.assign(
            class_name=np.tile(np.asarray(class_names, object), len(persons)),
            probability=probability_RK.ravel(),
            box_score=box_score,
            score=probability_RK.ravel() * box_score,
        ),
    )


def oracle(persons: pd.DataFrame, groundtruth: pd.DataFrame, class_names: Sequence[str]) -> pd.DataFrame:
    """Table "detections" of a perfect classifier, which measures the detector alone.

    Every person has probability 1 for each class of `class_names` that the ground truth has in its video, and no row
    for another class.
    """
    true = groundtruth.loc[groundtruth["class_name"].isin(class_names), ["video_id", "class_name"]].drop_duplicates()
    rows = persons[["video_id", "frame", "box", *BOX, "score"]].merge(true, on="video_id")
    return table("detections", rows.assign(probability=1.0, box_score=rows["score"].astype(np.float64)))
