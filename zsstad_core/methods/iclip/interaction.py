"""Interaction blocks: a person attends to persons, objects, the context or the memory of a frame.

iCLIP (paper 001), section 3.3, equations 1 and 2, and its published code. Where the two differ, this module follows the
code, which made the published numbers: LayerNorm (without affine) and ReLU sit on the attended vector, in front of an
output layer that starts at zero, so that training starts from the person's plain CLIP token; and empty key slots take
part in the softmax.

Shapes: B frames, P persons, K keys, E groups of equal empty slots, T neighbouring frames, D token width.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Weights(NamedTuple):
    """The attention weights of persons: the softmax over all slots of a block.

    The weights of the real keys and of the groups of empty slots sum to 1. For a frame without either they mean
    nothing.
    """

    key_BPK: Tensor  # float; 0 where a key is not real
    empty_BPE: Tensor  # float; the weight of all empty slots of a group together
    empties_BE: Tensor  # int64; how many empty slots a group has


class InteractionBlock(nn.Module):
    """One block: persons [B, P, D] attend to keys [B, K, D], of which `real_BK` are filled; gives persons [B, P, D].

    A frame has `slots` key slots. With `zero_padding` (as published) the unfilled slots are zero vectors: their key is
    the bias of the key layer, their value the bias of the value layer, and they take part in the softmax. Without it
    they do not exist. A person stays unchanged where its frame has neither real nor empty slots: without zero padding,
    in every frame without an object, or without an available neighbour. The published code skips its object blocks
    where no frame of the batch has an object and pads otherwise, so that a frame's scores depend on its batch. Here a
    frame without objects attends to its empty slots, whatever else is in the batch.

    The arithmetic is rearranged, but the function and its gradients are the same:
    - n equal empty slots are one slot with log n added to its score.
    - q . (W_k m + b_k) is (q W_k) . m + q . b_k, and sum of w (W_v m + b_v) is W_v (sum of w m) + b_v since weights sum
      to 1. So keys are never projected, however many there are.
    - q . b_k is the same for every slot of a query, and cancels in the softmax. So the published `key.bias`, which no
      gradient ever reaches, is not built.

    Weights start as N(0, 0.01), biases and the whole output layer at 0.
    """

    def __init__(self, width: int, slots: int, zero_padding: bool, dropout: float) -> None:
        super().__init__()
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)
        self.output = nn.Linear(width, width)
        self.dropout = nn.Dropout(dropout)
        self.scale = width**-0.5
        self.slots = slots
        self.zero_padding = zero_padding
        for layer in (self.query, self.key, self.value):
            nn.init.normal_(layer.weight, std=0.01)
            nn.init.zeros_(layer.bias)
        # nn.Linear has drawn this bias all the same, so later layers start from the same random numbers.
        self.key.register_parameter("bias", None)
        nn.init.zeros_(self.output.weight)
        nn.init.zeros_(self.output.bias)

    def forward(self, person_BPD: Tensor, key_BKD: Tensor, real_BK: Tensor) -> Tensor:
        weights = self.weights(person_BPD, key_BKD, real_BK)
        attended_BPD = self.value(weights.key_BPK @ key_BKD)
        return self._add(person_BPD, attended_BPD, real_BK, weights.empties_BE)

    def weights(self, person_BPD: Tensor, key_BKD: Tensor, real_BK: Tensor) -> Weights:
        """The attention weights by which `forward` sums values (softmax of paper 001, equations 1 and 2); E = 1."""
        query_BPD = self.query(person_BPD) * self.scale
        real_BPK = query_BPD @ self.key.weight @ key_BKD.mT
        empty_BP1 = torch.zeros_like(query_BPD[..., :1])
        return _softmax(real_BPK, real_BK, empty_BP1, self._empties(real_BK.sum(1, keepdim=True)))

    def _empties(self, filled: Tensor) -> Tensor:
        """The number of empty slots, from the number of filled slots."""
        return (self.slots - filled).clamp(min=0) if self.zero_padding else torch.zeros_like(filled)

    def _add(self, person_BPD: Tensor, attended_BPD: Tensor, real_BK: Tensor, empties_BE: Tensor) -> Tensor:
        # LayerNorm's epsilon matters: with many empty slots, the variance of an attended vector is about that small.
        normed_BPD = F.layer_norm(attended_BPD, attended_BPD.shape[-1:])
        update_BPD: Tensor = self.dropout(self.output(normed_BPD.relu()))
        nothing_B = ~(real_BK.any(1) | (empties_BE > 0).any(1))
        return person_BPD + update_BPD.masked_fill(nothing_B[:, None, None], 0)


class MemoryBlock(InteractionBlock):
    """An interaction block whose keys are the `times` neighbouring frames of the memory, [B, T, D].

    Each neighbour has `slots` slots; its own token fills one of them where it is available. Learned time vectors (zero
    at the start), one for keys and one for values of each neighbour, are added to all slots of that neighbour, empty
    ones too. So the empty slots of one neighbour are equal, while those of two neighbours are not.
    """

    def __init__(self, width: int, times: int, slots: int, zero_padding: bool, dropout: float) -> None:
        super().__init__(width, slots, zero_padding, dropout)
        self.time_key_TD = nn.Parameter(torch.zeros(times, width))
        self.time_value_TD = nn.Parameter(torch.zeros(times, width))

    def forward(self, person_BPD: Tensor, key_BTD: Tensor, real_BT: Tensor) -> Tensor:
        weights = self.weights(person_BPD, key_BTD, real_BT)
        attended_BPD = self.value(weights.key_BPK @ key_BTD)
        attended_BPD = attended_BPD + (weights.key_BPK + weights.empty_BPE) @ self.time_value_TD
        return self._add(person_BPD, attended_BPD, real_BT, weights.empties_BE)

    def weights(self, person_BPD: Tensor, key_BTD: Tensor, real_BT: Tensor) -> Weights:
        """As `InteractionBlock.weights`; the empty slots of each neighbour are a group, so E = T."""
        query_BPD = self.query(person_BPD) * self.scale
        time_BPT = query_BPD @ self.time_key_TD.T
        real_BPT = query_BPD @ self.key.weight @ key_BTD.mT + time_BPT
        return _softmax(real_BPT, real_BT, time_BPT, self._empties(real_BT.long()))


def _softmax(real_BPK: Tensor, real_BK: Tensor, empty_BPE: Tensor, empties_BE: Tensor) -> Weights:
    """Softmax weights of real slots and of groups of equal empty slots, from their scores.

    empties_BE: the number of slots of each group. A slot that does not exist gets the least finite score, not minus
    infinity: its weight is exactly 0 beside any slot that exists, and where no slot exists the weights are finite, so
    that no NaN reaches a gradient.
    """
    least = torch.finfo(real_BPK.dtype).min
    real_BPK = real_BPK.masked_fill(~real_BK[:, None], least)
    exact = torch.promote_types(empty_BPE.dtype, torch.float32)  # log n keeps its digits in mixed precision
    empty_BPE = empty_BPE + empties_BE.to(exact).log().clamp(min=least)[:, None]
    weight = torch.cat([real_BPK, empty_BPE], dim=-1).softmax(-1)
    keys = real_BK.shape[1]
    return Weights(weight[..., :keys], weight[..., keys:], empties_BE)
