"""What ST-CLIP's persons attend to, and which tokens Interest Token Spotting chooses (paper 002, section 3.4, figure
4).

Shapes: N persons of a frame, L = 1 + N + R C tokens of its sequence, R, C rows and columns of patches.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from zsstad_core.methods.common.features import Batch, FrameViews
from zsstad_core.methods.common.labels import Labels, one_text_labels
from zsstad_core.methods.explanation import PatchAttention
from zsstad_core.methods.stclip.model import Stclip


def explain(head: Stclip, batch: Batch[FrameViews]) -> PatchAttention:
    """The attention of the persons of a batch of one frame, and the tokens that they chose.

    Both are those of the first block that prompts labels, as in figure 4 of the paper: there no patch has yet taken up
    anything of the other patches. Where the head chooses no tokens, the attention is that of the first block. The
    labels have no influence on either.
    """
    spotted = spotted_tokens(head, batch)
    if not spotted:
        weight_NL = first_attention(head, batch)
        return _attention(head, 0, weight_NL, torch.zeros_like(weight_NL, dtype=torch.bool))
    block, (weight_NL, chosen_NL) = next(iter(spotted.items()))
    return _attention(head, block, weight_NL, chosen_NL)


@torch.inference_mode()
def spotted_tokens(head: Stclip, batch: Batch[FrameViews]) -> dict[int, tuple[Tensor, Tensor]]:
    """The attention of all persons of a frame, [N, L], and the tokens that they chose, bool [N, L], by prompting block.

    The keys are numbers of blocks, from 0. The values are read off a forward pass of the head, not computed again. The
    result is empty where the head prompts with no tokens, or not with interest tokens.
    """
    if head.own.prompt_tokens != "interest":
        return {}
    weights: dict[int, Tensor] = {}
    chosen: dict[int, Tensor] = {}

    def keep_weights(number: int) -> Callable[..., None]:
        def keep(_module: Any, _args: Any, output: tuple[Tensor, Tensor | None]) -> None:
            if output[1] is not None:  # None where crops and whole frames go through the block
                weights[number] = output[1][0]

        return keep

    def keep_chosen(number: int) -> Callable[..., None]:
        def keep(_module: Any, args: tuple[Tensor, Tensor, Tensor]) -> None:
            chosen[number] = args[2][0]

        return keep

    hooks = []
    for name, prompting in head.prompting.items():
        hooks.append(head.tower.blocks[int(name)].register_forward_hook(keep_weights(int(name))))
        hooks.append(prompting.register_forward_pre_hook(keep_chosen(int(name))))
    try:
        head(batch, _no_label(head, batch))
    finally:
        for hook in hooks:
            hook.remove()
    return {number: (weights[number], chosen[number]) for number in sorted(chosen)}


@torch.inference_mode()
def first_attention(head: Stclip, batch: Batch[FrameViews]) -> Tensor:
    """Attention [N, L] of all persons of a frame in the first block of the encoder, whatever prompts the labels.

    It is the block's attention map of the sequence [class token, persons, patches] in a forward pass of the head,
    before any patch has taken up anything of the others.
    """
    persons = batch.rows.most
    length = 1 + persons + head.tower.patches
    maps: list[Tensor] = []

    def keep(block: Any, args: tuple[Any, ...], _output: Any) -> None:
        x_BLW, real_BL, *_ = args
        if x_BLW.shape[1] == length:  # not crops and whole frames, whose sequences hold no persons
            maps.append(block.attend(x_BLW, real_BL, map_rows=slice(1, 1 + persons))[1][0])

    hook = head.tower.blocks[0].register_forward_hook(keep)
    try:
        head(batch, _no_label(head, batch))
    finally:
        hook.remove()
    (weight_NL,) = maps
    return weight_NL


def _no_label(head: Stclip, batch: Batch[FrameViews]) -> Labels:
    return one_text_labels([""], torch.zeros(1, head.tower.joint, device=batch.features.view_VSSC.device))


def _attention(head: Stclip, block: int, weight_NL: Tensor, chosen_NL: Tensor) -> PatchAttention:
    persons = len(weight_NL)
    weight_NL, chosen_NL = weight_NL.float().cpu(), chosen_NL.cpu()
    return PatchAttention(
        block=block + 1,
        blocks=len(head.tower.blocks),
        patch=head.tower.patch,
        weight_NRC=weight_NL[:, 1 + persons :].reshape(persons, *head.tower.grid),
        chosen_NRC=chosen_NL[:, 1 + persons :].reshape(persons, *head.tower.grid),
        class_token_N=tuple(chosen_NL[:, 0].tolist()),
        persons_N=tuple(tuple(row.nonzero()[:, 0].tolist()) for row in chosen_NL[:, 1 : 1 + persons]),
    )
