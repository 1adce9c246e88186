"""The loss of a head where a person does several actions at once: one pose, and interactions with objects and persons.

Shapes: B frames, P persons, N persons without the padded ones, K classes.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from zsstad_core.datasets.label_types import LabelTypes
from zsstad_core.heads.losses import focal
from zsstad_core.settings import Training


def ava_loss(logits_BPK: Tensor, label_BPK: Tensor, person_BP: Tensor, types: LabelTypes, settings: Training) -> Tensor:
    """Softmax focal loss of the pose and sigmoid focal losses of the interactions, float32, over the persons there are.

        (pose_weight * focal(pose) + object_weight * sum over object classes + person_weight * sum over person classes)
        / number of persons

    label_BPK: bool, the seen classes that each person does; read only where a person is. A batch without a person has
    loss 0 and gradient 0.

    After AlphAction (Tang et al. 2020) and HIT, from which both published codes come: pose weight 1.2, a mean over the
    object and the person classes times their number (49 and 17 of all 80), which is the sum here whatever number is
    seen. What ST-CLIP trained with on AVA is not published: its paper (section 6) has softmax and sigmoid at
    prediction only; its released code, for J-HMDB, keeps this loss without interactions and with pose weight 1.

    A person without a seen pose has no pose term (theirs takes the first pose class for its label), one with two poses
    that of the first of them, as theirs. A type without seen classes adds nothing.
    """
    logits_NK, label_NK = logits_BPK[person_BP].float(), label_BPK[person_BP]
    gamma = settings.focal_gamma
    total = logits_NK.sum() * 0.0
    if types.pose:
        pose_NK = label_NK[:, list(types.pose)]
        posed_N = pose_NK.any(1)
        # argmax gives the first of several.
        first_N = pose_NK[posed_N].int().argmax(1)
        total = total + settings.pose_weight * focal(logits_NK[posed_N][:, list(types.pose)], first_N, gamma).sum()
    for places, weight in ((types.object, settings.object_weight), (types.person, settings.person_weight)):
        chosen = list(places)
        total = total + weight * sigmoid_focal(logits_NK[:, chosen], label_NK[:, chosen], gamma).sum()
    return total / max(len(logits_NK), 1)


def sigmoid_focal(logits_NK: Tensor, label_NK: Tensor, gamma: float) -> Tensor:
    """Focal loss of each person and class, [N, K]: -(1 - p)^gamma log p, p the probability of the right answer.

    Lin et al. 2017, equation 4, without alpha: p is sigmoid(logit) where the label is true, else 1 - sigmoid(logit).
    Gamma 0 is binary cross-entropy.
    """
    right_NK = torch.where(label_NK, logits_NK, -logits_NK)
    # (1 - p)^gamma by its logarithm: a power below 1 has no gradient at 0.
    return torch.exp(-gamma * F.softplus(right_NK)) * F.softplus(-right_NK)
