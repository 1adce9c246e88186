"""iCLIP: interaction blocks and Interaction-Aware Prompting on CLIP tokens.

Huang et al., Interaction-Aware Prompting for Zero-Shot Spatio-Temporal Action Detection (paper 001), and its published
code. Settings: `settings.heads.iclip`; each says where code and paper differ.

Shapes: B frames, P persons, N persons without the padded ones, K classes, D token width.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from zsstad_core.heads.base import Batch, Head
from zsstad_core.heads.interaction import InteractionBlock, MemoryBlock
from zsstad_core.heads.prompting import Prompting
from zsstad_core.settings import Iclip as IclipSettings
from zsstad_core.settings import Settings, Training


class Iclip(Head):
    """Logits [B, P, K]: cosines of interaction tokens and prompted label tokens, over temperature. Padded persons: 0.

    The blocks run in the order of their letters, each with its own weights, each on what the one before made of the
    persons; the keys of a P block are the persons of the frame as they are then. The interaction token is
    `(1 - context_weight) * person + context_weight * context`, of raw tokens.

    With D = 512 and the default settings 14,831,104 parameters train, as in the published code: 8,404,992 in the
    blocks, 122,880 in time vectors, 6,303,232 in prompting. With `prompting_layers: 1` they are 11,680,256, the paper's
    11.6 M.

    Initial weights depend on `training.seed` alone; making a head leaves torch's random state as it was.
    """

    faster = "heads.iclip.block_lr_factor"

    def __init__(self, settings: Settings, width: int) -> None:
        super().__init__()
        own = settings.heads.iclip
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(settings.training.seed)
            self.blocks = nn.ModuleList(_block(letter, own, width) for letter in own.blocks)
            self.prompting = None
            if own.prompting_layers:
                self.prompting = Prompting(width, own.prompting_layers, own.prompting_scale)
        self.order = own.blocks
        self.context_weight = own.context_weight
        self.temperature = own.temperature
        self.block_lr_factor, self.bias_lr_factor = own.block_lr_factor, own.bias_lr_factor

    def forward(self, batch: Batch, text_KD: Tensor) -> Tensor:
        interaction_ND = self.interaction(batch)[batch.person_BP]
        label_NKD = text_KD[None] if self.prompting is None else self.prompting(text_KD, interaction_ND)
        cosine_NK = F.cosine_similarity(interaction_ND[:, None], label_NKD, dim=-1)

        logits_BPK = cosine_NK.new_zeros(*batch.person_BP.shape, len(text_KD))
        logits_BPK[batch.person_BP] = cosine_NK / self.temperature
        return logits_BPK

    def interaction(self, batch: Batch) -> Tensor:
        """Interaction tokens [B, P, D] of all persons; those of padded persons mean nothing."""
        person_BPD = batch.person_BPD
        context_B1 = batch.person_BP.new_ones(len(batch.person_BP), 1)
        for letter, block in zip(self.order, self.blocks, strict=True):
            match letter:
                case "P":
                    person_BPD = block(person_BPD, person_BPD, batch.person_BP)
                case "O":
                    person_BPD = block(person_BPD, batch.object_BOD, batch.object_BO)
                case "C":
                    person_BPD = block(person_BPD, batch.context_BD[:, None], context_B1)
                case "M":
                    person_BPD = block(person_BPD, batch.memory_BTD, batch.memory_BT)
        return torch.lerp(person_BPD, batch.context_BD[:, None], self.context_weight)

    def parameter_groups(self, lr: float, settings: Training) -> list[dict[str, Any]]:
        """Named groups: blocks (with their time vectors) and prompting, the biases of each apart, empty ones left out.

        Blocks learn at `lr * block_lr_factor`; biases, LayerNorm's too, at `bias_lr_factor` times what their module
        does, without weight decay. For a block's bias both factors apply.
        """
        groups: list[dict[str, Any]] = []
        for name, module, own_lr in (
            ("blocks", self.blocks, lr * self.block_lr_factor),
            ("prompting", self.prompting, lr),
        ):
            named = list(module.named_parameters()) if module is not None else []
            weights = [p for key, p in named if not key.endswith("bias")]
            biases = [p for key, p in named if key.endswith("bias")]
            groups += [
                {"name": name, "params": weights, "lr": own_lr, "weight_decay": settings.weight_decay},
                {
                    "name": f"{name}_biases",
                    "params": biases,
                    "lr": own_lr * self.bias_lr_factor,
                    "weight_decay": 0.0,
                },
            ]
        return [group for group in groups if group["params"]]


def _block(letter: str, own: IclipSettings, width: int) -> InteractionBlock:
    zero_padding = own.padding == "zeros"
    if letter == "M":
        times = own.memory_before + own.memory_after
        return MemoryBlock(width, times, own.memory_slots, zero_padding, own.dropout)
    slots = {"P": own.persons, "O": own.objects, "C": own.context_slots}[letter]
    return InteractionBlock(width, slots, zero_padding, own.dropout)
