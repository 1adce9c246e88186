"""iCLIP written out: one person, one slot and one label at a time, every padded slot there, nothing rearranged.

What `zsstad_core.methods.iclip` computes quickly must equal this. It reads the same parameters, so gradients can be
compared.
"""

import torch
from torch import Tensor, nn

from zsstad_core.methods.common.features import Batch, FrameTokens
from zsstad_core.methods.iclip.interaction import InteractionBlock, MemoryBlock
from zsstad_core.methods.iclip.model import Iclip
from zsstad_core.methods.iclip.prompting import Prompting, PromptingLayer
from zsstad_core.methods.iclip.settings import Iclip as IclipSettings

Slot = tuple[Tensor, int | None]  # token (zeros where empty) and, in memory, which neighbour it belongs to


def block(module: InteractionBlock, person_D: Tensor, slots: list[Slot], key_bias: Tensor | None = None) -> Tensor:
    """One person through one block; `key_bias` is the published parameter of the key layer that is not built."""
    if not slots:
        return person_D
    width = len(person_D)
    query = module.query.weight @ person_D + module.query.bias
    scores, values = [], []
    for token_D, time in slots:
        key = module.key.weight @ token_D
        if key_bias is not None:
            key = key + key_bias
        value = module.value.weight @ token_D + module.value.bias
        if isinstance(module, MemoryBlock):
            key = key + module.time_key_TD[time]
            value = value + module.time_value_TD[time]
        scores.append(query @ key / width**0.5)
        values.append(value)
    weights = torch.softmax(torch.stack(scores), 0)
    attended = sum(w * v for w, v in zip(weights, values, strict=True))
    assert isinstance(attended, Tensor)
    normed = (attended - attended.mean()) / (attended.var(unbiased=False) + 1e-5).sqrt()
    return person_D + module.output.weight @ normed.relu() + module.output.bias


def padded(tokens: list[Tensor], slots: int, width: int, padding: str, time: int | None = None) -> list[Slot]:
    empty = [torch.zeros(width, dtype=torch.float64)] * (slots - len(tokens)) if padding == "zeros" else []
    return [(token.double(), time) for token in tokens] + [(token, time) for token in empty]


def interaction(head: Iclip, own: IclipSettings, batch: Batch[FrameTokens], frame: int) -> list[Tensor]:
    """Interaction tokens of the persons of one frame."""
    tokens = batch.features
    width = tokens.frame_BD.shape[-1]
    context_D = tokens.frame_BD[frame]
    persons = list(tokens.person_ND[batch.rows.sample_N == frame])
    objects = list(tokens.object_BOD[frame][tokens.object_BO[frame]])
    neighbours = list(zip(tokens.memory_BTD[frame], tokens.memory_BT[frame].tolist(), strict=True))

    for letter, module in zip(own.blocks, head.blocks, strict=True):
        assert isinstance(module, InteractionBlock)
        if letter == "P":
            slots = padded(persons, own.persons, width, own.padding)
        elif letter == "O":
            slots = padded(objects, own.objects, width, own.padding)
        elif letter == "C":
            slots = padded([context_D], own.context_slots, width, own.padding)
        else:
            slots = []
            for time, (token_D, available) in enumerate(neighbours):
                slots += padded([token_D] if available else [], own.memory_slots, width, own.padding, time)
        persons = [block(module, person_D, slots) for person_D in persons]
    return [(1 - own.context_weight) * person_D + own.context_weight * context_D for person_D in persons]


class Query(nn.Module):
    """The published parameters of a prompting layer that ask; a single key leaves no choice, so they are not built."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width)
        self.q_proj, self.k_proj = (nn.Linear(width, width, bias=False) for _ in range(2))


def prompted(module: Prompting, label_D: Tensor, interaction_D: Tensor, queries: list[Query] | None = None) -> Tensor:
    """One label's token for one person, with multi-head attention in full, where `queries` (one a layer) are given."""
    visual_D = _layer_norm(module.norm, interaction_D)
    prompt_D = label_D
    for place, layer in enumerate(module.layers):
        assert isinstance(layer, PromptingLayer)
        if queries is None:
            prompt_D = prompt_D + layer.proj.weight @ (layer.v_proj.weight @ visual_D) + layer.proj.bias
        else:
            prompt_D = prompt_D + _attention(layer, queries[place], prompt_D, [visual_D])
        hidden = layer.fc1.weight @ _layer_norm(layer.norm2, prompt_D) + layer.fc1.bias
        prompt_D = prompt_D + layer.fc2.weight @ (hidden * torch.sigmoid(1.702 * hidden)) + layer.fc2.bias
    return label_D + module.alpha_D * prompt_D


def logits(head: Iclip, own: IclipSettings, batch: Batch[FrameTokens], text_KD: Tensor, frame: int) -> Tensor:
    """Logits [persons of the frame, K]."""
    rows = []
    for interaction_D in interaction(head, own, batch, frame):
        row = []
        for label_D in text_KD:
            if head.prompting is not None:
                label_D = prompted(head.prompting, label_D, interaction_D)
            cosine = interaction_D @ label_D / (interaction_D.norm() * label_D.norm())
            row.append(cosine / own.temperature)
        rows.append(torch.stack(row))
    return torch.stack(rows) if rows else text_KD.new_zeros(0, len(text_KD))


def _attention(layer: PromptingLayer, query: Query, prompt_D: Tensor, keys: list[Tensor]) -> Tensor:
    heads = max(len(prompt_D) // 64, 1)
    query_HE = (query.q_proj.weight @ _layer_norm(query.norm1, prompt_D)).view(heads, -1)
    key_HKE = torch.stack([(query.k_proj.weight @ key).view(heads, -1) for key in keys], 1)
    value_HKE = torch.stack([(layer.v_proj.weight @ key).view(heads, -1) for key in keys], 1)
    weight_HK = torch.einsum("he,hke->hk", query_HE / query_HE.shape[1] ** 0.5, key_HKE).softmax(-1)
    mixed_D = torch.einsum("hk,hke->he", weight_HK, value_HKE).reshape(-1)
    return layer.proj.weight @ mixed_D + layer.proj.bias


def _layer_norm(module: nn.Module, x_D: Tensor) -> Tensor:
    assert isinstance(module, nn.LayerNorm)
    normed = (x_D - x_D.mean()) / (x_D.var(unbiased=False) + 1e-5).sqrt()
    return normed * module.weight + module.bias
