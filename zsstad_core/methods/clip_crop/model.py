"""Baseline without training: CLIP's token of the person's crop.

Paper 001, section 4.3, names the crop as the other choice for its baseline.

Shapes: N persons, M texts, D token width.
"""

import torch.nn.functional as F
from torch import Tensor

from zsstad_core.methods.common.features import Batch, FrameTokens
from zsstad_core.methods.common.head import Head
from zsstad_core.methods.common.labels import Labels
from zsstad_core.settings.pipeline import Settings


class ClipCrop(Head[FrameTokens]):
    """Logits [N, M]: cosines of the token of each person's crop and the label tokens, over temperature."""

    def __init__(self, settings: Settings, width: int) -> None:
        super().__init__()
        self.temperature = settings.heads.clip_crop.temperature

    def forward(self, batch: Batch[FrameTokens], labels: Labels) -> Tensor:
        cosine_NM = F.normalize(batch.features.person_ND, dim=-1) @ F.normalize(labels.text_MD, dim=-1).T
        return cosine_NM / self.temperature
