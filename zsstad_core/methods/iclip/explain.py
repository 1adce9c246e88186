"""The attention of iCLIP's persons in each interaction block (paper 001, section 3.3, equations 1 and 2).

Shapes: as in `zsstad_core.methods.iclip.interaction`.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from zsstad_core.methods.common.features import Batch, FrameTokens
from zsstad_core.methods.explanation import BlockAttention, KeyKind
from zsstad_core.methods.iclip.interaction import Weights
from zsstad_core.methods.iclip.model import Iclip

_KEYS: dict[str, KeyKind] = {"P": "persons", "O": "objects", "C": "context", "M": "memory"}


@torch.inference_mode()
def explain(head: Iclip, batch: Batch[FrameTokens]) -> tuple[BlockAttention, ...]:
    """The attention weights of all blocks, in their order, for a batch of one frame.

    They are computed from the inputs of each block in a forward pass (`Iclip.interaction`), so persons are as the
    blocks before made them. The labels come in after the blocks and have no influence.
    """
    found: list[BlockAttention] = []

    def keep(letter: str) -> Callable[..., None]:
        def weigh(block: Any, args: tuple[Tensor, Tensor, Tensor], _output: Tensor) -> None:
            found.append(_attention(_KEYS[letter], block.weights(*args), args[2]))

        return weigh

    hooks = [block.register_forward_hook(keep(letter)) for letter, block in zip(head.order, head.blocks, strict=True)]
    try:
        head.interaction(batch)
    finally:
        for hook in hooks:
            hook.remove()
    return tuple(found)


def _attention(keys: KeyKind, weights: Weights, real_BK: Tensor) -> BlockAttention:
    """The attention of one block, taken from the first frame of the batch."""
    empties = int(weights.empties_BE[0].sum())
    exists = bool(real_BK[0].any()) or empties > 0
    key_NK, empty_NE = (part[0].float() * exists for part in (weights.key_BPK, weights.empty_BPE))
    return BlockAttention(keys, key_NK, empty_NE.sum(-1), empties)
