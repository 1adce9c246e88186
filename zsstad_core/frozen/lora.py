"""Low-rank adaptation (LoRA) of a frozen linear layer.

Hu et al. 2022, as ST-CLIP (paper 002) puts it into the feed-forward layers of CLIP's image encoder.

Shapes: N tokens, R rank, I width of the input, O width of the output.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Lora(nn.Module):
    """The low-rank term that is added to the output of a frozen linear layer: `x A^T B^T / R`.

    A starts Kaiming-uniform with a = sqrt(5), B at zero, so training starts from the frozen layer. The scale 1/R is the
    default of the published code's library (alpha 1). There is no dropout.

    The term is merged into the frozen weight only by a call of `merge`. The published code's library merges it whenever
    the model changes to evaluation; a checkpoint that is saved then, and loaded into another model in evaluation, loses
    it.
    """

    def __init__(self, wide_in: int, wide_out: int, rank: int) -> None:
        super().__init__()
        self.a_RI = nn.Parameter(torch.empty(rank, wide_in))
        self.b_OR = nn.Parameter(torch.empty(wide_out, rank))
        self.scale = 1 / rank
        self.draw()

    def draw(self) -> None:
        """Draw the initial weights anew, from torch's random state."""
        nn.init.kaiming_uniform_(self.a_RI, a=math.sqrt(5))
        nn.init.zeros_(self.b_OR)

    def forward(self, out: Tensor, x: Tensor) -> Tensor:
        """Add the term to `out` [N, O], the frozen layer's output for `x` [N, I]; changes `out` and returns it."""
        low_NR = F.linear(x, self.a_RI)
        # In place, since the gradient of a frozen layer needs its input and weight, not its output. With two
        # dimensions, since a change in place through a view would cost a copy in the backward pass.
        return out.addmm_(low_NR.to(out.dtype), self.b_OR.to(out.dtype).T, alpha=self.scale)

    @torch.no_grad()
    def merge(self, weight_OI: Tensor) -> Tensor:
        """The frozen weight with the term merged into it: the weight of one linear layer that computes the same."""
        return weight_OI + self.scale * (self.b_OR @ self.a_RI)
