"""iCLIP written out: one person, one slot and one label at a time, every padded slot there, nothing rearranged.

What `zsstad_core.heads` computes quickly must equal this. It reads the same parameters, so gradients can be compared.
"""

import torch
from torch import Tensor, nn
from zsstad_core.heads.base import Batch

from zsstad_core.methods.iclip.interaction import InteractionBlock, MemoryBlock
from zsstad_core.methods.iclip.model import Iclip
from zsstad_core.methods.iclip.prompting import Prompting, PromptingLayer
from zsstad_core.methods.iclip.settings import Iclip as IclipSettings

Slot = tuple[Tensor, int | None]  # token (zeros where empty) and, in memory, which neighbour it belongs to


def block(module: InteractionBlock, person_D: Tensor, slots: list[Slot]) -> Tensor:
    """One person through one block."""
    if not slots:
        return person_D
    width = len(person_D)
    query = module.query.weight @ person_D + module.query.bias
    scores, values = [], []
    for token_D, time in slots:
        key = module.key.weight @ token_D + module.key.bias
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


def interaction(head: Iclip, own: IclipSettings, batch: Batch, frame: int) -> list[Tensor]:
    """Interaction tokens of the persons of one frame."""
    width = batch.context_BD.shape[-1]
    context_D = batch.context_BD[frame]
    persons = list(batch.person_BPD[frame][batch.person_BP[frame]])
    objects = list(batch.object_BOD[frame][batch.object_BO[frame]])
    neighbours = list(zip(batch.memory_BTD[frame], batch.memory_BT[frame].tolist(), strict=True))

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


def prompted(module: Prompting, label_D: Tensor, interaction_D: Tensor) -> Tensor:
    """One label's token for one person, with multi-head attention in full."""
    visual_D = _layer_norm(module.norm, interaction_D)
    prompt_D = label_D
    for layer in module.layers:
        assert isinstance(layer, PromptingLayer)
        prompt_D = prompt_D + _attention(layer, _layer_norm(layer.norm1, prompt_D), [visual_D])
        hidden = layer.fc1.weight @ _layer_norm(layer.norm2, prompt_D) + layer.fc1.bias
        prompt_D = prompt_D + layer.fc2.weight @ (hidden * torch.sigmoid(1.702 * hidden)) + layer.fc2.bias
    return label_D + module.alpha_D * prompt_D


def logits(head: Iclip, own: IclipSettings, batch: Batch, text_KD: Tensor, frame: int) -> Tensor:
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


def _attention(layer: PromptingLayer, query_D: Tensor, keys: list[Tensor]) -> Tensor:
    heads = max(len(query_D) // 64, 1)
    query_HE = (layer.q_proj.weight @ query_D).view(heads, -1)
    key_HKE = torch.stack([(layer.k_proj.weight @ key).view(heads, -1) for key in keys], 1)
    value_HKE = torch.stack([(layer.v_proj.weight @ key).view(heads, -1) for key in keys], 1)
    weight_HK = torch.einsum("he,hke->hk", query_HE / query_HE.shape[1] ** 0.5, key_HKE).softmax(-1)
    mixed_D = torch.einsum("hk,hke->he", weight_HK, value_HKE).reshape(-1)
    return layer.proj.weight @ mixed_D + layer.proj.bias


def _layer_norm(module: nn.Module, x_D: Tensor) -> Tensor:
    assert isinstance(module, nn.LayerNorm)
    normed = (x_D - x_D.mean()) / (x_D.var(unbiased=False) + 1e-5).sqrt()
    return normed * module.weight + module.bias
