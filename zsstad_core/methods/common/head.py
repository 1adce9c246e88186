"""`Head`, the base class of all heads, and the class probabilities that follow from its logits.

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
    """Base class of all heads; F is the type of the features that the head reads (`methods.common.features`).

    `forward(batch, labels)` gives logits [N, M], float32, of every row for every text. The logits of a row may depend
    on its own sample only, not on the other samples of the batch. Where each class has one text, M is K; in training
    this is so unless the method reads phrasings.
    """

    temperature = 1.0
    """The number by which similarities are divided to give logits."""

    fast_setting = ""
    """The setting by which parts of the head learn faster than `training.lr`: the one to lower when the loss diverges.
    Empty where there is none."""

    dropped: tuple[str, ...] = ()
    """Endings of the names of parameters that earlier versions saved with this head, and no score ever depended on."""

    def forward(self, batch: Batch[F], labels: Labels) -> Tensor:
        raise NotImplementedError

    def loss(self, logits_NM: Tensor, target: Tensor, labels: Labels, batch: Batch[F], settings: Training) -> Tensor:
        """The training loss, a scalar; by default the loss that `training.loss` names, for one text a class.

        target: the class of each row, int64 [N]; or, where a row can have several classes, its classes, bool [N, K].
        """
        if labels.types is not None:
            return ava_loss(logits_NM, target, labels.types, settings)
        return classification_loss(logits_NM, target, settings)

    def probabilities(self, logits_NM: Tensor, labels: Labels) -> Tensor:
        """Class probabilities, float64 [N, K]; by default those of each class's best text."""
        return class_probabilities(best_text(logits_NM, labels), labels.types)

    def similarity(self, logits_NM: Tensor, labels: Labels) -> Tensor:
        """The cosine similarity behind the logit of each class, float64 [N, K]."""
        return best_text(logits_NM, labels).double() * self.temperature

    def parameter_groups(self, lr: float, settings: Training) -> list[dict[str, Any]]:
        """Parameter groups for the optimiser, with learning rate and weight decay; `settings` is
        `settings.training`."""
        return [{"params": list(self.parameters()), "lr": lr, "weight_decay": settings.weight_decay}]


def class_probabilities(logits_NK: Tensor, types: LabelTypes | None) -> Tensor:
    """Class probabilities from logits, float64 [N, K].

    types: None where a row has one action: a softmax over all classes. Otherwise a softmax over the poses of the label
    set and a sigmoid of each other class (paper 002, section 6; AlphAction and HIT do the same). A logit that is not
    finite gives NaN.

    The logits of CLIP heads are cosines divided by a temperature, without a bias, so a cosine of 0.2 already has the
    sigmoid 0.95 (0.2 / 0.07). Such values mean nothing as probabilities, but they order the persons within a class
    correctly, and the AP of a class depends on this order alone.
    """
    logits_NK = logits_NK.double()
    if types is None:
        return logits_NK.softmax(-1)
    probability_NK = logits_NK.sigmoid()
    if types.pose:
        pose = list(types.pose)
        probability_NK[..., pose] = logits_NK[..., pose].softmax(-1)
    return probability_NK.masked_fill(~logits_NK.isfinite(), float("nan"))
