"""What iCLIP's persons attend to in each interaction block (paper 001, section 3.3, equations 1 and 2).

Shapes as in `zsstad_core.heads.interaction`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from zsstad_core.heads.base import Batch
from zsstad_core.heads.iclip import Iclip
from zsstad_core.heads.interaction import Weights


@dataclass(frozen=True)
class BlockAttention:
    """What the persons of a batch attend to in one block: shares of 1.

    letter: P, O, C or M. The keys of P are the persons in the batch's slots, of O the objects in theirs, of C the frame
    itself (K = 1), of M the neighbouring frames. A frame without a real key and without an empty slot has only zeros:
    the block leaves its persons as they are. Rows of empty person slots mean nothing.
    """

    letter: str
    weight_BPK: Tensor  # float32; 0 where a key is not real
    empty_BP: Tensor  # float32; of all empty slots together
    empties_B: Tensor  # int64; how many empty slots a frame has


@torch.inference_mode()
def attended(head: Iclip, batch: Batch) -> tuple[BlockAttention, ...]:
    """The weights of all blocks, in their order.

    Each block is asked for the weights of what it is given in a pass of the head (`Iclip.interaction`), so persons are
    as the blocks before made them. The labels come after it, and decide nothing.
    """
    found: list[BlockAttention] = []

    def keep(letter: str) -> Callable[..., None]:
        def weigh(block: Any, args: tuple[Tensor, Tensor, Tensor], _output: Tensor) -> None:
            found.append(_of_block(letter, block.weights(*args), args[2]))

        return weigh

    hooks = [block.register_forward_hook(keep(letter)) for letter, block in zip(head.order, head.blocks, strict=True)]
    try:
        head.interaction(batch)
    finally:
        for hook in hooks:
            hook.remove()
    return tuple(found)


def _of_block(letter: str, weights: Weights, real_BK: Tensor) -> BlockAttention:
    empties_B = weights.empties_BE.sum(1)
    there_B11 = (real_BK.any(1) | (empties_B > 0))[:, None, None]
    weight_BPK, empty_BPE = (part.float() * there_B11 for part in (weights.key_BPK, weights.empty_BPE))
    return BlockAttention(letter, weight_BPK, empty_BPE.sum(-1), empties_B)
