"""ActionCLIP: the cosine of a clip and each phrasing of a class.

Wang et al., ActionCLIP: A New Paradigm for Video Action Recognition (arXiv 2109.08472), and its official code, with
both encoders frozen, as in papers 001 and 002. Settings: `settings.heads.actionclip`.

Shapes: N clips, T frames of a clip, M texts, K classes, P phrasings of a class, D token width.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from zsstad_core.methods.actionclip.loss import batch_loss
from zsstad_core.methods.actionclip.settings import POSITIONS, Actionclip
from zsstad_core.methods.actionclip.temporal import TemporalTransformer
from zsstad_core.methods.common.features import Batch, ClipTokens
from zsstad_core.methods.common.head import Head, class_probabilities
from zsstad_core.methods.common.labels import Labels, by_phrasing
from zsstad_core.settings.pipeline import Settings
from zsstad_core.settings.training import Training


class ActionClip(Head[ClipTokens]):
    """Logits [N, M]: cosines of clips and phrasings, over temperature.

    With the default settings 18,953,728 parameters train at D = 512 (ViT-B/16) and 42,586,368 at D = 768 (ViT-L/14), as
    in the official code: six blocks of 3,152,384 (7,087,872), and a table of 77 frame positions. Paper 002 counts 18.92
    million, which is the blocks and a smaller table. A clip of T frames reads only the first T rows of the table; the
    other rows keep their initial values, and no score depends on them.

    Initial weights depend on `seed` alone; building a head leaves torch's random state unchanged.
    """

    def __init__(self, own: Actionclip, width: int, seed: int) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.temporal = TemporalTransformer(width, own.layers, POSITIONS)
        self.temperature = own.temperature
        self.among = own.loss

    def forward(self, batch: Batch[ClipTokens], labels: Labels) -> Tensor:
        clip_ND = self.temporal(batch.features.frame_NTD, batch.features.real_NT)
        cosine_NM = F.normalize(clip_ND, dim=-1) @ F.normalize(labels.text_MD, dim=-1).T
        return cosine_NM / self.temperature

    def loss(
        self, logits_NM: Tensor, target: Tensor, labels: Labels, batch: Batch[ClipTokens], settings: Training
    ) -> Tensor:
        """The contrastive loss among the clips of the batch (`batch_loss`), or the classification loss of all heads.

        With `loss: classes` it is the second, on the mean of a class's logits over its phrasings.
        """
        if self.among == "batch":
            return batch_loss(logits_NM, target, labels)
        mean_NK = by_phrasing(logits_NM, labels).mean(1)
        return super().loss(mean_NK, target, labels, batch, settings)

    def probabilities(self, logits_NM: Tensor, labels: Labels) -> Tensor:
        """Class probabilities, float64 [N, K]: the mean over those under each phrasing, as in the official test."""
        return class_probabilities(by_phrasing(logits_NM, labels), labels.types).mean(1)

    def similarity(self, logits_NM: Tensor, labels: Labels) -> Tensor:
        """The cosine of a clip and a class, averaged over all phrasings of the class, float64 [N, K]."""
        return by_phrasing(logits_NM, labels).double().mean(1) * self.temperature


def build(settings: Settings, width: int) -> ActionClip:
    """The head under these settings, initialised from `training.seed`."""
    return ActionClip(settings.heads.actionclip, width, settings.training.seed)
