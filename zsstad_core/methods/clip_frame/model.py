"""Baseline without training: CLIP's token of the whole frame.

Paper 001, section 4.3 ("baseline"): the whole frame is compared with the class names.

Shapes: B frames, N persons, M texts, D token width.
"""

import torch.nn.functional as F
from torch import Tensor

from zsstad_core.methods.common.features import Batch, FrameTokens
from zsstad_core.methods.common.head import Head
from zsstad_core.methods.common.labels import Labels
from zsstad_core.settings.pipeline import Settings


class ClipFrame(Head[FrameTokens]):
    """Logits [N, M]: cosines of the whole frame's token and the label tokens, over temperature.

    They are the same for all persons of a frame.
    """

    def __init__(self, settings: Settings, width: int) -> None:
        super().__init__()
        self.temperature = settings.heads.clip_frame.temperature

    def forward(self, batch: Batch[FrameTokens], labels: Labels) -> Tensor:
        cosine_BM = F.normalize(batch.features.frame_BD, dim=-1) @ F.normalize(labels.text_MD, dim=-1).T
        return (cosine_BM / self.temperature)[batch.rows.sample_N]
