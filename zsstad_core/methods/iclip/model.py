"""iCLIP: interaction blocks and Interaction-Aware Prompting on CLIP tokens.

Huang et al., Interaction-Aware Prompting for Zero-Shot Spatio-Temporal Action Detection (paper 001), and its published
code. Settings: `settings.heads.iclip`; each says where code and paper differ.

Shapes: B frames, N persons, P persons of the fullest frame, M texts, D token width.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from zsstad_core.methods.common.features import Batch, FrameTokens
from zsstad_core.methods.common.head import Head
from zsstad_core.methods.common.labels import Labels
from zsstad_core.methods.iclip.interaction import InteractionBlock, MemoryBlock
from zsstad_core.methods.iclip.prompting import Prompting
from zsstad_core.methods.iclip.settings import Iclip as IclipSettings
from zsstad_core.settings.pipeline import Settings
from zsstad_core.settings.training import Training


class Iclip(Head[FrameTokens]):
    """Logits [N, M]: cosines of interaction tokens and prompted label tokens, over temperature.

    The blocks run in the order of their letters, each with its own weights, on the person tokens that the block before
    returned; these tokens are also the keys of a P block. The interaction token is `(1 - context_weight) * person +
    context_weight * context`, of tokens that are not normalised.

    With D = 512 and the default settings 13,776,384 parameters train. The published code counts 14,831,104: 8,404,992
    in the blocks, 122,880 in time vectors, 6,303,232 in prompting; with one layer of prompting it counts 11,680,256,
    the paper's 11.6 M. The difference is in parameters that no score depends on and no gradient reaches (`key.bias` of
    each block; `norm1`, `q_proj` and `k_proj` of each prompting layer): they are not built. Files of weights that hold
    them still load.

    Initial weights depend on `training.seed` alone; building a head leaves torch's random state unchanged.
    """

    fast_setting = "heads.iclip.block_lr_factor"
    dropped = (".key.bias", ".norm1.weight", ".norm1.bias", ".q_proj.weight", ".k_proj.weight")

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

    def forward(self, batch: Batch[FrameTokens], labels: Labels) -> Tensor:
        interaction_ND = self.interaction(batch)
        text_MD = labels.text_MD
        label_NMD = text_MD[None] if self.prompting is None else self.prompting(text_MD, interaction_ND)
        return F.cosine_similarity(interaction_ND[:, None], label_NMD, dim=-1) / self.temperature

    def interaction(self, batch: Batch[FrameTokens]) -> Tensor:
        """Interaction tokens [N, D] of all persons."""
        rows, tokens = batch.rows, batch.features
        person_BPD, real_BP = rows.pad(tokens.person_ND), rows.real()
        frame_B1 = real_BP.new_ones(rows.samples, 1)
        for letter, block in zip(self.order, self.blocks, strict=True):
            match letter:
                case "P":
                    person_BPD = block(person_BPD, person_BPD, real_BP)
                case "O":
                    person_BPD = block(person_BPD, tokens.object_BOD, tokens.object_BO)
                case "C":
                    person_BPD = block(person_BPD, tokens.frame_BD[:, None], frame_B1)
                case "M":
                    person_BPD = block(person_BPD, tokens.memory_BTD, tokens.memory_BT)
        return rows.flat(torch.lerp(person_BPD, tokens.frame_BD[:, None], self.context_weight))

    def parameter_groups(self, lr: float, settings: Training) -> list[dict[str, Any]]:
        """Named groups: the blocks (with their time vectors) and prompting, each with a separate group for its biases.

        Empty groups are left out. Blocks learn at `lr * block_lr_factor`. Biases, LayerNorm's too, learn at
        `bias_lr_factor` times the rate of their module, without weight decay. Both factors apply to a block's bias.
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
