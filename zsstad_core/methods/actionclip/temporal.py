"""ActionCLIP's temporal transformer: the frame tokens of a clip become one clip token.

Wang et al., ActionCLIP (arXiv 2109.08472), the head "Transf" of its official code.

Shapes: N clips, T frames, D token width, H heads of attention.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from zsstad_core.errors import ModelError
from zsstad_core.frozen.activations import quick_gelu

_EPSILON = 1e-12  # LayerNorm's, as in TensorFlow
_DEVIATION = 0.02


class Block(nn.Module):
    """A residual attention block of CLIP: tokens [N, T, D] to tokens [N, T, D].

    LayerNorm, self-attention with a head for each 64 numbers, residual; LayerNorm, D -> 4 D -> D with QuickGELU,
    residual. Weights start normal with standard deviation 0.02 and biases at 0. Only query, key and value, which are
    one matrix, start Xavier-uniform, since the official code leaves torch's attention at torch's initial values.

    Raises ModelError where D is not a multiple of the number of heads.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.heads = max(width // 64, 1)
        if width % self.heads:
            raise ModelError(
                f"encoder.model: its tokens have {width} numbers; actionclip has a head of attention for each 64, and "
                f"{self.heads} heads do not divide them: take another model"
            )
        self.norm1 = nn.LayerNorm(width, eps=_EPSILON)
        self.query_key_value = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.norm2 = nn.LayerNorm(width, eps=_EPSILON)
        self.fc1 = nn.Linear(width, 4 * width)
        self.fc2 = nn.Linear(4 * width, width)
        for linear in (self.query_key_value, self.out, self.fc1, self.fc2):
            nn.init.normal_(linear.weight, std=_DEVIATION)
            nn.init.zeros_(linear.bias)
        nn.init.xavier_uniform_(self.query_key_value.weight)

    def forward(self, x_NTD: Tensor, seen_N1TT: Tensor) -> Tensor:
        """Tokens after the block. seen_N1TT: bool, which frames (the last axis) each frame attends to."""
        x_NTD = x_NTD + self._attention(self.norm1(x_NTD), seen_N1TT)
        grown_NTD: Tensor = self.fc2(quick_gelu(self.fc1(self.norm2(x_NTD))))
        return x_NTD + grown_NTD

    def _attention(self, x_NTD: Tensor, seen_N1TT: Tensor) -> Tensor:
        split = self.query_key_value(x_NTD).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        mixed_NHTE = F.scaled_dot_product_attention(split[0], split[1], split[2], attn_mask=seen_N1TT)
        attended_NTD: Tensor = self.out(mixed_NHTE.transpose(1, 2).flatten(2))
        return attended_NTD


class TemporalTransformer(nn.Module):
    """Frame tokens [N, T, D] and which of them exist, bool [N, T], to clip tokens [N, D]; T is at most `positions`.

    A learned vector for its position is added to each frame token, and the blocks follow. Their output is added to the
    frame tokens without positions (a skip connection around the whole stack), and the mean over the frames is the clip
    token. Tokens are not normalised to length 1. A frame that does not exist is attended to by no other frame and is
    not in the mean.

    The table of positions has more rows than a clip has frames (77, of which the first T are read), as published. The
    other rows are parameters whose gradient is always zero; they count among the published 18,953,728.
    """

    def __init__(self, width: int, layers: int, positions: int) -> None:
        super().__init__()
        self.position_PD = nn.Parameter(torch.randn(positions, width) * _DEVIATION)
        self.blocks = nn.ModuleList(Block(width) for _ in range(layers))

    def forward(self, frame_NTD: Tensor, real_NT: Tensor) -> Tensor:
        frames = frame_NTD.shape[1]
        # A frame that does not exist attends to itself: its output is not read, but no softmax is over nothing.
        itself_TT = torch.eye(frames, dtype=torch.bool, device=frame_NTD.device)
        seen_N1TT = (real_NT[:, None] | itself_TT)[:, None]
        x_NTD = frame_NTD + self.position_PD[:frames]
        for block in self.blocks:
            x_NTD = block(x_NTD, seen_N1TT)
        total_ND = (frame_NTD + x_NTD).masked_fill(~real_NT[..., None], 0.0).sum(1)
        return total_ND / real_NT.sum(1, keepdim=True).clamp(min=1)
