"""ST-CLIP from the settings: the head around the encoder that they name."""

import torch

from zsstad_core.frozen import tower
from zsstad_core.heads.stclip import Stclip
from zsstad_core.settings import Settings


def build(settings: Settings, width: int) -> Stclip:
    """The head with its encoder loaded; `width` of tokens is the encoder's own. Raises as `Stclip` and `tower.load`."""
    own = settings.heads.stclip
    with torch.random.fork_rng(devices=[]):  # LoRA draws when it is made; the head draws it again, from its seed
        encoder = tower.load(settings.encoder, lora_rank=own.lora_rank, checkpointing=own.checkpointing)
    return Stclip(own, encoder, settings.training.seed)
