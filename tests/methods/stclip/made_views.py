"""Made-up views and small encoders for tests of ST-CLIP. Shapes as in `zsstad_core.methods.common.features`."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from open_clip.transformer import QuickGELU, VisionTransformer
from torch import nn

from tests.methods.enliven import enliven
from tests.methods.made_frames import made_rows, rows_alone
from zsstad_core.frozen.tower import Tower
from zsstad_core.methods.common.features import Batch, FrameViews
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


def made_windows(
    persons: Sequence[int], lengths: Sequence[int] | None = None, side: int = SIDE, seed: int = 0, times: int = 9
) -> Batch[FrameViews]:
    """Frames with so many persons and windows of such lengths, all of one clip: neighbours share their views."""
    generator = torch.Generator().manual_seed(seed)
    frames, lengths, rows = len(persons), lengths or [times] * len(persons), made_rows(persons)
    window_BT = torch.arange(times) + torch.arange(frames)[:, None]
    window_BT[torch.arange(times) >= torch.tensor(lengths)[:, None]] = -1
    views = frames + times
    current_B = torch.tensor([row[(length - 1) // 2] for row, length in zip(window_BT.tolist(), lengths, strict=True)])
    features = FrameViews(
        view_VSSC=torch.randint(0, 256, (views, side, side, 3), dtype=torch.uint8, generator=generator),
        window_BT=window_BT,
        current_B=current_B,
        crop_NSSC=torch.randint(0, 256, (len(rows), side, side, 3), dtype=torch.uint8, generator=generator),
        person_NW=torch.zeros(len(rows), 0),
        frame_BD=torch.zeros(frames, 0),
    )
    return Batch(rows, features)


def alone(batch: Batch[FrameViews], frame: int) -> Batch[FrameViews]:
    """One frame of a batch with its own views only."""
    views, own_N = batch.features, batch.rows.sample_N == frame
    window = [row for row in views.window_BT[frame].tolist() if row >= 0]
    features = FrameViews(
        view_VSSC=views.view_VSSC[window],
        window_BT=torch.arange(len(window))[None],
        current_B=torch.tensor([window.index(int(views.current_B[frame]))]),
        crop_NSSC=views.crop_NSSC[own_N],
        person_NW=views.person_NW[own_N],
        frame_BD=views.frame_BD[frame : frame + 1],
    )
    return Batch(rows_alone(batch.rows, frame), features)


def with_garbage(batch: Batch[FrameViews]) -> Batch[FrameViews]:
    """The same batch with a view that no window holds."""
    view_VSSC = batch.features.view_VSSC
    return Batch(batch.rows, replace(batch.features, view_VSSC=torch.cat([view_VSSC, 255 - view_VSSC[:1]])))


def turned(batch: Batch[FrameViews], order_N: torch.Tensor) -> Batch[FrameViews]:
    """The persons of a batch of one frame in another order."""
    views = batch.features
    features = replace(views, crop_NSSC=views.crop_NSSC[order_N], person_NW=views.person_NW[order_N])
    return Batch(batch.rows, features)


def with_frozen_tokens(batch: Batch[FrameViews], tower: Tower) -> Batch[FrameViews]:
    """The batch as a head reads it that keeps LoRA out of crops and frames: `tower` (without LoRA) has encoded them."""
    views = batch.features
    with torch.no_grad():
        person_NW = tower.class_tokens(tower.embed(views.crop_NSSC))
        frame_BD = tower(views.view_VSSC[views.current_B])
    return Batch(batch.rows, replace(views, person_NW=person_NW, frame_BD=frame_BD))
