"""ST-CLIP written out: one frame, one person and one sequence at a time, as the published code goes about it.

What `zsstad_core.methods.stclip.model` computes quickly must equal this. It reads the same weights, so gradients can be
compared; the whole frame is encoded once a person, a person's interest tokens are picked out and projected for that
person alone, and nothing is padded. It runs on the meta device too, where a counter counts it.

Shapes: P persons of the frame, T frames of the window, N patches, L = 1 + P + N tokens, K classes, M interest tokens,
H heads, W width of the image encoder, D token width, S side of a view.
"""

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from zsstad_core.methods.common.features import Batch, FrameViews
from zsstad_core.methods.stclip.model import Stclip
from zsstad_core.methods.stclip.prompting import ContextPrompting
from zsstad_core.methods.stclip.visual import Adapter, TemporalLayer


def logits(head: Stclip, batch: Batch[FrameViews], text_KD: Tensor, frame: int) -> Tensor:
    """Logits [P, K] of one frame of a batch."""
    views = batch.features
    window = [views.view_VSSC[row] for row in views.window_BT[frame].tolist() if row >= 0]
    crops = views.crop_NSSC[batch.rows.sample_N == frame]
    return frame_logits(head, window, views.view_VSSC[views.current_B[frame]], list(crops), text_KD)


def frame_logits(
    head: Stclip, window: Sequence[Tensor], current_SSC: Tensor, crops: Sequence[Tensor], text_KD: Tensor
) -> Tensor:
    """Logits [P, K] of a frame from its views, uint8 [S, S, 3] each."""
    own = head.own
    persons, wholes = [], []
    for crop_SSC in crops:
        persons.append(_adapted(head, _person(head, crop_SSC)))
        if own.whole_frame:  # once a person
            wholes.append(class_token(head, current_SSC, lora=own.lora_in_crops) @ head.tower.ends.proj)
    if not persons:
        return text_KD.new_zeros(0, len(text_KD))
    context_NW = context(head, window, current_SSC)

    tokens, labels = interact(head, torch.stack(persons), context_NW, text_KD)
    rows = []
    for person, (token_D, label_KD) in enumerate(zip(tokens, labels, strict=True)):
        if own.whole_frame:
            token_D = token_D + wholes[person]
        cosine_K = label_KD @ token_D / (label_KD.norm(dim=1) * token_D.norm())
        rows.append(cosine_K / own.temperature)
    return torch.stack(rows)


def embed(head: Stclip, view_SSC: Tensor) -> Tensor:
    """Patch embeddings [N, W], by the convolution that open_clip runs."""
    weight = head.tower.ends.conv1.weight
    mean, std = (torch.tensor(x, dtype=weight.dtype, device=weight.device) for x in (head.tower.mean, head.tower.std))
    pixels = ((view_SSC.to(weight.dtype) / 255 - mean) / std).permute(2, 0, 1)[None]
    return F.conv2d(pixels, weight, stride=weight.shape[2:])[0].flatten(1).T


def class_token(head: Stclip, view_SSC: Tensor, lora: bool = True) -> Tensor:
    """A view's class token [W] after the last LayerNorm."""
    x_LW = sequence(head, embed(head, view_SSC))
    for layer in range(len(head.tower.blocks)):
        x_LW, _ = block(head, layer, x_LW, lora)
    return _layer_norm(head.tower.ends.ln_post, x_LW[0])


def sequence(head: Stclip, patch_NW: Tensor) -> Tensor:
    ends: Any = head.tower.ends
    x_LW = torch.cat([ends.class_embedding[None], patch_NW]) + ends.positional_embedding
    return _layer_norm(ends.ln_pre, x_LW)


def block(head: Stclip, layer: int, x_LW: Tensor, lora: bool = True, need_map: bool = False) -> tuple[Tensor, Any]:
    """One block on one sequence, and its attention map averaged over heads [L, L]."""
    module: Any = head.tower.blocks[layer]
    source, attn, width = module.source, module.source.attn, x_LW.shape[1]
    normed = _layer_norm(source.ln_1, x_LW)
    query, key, value = (
        _by_head(F.linear(normed, attn.in_proj_weight[rows], attn.in_proj_bias[rows]), attn.num_heads)
        for rows in (slice(0, width), slice(width, 2 * width), slice(2 * width, None))
    )
    weight_HLL = (query @ key.mT / query.shape[-1] ** 0.5).softmax(-1)
    mixed_LW = (weight_HLL @ value).transpose(0, 1).flatten(1)
    x_LW = x_LW + mixed_LW @ attn.out_proj.weight.T + attn.out_proj.bias

    normed = _layer_norm(source.ln_2, x_LW)
    hidden = F.linear(normed, source.mlp.c_fc.weight, source.mlp.c_fc.bias)
    if lora and module.lora:
        hidden = hidden + normed @ module.lora[0].a_RI.T @ module.lora[0].b_OR.T / len(module.lora[0].a_RI)
    hidden = source.mlp.gelu(hidden)
    out = F.linear(hidden, source.mlp.c_proj.weight, source.mlp.c_proj.bias)
    if lora and module.lora:
        out = out + hidden @ module.lora[1].a_RI.T @ module.lora[1].b_OR.T / len(module.lora[1].a_RI)
    return x_LW + out, weight_HLL.detach().mean(0) if need_map else None


