"""ST-CLIP's layers before the encoder's blocks: context tokens from the frames of a window, person tokens from crops.

ST-CLIP (paper 002), section 3.3, equations 2 and 3, and its published code.

Shapes: B frames, T frames of a window, N patches of a view, W width of the image encoder, H heads, E width of a head.
"""

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from zsstad_core.frozen.activations import quick_gelu


class TemporalModelling(nn.Module):
    """Patch embeddings of a window [B, T, N, W] to context tokens [B, N, W]: equation 2.

    A learned vector for each place in the window (drawn from N(0, 1), as published) is added. Then each image position
    attends to itself over time (pre-LN, residual) in `layers` layers, as in table 8, and the result is averaged over
    time. The layers lack the feed-forward network that the published code builds and never calls.

    `real_BT` marks the frames of the window that exist; in a video that is shorter than the window they come first. The
    other frames take no part in attention and do not count in the mean.

    The output projection of the last layer and the mean are both linear, so the mean is projected, not every frame.
    """

    def __init__(self, width: int, heads: int, times: int, layers: int = 1) -> None:
        super().__init__()
        self.place = nn.Embedding(times, width)
        self.layers = nn.ModuleList(TemporalLayer(width, heads) for _ in range(layers))

    def forward(self, patch_BTNW: Tensor, real_BT: Tensor) -> Tensor:
        x_BTNW = patch_BTNW + self.place.weight[: patch_BTNW.shape[1], None]
        share_BT = shares(real_BT, x_BTNW.dtype)
        for layer in self.layers[:-1]:
            x_BTNW = layer(x_BTNW, real_BT)
        last = self.layers[-1]
        assert isinstance(last, TemporalLayer)
        return last.mean(x_BTNW, real_BT, share_BT)


def shares(real_BT: Tensor, dtype: torch.dtype) -> Tensor:
    """The weight of each frame in the mean over its window, [B, T]."""
    return real_BT.to(dtype) / real_BT.sum(1, keepdim=True)


class TemporalLayer(nn.Module):
    """`x + MHSA(LN(x))` over time, for each image position separately; initialised as in torch and CLIP."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.attention = nn.MultiheadAttention(width, heads, batch_first=True)

    def forward(self, x_BTNW: Tensor, real_BT: Tensor) -> Tensor:
        weight_BNHTT, value_BTNHE = self._weights(x_BTNW, real_BT)
        mixed_BTNHE = torch.einsum("bnhts,bsnhe->btnhe", weight_BNHTT, value_BTNHE)
        out_BTNW: Tensor = self.attention.out_proj(mixed_BTNHE.flatten(3))
        return x_BTNW + out_BTNW

    def mean(self, x_BTNW: Tensor, real_BT: Tensor, share_BT: Tensor) -> Tensor:
        """The layer's output averaged over time with the weights `share_BT`, [B, N, W]."""
        weight_BNHTT, value_BTNHE = self._weights(x_BTNW, real_BT)
        share_BNHT = (share_BT[:, None, None, :, None] * weight_BNHTT).sum(3)
        mixed_BNHE = (share_BNHT.permute(0, 3, 1, 2)[..., None] * value_BTNHE).sum(1)
        kept_BNW = (share_BT[:, :, None, None] * x_BTNW).sum(1)
        out_BNW: Tensor = self.attention.out_proj(mixed_BNHE.flatten(2))
        return kept_BNW + out_BNW

    def _weights(self, x_BTNW: Tensor, real_BT: Tensor) -> tuple[Tensor, Tensor]:
        """Attention weights over time [B, N, H, T, T], and values [B, T, N, H, E]."""
        own = self.attention
        packed_BTNW3 = F.linear(self.norm(x_BTNW), own.in_proj_weight, own.in_proj_bias)
        shape = (*x_BTNW.shape[:3], 3, own.num_heads, own.head_dim)
        q, k, v = packed_BTNW3.view(shape).unbind(3)  # each [B, T, N, H, E]
        score_BNHTT = (q.permute(0, 2, 3, 1, 4) * own.head_dim**-0.5) @ k.permute(0, 2, 3, 4, 1)
        score_BNHTT = score_BNHTT.masked_fill(~real_BT[:, None, None, None], -torch.inf)
        return score_BNHTT.softmax(-1), v


class Adapter(nn.Module):
    """Person features [..., W] to person tokens [..., W]: `x + f(LN(x))`, equation 3.

    f is a feed-forward network (`ffn`: W, 4 W, QuickGELU, W) or one linear layer (`fc`). Linear layers are initialised
    as torch does.
    """

    def __init__(self, width: int, kind: Literal["ffn", "fc"]) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        wide = 4 * width if kind == "ffn" else width
        self.fc1 = nn.Linear(width, wide)
        self.fc2 = nn.Linear(wide, width) if kind == "ffn" else None

    def forward(self, x: Tensor) -> Tensor:
        grown: Tensor = self.fc1(self.norm(x))
        if self.fc2 is not None:
            grown = self.fc2(quick_gelu(grown))
        return x + grown
