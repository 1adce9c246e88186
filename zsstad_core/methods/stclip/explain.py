"""What ST-CLIP's persons attend to, and which tokens Interest Token Spotting chose (paper 002, section 3.4, figure 4).

Shapes: B frames, P person slots, N patches of a view, L = 1 + P + N tokens of a frame's sequence, K classes, D token
width.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from zsstad_core.heads.pixel_batch import PixelBatch
from zsstad_core.heads.stclip import Stclip


@dataclass(frozen=True)
class Interest:
    """What the persons of a batch attend to in one block of the encoder, and what of it was chosen for them, to prompt
    their labels after it.

    The tokens of a sequence are the class token, the persons in the batch's slots, and the patches, row by row; a patch
    holds its place of the image in all frames of the window. Rows of empty slots mean nothing.
    """

    weight_BPL: Tensor  # float; attention averaged over heads; 0 for empty slots
    chosen_BPL: Tensor  # bool; interest_tokens of them for each person, none where the head chooses none

    def of_person(self, frame: int, slot: int) -> "Choice":
        """One person's part."""
        slots = self.chosen_BPL.shape[1]
        chosen_L, weight_L = self.chosen_BPL[frame, slot].cpu(), self.weight_BPL[frame, slot].float().cpu()
        return Choice(
            class_token=bool(chosen_L[0]),
            persons=tuple(int(other) for other in chosen_L[1 : 1 + slots].nonzero()[:, 0]),
            patch_N=chosen_L[1 + slots :],
            weight_N=weight_L[1 + slots :],
        )


@dataclass(frozen=True)
class Choice:
    """The interest tokens of one person: whether the class token, which persons by their slots, and which patches."""

    class_token: bool
    persons: tuple[int, ...]
    patch_N: Tensor  # bool
    weight_N: Tensor  # float32; the person's attention to each patch


@torch.inference_mode()
def spotted(head: Stclip, batch: PixelBatch, text_KD: Tensor) -> dict[int, Interest]:
    """The interest tokens of all persons of a batch by the block, from 0, after which they prompt the labels.

    They are read off a forward pass of the head, not computed again; the labels (float32) decide nothing. Empty where
    the head prompts with no tokens, or not with interest tokens.
    """
    if head.own.prompt_tokens != "interest":
        return {}
    weights: dict[int, Tensor] = {}
    chosen: dict[int, Tensor] = {}

    def keep_weights(number: int) -> Callable[..., None]:
        def keep(_module: Any, _args: Any, output: tuple[Tensor, Tensor | None]) -> None:
            if output[1] is not None:  # None where crops and whole frames go through the block
                weights[number] = output[1]

        return keep

    def keep_chosen(number: int) -> Callable[..., None]:
        def keep(_module: Any, args: tuple[Tensor, Tensor, Tensor]) -> None:
            chosen[number] = args[2]

        return keep

    hooks = []
    for name, prompting in head.prompting.items():
        hooks.append(head.tower.blocks[int(name)].register_forward_hook(keep_weights(int(name))))
        hooks.append(prompting.register_forward_pre_hook(keep_chosen(int(name))))
    try:
        head(batch, text_KD)
    finally:
        for hook in hooks:
            hook.remove()
    return {number: Interest(weights[number], chosen[number]) for number in sorted(chosen)}


@torch.inference_mode()
def first_attention(head: Stclip, batch: PixelBatch, text_KD: Tensor) -> Interest:
    """What all persons of a batch attend to in the first block of the encoder, whatever prompts the labels.

    The block's own map of the sequence [class token, persons, patches] that a forward pass of the head gives it, before
    any patch has taken up anything of the others. Nothing is chosen, and the labels (float32) decide nothing.
    """
    persons = batch.person_BP.shape[1]
    length = 1 + persons + head.tower.patches
    maps: list[Tensor] = []

    def keep(block: Any, args: tuple[Any, ...], _output: Any) -> None:
        x_BLW, real_BL, *_ = args
        if x_BLW.shape[1] == length:  # others are crops and whole frames, which have no persons in their sequence
            maps.append(block.attend(x_BLW, real_BL, map_rows=slice(1, 1 + persons))[1])

    hook = head.tower.blocks[0].register_forward_hook(keep)
    try:
        head(batch, text_KD)
    finally:
        hook.remove()
    (weight_BPL,) = maps
    weight_BPL = weight_BPL.masked_fill(~batch.person_BP[..., None], 0)
    return Interest(weight_BPL, torch.zeros_like(weight_BPL, dtype=torch.bool))
