"""Made-up views and small encoders for tests of ST-CLIP. Shapes as in `zsstad_core.heads.pixel_batch`."""

from dataclasses import replace
from typing import Any

import torch
from open_clip.transformer import QuickGELU, VisionTransformer
from torch import nn
from zsstad_core.heads.pixel_batch import PixelBatch

from tests.heads.batches import enliven
from zsstad_core.frozen.tower import Tower
from zsstad_core.methods.stclip.model import Stclip
from zsstad_core.methods.stclip.settings import Stclip as StclipSettings

MEAN, STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)  # CLIP's
SIDE, JOINT = 32, 64


def made_vit(seed: int = 0, side: int = SIDE, patch: int = 8, layers: int = 3, **changes: Any) -> VisionTransformer:
    """A random ViT of 16 patches, with numbers in it of the size that trained ones have."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        sizes: dict[str, Any] = {"width": 64, "heads": 4, "mlp_ratio": 2.0, "output_dim": JOINT, **changes}
        visual = VisionTransformer(image_size=side, patch_size=patch, layers=layers, **sizes)
        for name, parameter in visual.named_parameters():
            if name.endswith("bias") or "ln_" in name:
                nn.init.normal_(parameter, float(name.endswith("weight")), 0.1)
    return visual.eval()


def made_tower(lora_rank: int = 4, checkpointing: bool = False, **changes: Any) -> Tower:
    visual = made_vit(**{"act_layer": QuickGELU, **changes})
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return Tower(visual, MEAN, STD, lora_rank=lora_rank, checkpointing=checkpointing)


def made_head(own: StclipSettings | None = None, seed: int = 0, *, double: bool = False, **tower: Any) -> Stclip:
    """A head away from its start, where zeros would hide mistakes."""
    own = own or StclipSettings()
    head = Stclip(own, made_tower(own.lora_rank, own.checkpointing, **tower), seed)
    return enliven(head.double() if double else head)


def pixel_batch(
    persons: list[int], lengths: list[int] | None = None, side: int = SIDE, seed: int = 0, times: int = 9
) -> PixelBatch:
    """Frames with so many persons and windows of such lengths, all of one clip: neighbours share their views."""
    generator = torch.Generator().manual_seed(seed)
    frames, lengths = len(persons), lengths or [times] * len(persons)
    person_BP = torch.arange(max(persons)) < torch.tensor(persons)[:, None]
    window_BT = torch.arange(times) + torch.arange(frames)[:, None]
    window_BT[torch.arange(times) >= torch.tensor(lengths)[:, None]] = -1
    views = frames + times
    current_B = torch.tensor([row[(length - 1) // 2] for row, length in zip(window_BT.tolist(), lengths, strict=True)])
    nothing = torch.zeros(frames, 0)
    return PixelBatch(
        person_BPD=torch.zeros(*person_BP.shape, 0),
        person_BP=person_BP,
        context_BD=nothing,
        object_BOD=torch.zeros(frames, 0, 0),
        object_BO=torch.zeros(frames, 0, dtype=torch.bool),
        memory_BTD=torch.zeros(frames, 0, 0),
        memory_BT=torch.zeros(frames, 0, dtype=torch.bool),
        view_VSSC=torch.randint(0, 256, (views, side, side, 3), dtype=torch.uint8, generator=generator),
        window_BT=window_BT,
        current_B=current_B,
        crop_RSSC=torch.randint(0, 256, (sum(persons), side, side, 3), dtype=torch.uint8, generator=generator),
    )


def alone(batch: PixelBatch, frame: int) -> PixelBatch:
    """One frame of a batch with its own views only, without the padding that its company made it carry."""
    rows = [row for row in batch.window_BT[frame].tolist() if row >= 0]
    before, persons = int(batch.person_BP[:frame].sum()), int(batch.person_BP[frame].sum())
    one = slice(frame, frame + 1)
    return replace(
        batch,
        person_BPD=batch.person_BPD[one, :persons],
        person_BP=batch.person_BP[one, :persons],
        context_BD=batch.context_BD[one],
        object_BOD=batch.object_BOD[one],
        object_BO=batch.object_BO[one],
        memory_BTD=batch.memory_BTD[one],
        memory_BT=batch.memory_BT[one],
        view_VSSC=batch.view_VSSC[rows],
        window_BT=torch.arange(len(rows))[None],
        current_B=torch.tensor([rows.index(int(batch.current_B[frame]))]),
        crop_RSSC=batch.crop_RSSC[before : before + persons],
    )


def with_frozen_tokens(batch: PixelBatch, tower: Tower) -> PixelBatch:
    """The batch as a head reads it that keeps LoRA out of crops and frames: `tower` (without LoRA) has encoded them."""
    with torch.no_grad():
        weight = tower.ends.proj
        person_BPW = torch.zeros(*batch.person_BP.shape, tower.width, dtype=weight.dtype)
        person_BPW[batch.person_BP] = tower.class_tokens(tower.embed(batch.crop_RSSC))
        context_BD = tower(batch.view_VSSC[batch.current_B])
    return replace(batch, person_BPD=person_BPW, context_BD=context_BD)
