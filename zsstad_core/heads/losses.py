"""Losses of a head that gives one action a person.

Shapes: B frames, P persons, N persons without the padded ones, K classes.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from zsstad_core.settings import Training


def loss(logits_BPK: Tensor, label_BP: Tensor, person_BP: Tensor, settings: Training) -> Tensor:
    """Focal loss or cross-entropy, as `training.loss` says, float32, averaged over the persons that exist (person_BP).

    label_BP: int64, 0 to K - 1; read only where a person is. A batch without a person has loss 0 and gradient 0.
    """
    logits_NK = logits_BPK[person_BP].float()
    label_N = label_BP[person_BP]
    gamma = 0.0 if settings.loss == "cross_entropy" else settings.focal_gamma
    return focal(logits_NK, label_N, gamma).sum() / max(len(label_N), 1)


def focal(logits_NK: Tensor, label_N: Tensor, gamma: float) -> Tensor:
    """Softmax focal loss of each person, [N]: -(1 - p)^gamma log p, p the probability of the right label.

    Lin et al. 2017, equation 4, without alpha, on a softmax; what iCLIP's published code trains with (gamma 2). Gamma 0
    is cross-entropy, paper 001's equation 5.
    """
    log_p_N = -F.cross_entropy(logits_NK, label_N, reduction="none")
    # Kept off 0, where a power below 1 has no gradient.
    miss_N = (-torch.expm1(log_p_N)).clamp(min=torch.finfo(log_p_N.dtype).tiny)
    return -(miss_N**gamma) * log_p_N
