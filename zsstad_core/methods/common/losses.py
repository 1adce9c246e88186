"""Losses on logits: for rows of one class, and for persons who do several actions at once (one pose, and interactions).

Shapes: N rows, K classes.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from zsstad_core.datasets.label_types import LabelTypes
from zsstad_core.settings.training import Training


def classification_loss(logits_NK: Tensor, class_N: Tensor, settings: Training) -> Tensor:
    """Softmax focal loss or cross-entropy, as `training.loss` says, averaged over the rows; a float32 scalar.

    class_N: int64, 0 to K - 1. A batch without a row has loss 0 and gradient 0.
    """
    gamma = 0.0 if settings.loss == "cross_entropy" else settings.focal_gamma
    return focal(logits_NK.float(), class_N, gamma).sum() / max(len(class_N), 1)


def focal(logits_NK: Tensor, class_N: Tensor, gamma: float) -> Tensor:
    """Softmax focal loss of each row, [N]: -(1 - p)^gamma log p, where p is the probability of the right class.

    Lin et al. 2017, equation 4, without alpha, on a softmax. iCLIP's published code trains with it (gamma 2). Gamma 0
    is cross-entropy, paper 001's equation 5.
    """
    log_p_N = -F.cross_entropy(logits_NK, class_N, reduction="none")
    # Not below `tiny`: at 0, a power below 1 has no gradient.
    miss_N = (-torch.expm1(log_p_N)).clamp(min=torch.finfo(log_p_N.dtype).tiny)
    return -(miss_N**gamma) * log_p_N


def ava_loss(logits_NK: Tensor, label_NK: Tensor, types: LabelTypes, settings: Training) -> Tensor:
    """Softmax focal loss of the pose plus sigmoid focal losses of the interactions, a float32 scalar.

        (pose_weight * focal(pose) + object_weight * sum over object classes + person_weight * sum over person classes)
        / number of rows

    label_NK: bool, the seen classes that each person does. A batch without a row has loss 0 and gradient 0.

    AlphAction (Tang et al. 2020) and HIT, from which both published codes derive, use pose weight 1.2, and for objects
    and persons the mean over the classes times their number (49 and 17 of all 80). That equals the sum used here,
    whatever the number of seen classes. The loss that ST-CLIP was trained with on AVA is not published: its paper
    (section 6) gives softmax and sigmoid for prediction only; its released code, for J-HMDB, keeps this loss without
    interactions and with pose weight 1.

    A person without a seen pose has no pose term (AlphAction takes the first pose class as the label). A person with
    two poses has the term of the first pose, as in AlphAction. A type without seen classes adds nothing.
    """
    logits_NK, gamma = logits_NK.float(), settings.focal_gamma
    total = logits_NK.sum() * 0.0
    if types.pose:
        pose_NK = label_NK[:, list(types.pose)]
        posed_N = pose_NK.any(1)
        # argmax gives the first of several poses.
        first_N = pose_NK[posed_N].int().argmax(1)
        total = total + settings.pose_weight * focal(logits_NK[posed_N][:, list(types.pose)], first_N, gamma).sum()
    for places, weight in ((types.object, settings.object_weight), (types.person, settings.person_weight)):
        chosen = list(places)
        total = total + weight * sigmoid_focal(logits_NK[:, chosen], label_NK[:, chosen], gamma).sum()
    return total / max(len(logits_NK), 1)


def sigmoid_focal(logits_NK: Tensor, label_NK: Tensor, gamma: float) -> Tensor:
    """Sigmoid focal loss of each row and class, [N, K]: -(1 - p)^gamma log p, p the probability of the right answer.

    Lin et al. 2017, equation 4, without alpha: p is sigmoid(logit) where the label is true, else 1 - sigmoid(logit).
    Gamma 0 is binary cross-entropy.
    """
    right_NK = torch.where(label_NK, logits_NK, -logits_NK)
    # (1 - p)^gamma is computed by its logarithm, since a power below 1 has no gradient at 0.
    return torch.exp(-gamma * F.softplus(right_NK)) * F.softplus(-right_NK)
