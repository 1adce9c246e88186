"""ActionCLIP's contrastive loss between the clips of a batch and their texts.

Shapes: N clips of a batch and their N texts, M texts, K classes, P phrasings of a class.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from zsstad_core.methods.common.labels import Labels

_SHARPNESS = 10.0  # the target is a softmax of 10 where two clips are of one class and 0 elsewhere


def batch_loss(logits_NM: Tensor, class_N: Tensor, labels: Labels) -> Tensor:
    """The contrastive loss of a batch, a float32 scalar; a batch without a clip has loss 0 and gradient 0.

    Each clip gets the text of its class under one phrasing, drawn for each clip with torch's random numbers. Clips are
    compared with these N texts, and texts with the N clips, by a softmax over logits. The loss is the mean of the two
    Kullback-Leibler divergences from the target, each summed over the batch and divided by N.

    The target is a softmax of `_SHARPNESS` times whether two clips are of one class, so clips of one class share it:
    with 8 clips of 8 classes 0.9997 lies on the diagonal. The least loss is 0.

    class_N: int64, the class of each clip.
    """
    text_N = draw_texts(class_N, labels)
    logits_NN = logits_NM.float()[:, text_N]
    target_NN = (_SHARPNESS * (class_N[:, None] == class_N).float()).softmax(1)  # symmetric
    clips = F.kl_div(logits_NN.log_softmax(1), target_NN, reduction="sum")
    texts = F.kl_div(logits_NN.T.log_softmax(1), target_NN, reduction="sum")
    return (clips + texts) / (2 * max(len(class_N), 1))


def draw_texts(class_N: Tensor, labels: Labels) -> Tensor:
    """Draw a text of each clip's class, uniformly: indices into the M texts, int64 [N].

    The draw is made on the CPU, so that training on a GPU draws the same texts as training on a CPU.
    """
    phrasings = len(labels.text_MD) // len(labels.names)
    phrasing_N = torch.randint(phrasings, (len(class_N),)).to(class_N.device)
    return class_N * phrasings + phrasing_N
