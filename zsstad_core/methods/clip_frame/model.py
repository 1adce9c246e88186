"""Baselines: CLIP as it is, nothing trained.

Paper 001, section 4.3 ("baseline"): the whole frame against the class names. The crop is the other choice that the
section names.

Shapes: B frames, P persons, K classes, D token width.
"""

import torch.nn.functional as F
from torch import Tensor

from zsstad_core.heads.base import Batch, Head
from zsstad_core.settings import Settings


class ClipFrame(Head):
    """Logits [B, P, K]: cosines of the whole frame's token and the label tokens, the same for every person."""

    def __init__(self, settings: Settings, width: int) -> None:
        super().__init__()
        self.temperature = settings.heads.clip_frame.temperature

    def forward(self, batch: Batch, text_KD: Tensor) -> Tensor:
        cosine_BK = F.normalize(batch.context_BD, dim=-1) @ F.normalize(text_KD, dim=-1).T
        persons = batch.person_BP.shape[1]
        return (cosine_BK / self.temperature)[:, None].expand(-1, persons, -1)


class ClipCrop(Head):
    """Logits [B, P, K]: cosines of the token of each person's crop and the label tokens."""

    def __init__(self, settings: Settings, width: int) -> None:
        super().__init__()
        self.temperature = settings.heads.clip_crop.temperature

    def forward(self, batch: Batch, text_KD: Tensor) -> Tensor:
        cosine_BPK = F.normalize(batch.person_BPD, dim=-1) @ F.normalize(text_KD, dim=-1).T
        return cosine_BPK / self.temperature
