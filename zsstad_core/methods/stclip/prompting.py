"""ST-CLIP's Context Prompting: label tokens take up what the image encoder sees, layer by layer.

ST-CLIP (paper 002), sections 3.4 and 3.5, equation 4, and its published code, which takes the layer from X-CLIP's
video-specific prompting.

Shapes: B frames, G groups of labels of a frame (1, or its P persons), K classes, L visual tokens of a frame, W width of
the image encoder, D width of the joint embedding, H heads, E width of a head.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from zsstad_core.frozen.activations import quick_gelu
from zsstad_core.frozen.tower_block import by_head


class ContextPrompting(nn.Module):
    """One prompting layer: label tokens [B, G, K, D] attend to visual tokens [B, L, W]; gives `text + rho * out`.

    The visual tokens pass a linear projector to D and a LayerNorm. The rest is as in X-CLIP:
    `text + CA(LN(text), visual)`, then a feed-forward network (`x + FFN(LN(x))`, QuickGELU); q, k and v have no bias,
    the output layer has one. rho is a learned vector that starts at `scale`. Equation 4 has no LayerNorm; the code has
    one in front of each part.

    `attended` [B, G, L] bool marks the visual tokens that each group attends to: the real ones, or a person's interest
    tokens; None is all of them. Keys and values of a frame are computed once for all its groups.

    The projector is initialised as torch does; the other linear layers start truncated normal with standard deviation
    0.02 and bias 0.
    """

    def __init__(self, wide: int, width: int, heads: int, scale: float) -> None:
        super().__init__()
        self.projector = nn.Linear(wide, width)
        self.norm_visual = nn.LayerNorm(width)
        self.norm1 = nn.LayerNorm(width)
        self.q_proj = nn.Linear(width, width, bias=False)
        self.k_proj = nn.Linear(width, width, bias=False)
        self.v_proj = nn.Linear(width, width, bias=False)
        self.proj = nn.Linear(width, width)
        self.norm2 = nn.LayerNorm(width)
        self.fc1 = nn.Linear(width, 4 * width)
        self.fc2 = nn.Linear(4 * width, width)
        self.rho_D = nn.Parameter(torch.full((width,), scale))
        self.heads = heads
        for layer in (self.q_proj, self.k_proj, self.v_proj, self.proj, self.fc1, self.fc2):
            nn.init.trunc_normal_(layer.weight, std=0.02)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)

    def forward(self, text_BGKD: Tensor, visual_BLW: Tensor, attended_BGL: Tensor | None) -> Tensor:
        out_BGKD = text_BGKD + self._cross_attention(text_BGKD, visual_BLW, attended_BGL)
        grown_BGKD: Tensor = self.fc2(quick_gelu(self.fc1(self.norm2(out_BGKD))))
        return text_BGKD + self.rho_D * (out_BGKD + grown_BGKD)

    def _cross_attention(self, text_BGKD: Tensor, visual_BLW: Tensor, attended_BGL: Tensor | None) -> Tensor:
        visual_BLD = self.norm_visual(self.projector(visual_BLW))
        k_BHLE, v_BHLE = by_head(self.k_proj(visual_BLD), self.heads), by_head(self.v_proj(visual_BLD), self.heads)
        q_BHQE = by_head(self.q_proj(self.norm1(text_BGKD)).flatten(1, 2), self.heads)  # Q = G K

        mask_B1QL = None
        if attended_BGL is not None:
            mask_B1QL = attended_BGL.repeat_interleave(text_BGKD.shape[2], 1)[:, None]
        mixed_BHQE = F.scaled_dot_product_attention(q_BHQE, k_BHLE, v_BHLE, attn_mask=mask_B1QL)
        out_BQD: Tensor = self.proj(mixed_BHQE.transpose(1, 2).flatten(2))
        return out_BQD.view_as(text_BGKD)


def interest_tokens(map_BPL: Tensor, eligible_BL: Tensor, count: int) -> Tensor:
    """Interest Token Spotting (section 3.4): the `count` tokens that each person attends to most, as bool [B, P, L].

    map_BPL: attention of the person tokens in one block, averaged over heads. eligible_BL: bool, the tokens that may be
    chosen, at least `count` in each frame. Among equal weights, torch.topk decides.
    """
    weight_BPL = map_BPL.masked_fill(~eligible_BL[:, None], -1)
    chosen = weight_BPL.topk(count, dim=-1).indices
    return torch.zeros_like(weight_BPL, dtype=torch.bool).scatter_(-1, chosen, True)