def context(head: Stclip, window: Sequence[Tensor], current_SSC: Tensor) -> Tensor:
    """Context tokens [N, W] of a window."""
    if head.own.temporal == "none":
        return embed(head, current_SSC)
    x_TNW = torch.stack([embed(head, view) for view in window])
    if head.own.temporal == "average":
        return x_TNW.mean(0)
    assert head.temporal is not None
    x_TNW = x_TNW + head.temporal.place.weight[: len(window), None]
    for layer in head.temporal.layers:
        assert isinstance(layer, TemporalLayer)
        x_TNW = x_TNW + _over_time(layer, _layer_norm(layer.norm, x_TNW))
    return x_TNW.mean(0)


def interact(head: Stclip, person_PW: Tensor, context_NW: Tensor, text_KD: Tensor) -> tuple[list[Tensor], list[Tensor]]:
    """Each person's token [D] out of the encoder, and the labels [K, D] that are prompted for it."""
    own, ends, persons = head.own, head.tower.ends, len(person_PW)
    x_LW = sequence(head, context_NW)
    x_LW = torch.cat([x_LW[:1], person_PW, x_LW[1:]])
    labels = [text_KD] * (persons if own.prompt_tokens == "interest" else 1)
    for layer in range(len(head.tower.blocks)):
        x_LW, map_LL = block(head, layer, x_LW, need_map=own.prompt_tokens == "interest")
        if own.prompting == "none" or (own.prompting == "last" and layer < len(head.tower.blocks) - 1):
            continue
        module: Any = head.prompting[str(layer)]
        if own.prompt_tokens == "interest":
            first = 0 if own.interest_class_token else 1
            for person in range(persons):
                chosen_M = map_LL[1 + person, first:].topk(own.interest_tokens).indices + first
                labels[person] = prompted(module, labels[person], x_LW[chosen_M])
        else:
            labels[0] = prompted(module, labels[0], x_LW[1 + persons :] if own.prompt_tokens == "context" else x_LW)
    tokens = [_layer_norm(ends.ln_post, x_LW[1 + person]) @ ends.proj for person in range(persons)]
    return tokens, labels if own.prompt_tokens == "interest" else labels * persons


def prompted(module: ContextPrompting, text_KD: Tensor, visual_LW: Tensor) -> Tensor:
    """The labels [K, D] after one prompting layer."""
    visual_LD = _layer_norm(module.norm_visual, F.linear(visual_LW, module.projector.weight, module.projector.bias))
    query = _by_head(_layer_norm(module.norm1, text_KD) @ module.q_proj.weight.T, module.heads)
    key, value = (_by_head(visual_LD @ layer.weight.T, module.heads) for layer in (module.k_proj, module.v_proj))
    weight_HKL = (query @ key.mT / query.shape[-1] ** 0.5).softmax(-1)
    mixed_KD = (weight_HKL @ value).transpose(0, 1).flatten(1)
    out_KD = text_KD + F.linear(mixed_KD, module.proj.weight, module.proj.bias)
    hidden = F.linear(_layer_norm(module.norm2, out_KD), module.fc1.weight, module.fc1.bias)
    out_KD = out_KD + F.linear(_quick_gelu(hidden), module.fc2.weight, module.fc2.bias)
    return text_KD + module.rho_D * out_KD


def _person(head: Stclip, crop_SSC: Tensor) -> Tensor:
    if head.own.person_tokens == "patches":
        return embed(head, crop_SSC).mean(0)
    return class_token(head, crop_SSC, lora=head.own.lora_in_crops)


def _adapted(head: Stclip, person_W: Tensor) -> Tensor:
    adapter = head.adapter
    if not isinstance(adapter, Adapter):
        return person_W
    grown = F.linear(_layer_norm(adapter.norm, person_W), adapter.fc1.weight, adapter.fc1.bias)
    if adapter.fc2 is not None:
        grown = F.linear(_quick_gelu(grown), adapter.fc2.weight, adapter.fc2.bias)
    return person_W + grown


def _over_time(layer: TemporalLayer, normed_TNW: Tensor) -> Tensor:
    """Self-attention over time [T, N, W], every position of the image by itself."""
    own, width = layer.attention, normed_TNW.shape[-1]
    query, key, value = (
        _by_head(F.linear(normed_TNW, own.in_proj_weight[rows], own.in_proj_bias[rows]).transpose(0, 1), own.num_heads)
        for rows in (slice(0, width), slice(width, 2 * width), slice(2 * width, None))
    )  # each [H, N, T, W / H]
    weight = (query @ key.mT / query.shape[-1] ** 0.5).softmax(-1)
    mixed_TNW = (weight @ value).permute(2, 1, 0, 3).flatten(2)
    return F.linear(mixed_TNW, own.out_proj.weight, own.out_proj.bias)


def _by_head(x: Tensor, heads: int) -> Tensor:
    """[..., L, W] to [H, ..., L, W / H]."""
    return x.view(*x.shape[:-1], heads, x.shape[-1] // heads).movedim(-2, 0)


def _layer_norm(module: Any, x: Tensor) -> Tensor:
    if not isinstance(module, torch.nn.LayerNorm):
        return x
    return F.layer_norm(x, x.shape[-1:], module.weight, module.bias, module.eps)


def _quick_gelu(x: Tensor) -> Tensor:
    return x * torch.sigmoid(1.702 * x)
