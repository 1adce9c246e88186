"""The contract of a head.

Shapes: N rows (persons or clips), M texts of the labels, K classes.
"""

from typing import Any

from torch import Tensor, nn

from zsstad_core.datasets.label_types import LabelTypes
from zsstad_core.methods.common.features import Batch
from zsstad_core.methods.common.labels import Labels, best_text
from zsstad_core.methods.common.losses import ava_loss, classification_loss
from zsstad_core.settings.training import Training


class Head[F](nn.Module):
    """Base of all heads; F is the kind of features that it reads (`features`).

    `forward(batch, labels)` gives logits [N, M], float32: every row against every text. Nothing but a row's own sample
    may influence its logits: they are the same alone and in any company. Where each class has one text, as in training
    unless the method reads phrasings, M is K.
    """

    temperature = 1.0
    """What similarities were divided by to give logits."""

    fast_setting = ""
    """The setting by which parts of the head learn faster than `training.lr`: what to lower when the loss diverges.
    Empty where there is none."""

    dropped: tuple[str, ...] = ()
    """Ends of the names of parameters that earlier versions saved with this head and no score ever depended on."""

    def forward(self, batch: Batch[F], labels: Labels) -> Tensor:
        raise NotImplementedError

    def loss(self, logits_NM: Tensor, target: Tensor, labels: Labels, batch: Batch[F], settings: Training) -> Tensor:
        """The loss that is minimised, a scalar; by default what `training.loss` says, on one text a class.

        target: int64 [N], the class of each row; or bool [N, K], the classes of rows that are of several.
        """
        if labels.types is not None:
            return ava_loss(logits_NM, target, labels.types, settings)
        return classification_loss(logits_NM, target, settings)

    def probabilities(self, logits_NM: Tensor, labels: Labels) -> Tensor:
        """Probabilities of the classes, float64 [N, K]; by default of the text of a class that fits best."""
        return class_probabilities(best_text(logits_NM, labels), labels.types)

    def similarity(self, logits_NM: Tensor, labels: Labels) -> Tensor:
        """The cosine behind each class's logit, float64 [N, K]."""
        return best_text(logits_NM, labels).double() * self.temperature

    def parameter_groups(self, lr: float, settings: Training) -> list[dict[str, Any]]:
        """Groups for the optimiser with their learning rate and weight decay. `settings` is `settings.training`."""
        return [{"params": list(self.parameters()), "lr": lr, "weight_decay": settings.weight_decay}]


def class_probabilities(logits_NK: Tensor, types: LabelTypes | None) -> Tensor:
    """Probabilities of the classes of a label set, float64 [N, K].

    types None: one action a row, a softmax over all. Otherwise a softmax over the poses of the label set and a sigmoid
    of each other class (paper 002, section 6; AlphAction and HIT do the same); NaN where a logit is not finite.

    The logits of CLIP heads are cosines over a temperature, without a bias: sigmoid(0.2 / 0.07) is 0.95 already. As
    probabilities they mean nothing; the order of a class's persons, which is all that its AP sees, is right.
    """
    logits_NK = logits_NK.double()
    if types is None:
        return logits_NK.softmax(-1)
    probability_NK = logits_NK.sigmoid()
    if types.pose:
        pose = list(types.pose)
        probability_NK[..., pose] = logits_NK[..., pose].softmax(-1)
    return probability_NK.masked_fill(~logits_NK.isfinite(), float("nan"))
