"""Interaction-Aware Prompting: label tokens that are adapted to each person.

iCLIP (paper 001), section 3.4, equations 3 and 4, and its published code, which is X-CLIP's video-specific prompting.

Shapes: N persons, K classes, D token width.
"""

import torch
from torch import Tensor, nn

from zsstad_core.frozen.activations import quick_gelu


class PromptingLayer(nn.Module):
    """Cross-attention of label tokens [N or 1, K, D] to one visual token a person [N, D], then a feed-forward network.

    Pre-LN. q, k and v have no bias, the output layer has one. The feed-forward network is D -> 4 D -> D with QuickGELU.

    In X-CLIP a label attends to the patches of a video. Here the only key is the person's interaction token, so every
    attention weight is 1 in every head, and attention is `proj(v_proj(visual))`: the same for all labels, and computed
    once a person. The number of heads (D / 64 in the published code) has no effect either. The published `norm1`,
    `q_proj` and `k_proj`, which cannot change a score and which no gradient reaches, are not built.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        # `Prompting` draws these two and deletes them, so that the other weights are drawn as in the published layout.
        self.q_proj, self.k_proj = (nn.Linear(width, width, bias=False) for _ in range(2))
        self.v_proj = nn.Linear(width, width, bias=False)
        self.proj = nn.Linear(width, width)
        self.norm2 = nn.LayerNorm(width)
        self.fc1 = nn.Linear(width, 4 * width)
        self.fc2 = nn.Linear(4 * width, width)

    def forward(self, text_NKD: Tensor, visual_ND: Tensor) -> Tensor:
        attended_ND = self.proj(self.v_proj(visual_ND))
        text_NKD = text_NKD + attended_ND[:, None]
        grown_NKD: Tensor = self.fc2(quick_gelu(self.fc1(self.norm2(text_NKD))))
        return text_NKD + grown_NKD


class Prompting(nn.Module):
    """Label tokens [K, D] and interaction tokens [N, D] to the label tokens of each person, [N, K, D].

    `text + alpha * layers(text, LN(visual))`, where alpha is a learned vector that starts at `scale`. Equation 4 has no
    alpha; the published code starts it at 0.1. Linear weights start truncated normal with standard deviation 0.02,
    biases at 0.
    """

    def __init__(self, width: int, layers: int, scale: float) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.layers = nn.ModuleList(PromptingLayer(width) for _ in range(layers))
        self.alpha_D = nn.Parameter(torch.full((width,), scale))
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.trunc_normal_(module.weight, std=0.02)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
        for layer in self.layers:
            del layer.q_proj, layer.k_proj

    def forward(self, text_KD: Tensor, visual_ND: Tensor) -> Tensor:
        visual_ND = self.norm(visual_ND)
        prompt_NKD = text_KD[None]
        for layer in self.layers:
            prompt_NKD = layer(prompt_NKD, visual_ND)
        return text_KD + self.alpha_D * prompt_NKD
