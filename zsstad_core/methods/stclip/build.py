"""Builds ST-CLIP from the settings, with the encoder that they name."""

import torch
from torch import Tensor

from zsstad_core.frozen import encoder_weights, tower
from zsstad_core.methods.stclip.model import Stclip
from zsstad_core.settings.pipeline import Settings


def build(settings: Settings, width: int) -> Stclip:
    """The head with its encoder loaded.

    `width` is unused: the encoder has its own. Raises as `Stclip` and `tower.load`.
    """
    own = settings.heads.stclip
    with torch.random.fork_rng(devices=[]):  # LoRA draws weights when it is made; the head redraws them from its seed
        encoder = tower.load(settings.encoder, lora_rank=own.lora_rank, checkpointing=own.checkpointing)
    return Stclip(own, encoder, settings.training.seed)


def merged_encoder(head: Stclip, settings: Settings) -> dict[str, Tensor]:
    """The whole open_clip model, image and text, as a state_dict with the head's LoRA merged into its image encoder.

    As `encoder.pretrained`, with LoRA of rank 0 in the head, it gives the same logits. Raises as
    `encoder_weights.load`.
    """
    weights: dict[str, Tensor] = encoder_weights.load(settings.encoder).model.state_dict()
    return weights | {f"visual.{name}": weight for name, weight in head.tower.merge_lora().items()}
