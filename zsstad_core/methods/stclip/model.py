"""ST-CLIP: persons and the context of space and time interact inside CLIP's own image encoder, and prompt the labels.

Huang, Chen, Lai, Spatio-Temporal Context Prompting for Zero-Shot Action Detection (paper 002), and its published code,
which covers J-HMDB. Settings: `Stclip`; each says where code and paper differ.

Shapes: B frames, P person slots, R persons without the padded ones, T frames of a window, V views, S side of a view,
C colours, N patches of a view, L = 1 + P + N tokens of a frame's sequence, K classes, W width of the image encoder, D
token width.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from zsstad_core.errors import ModelError, SettingsError
from zsstad_core.frozen.tower import Tower
from zsstad_core.heads.base import Batch, Head
from zsstad_core.heads.pixel_batch import PixelBatch
from zsstad_core.heads.stclip_prompting import ContextPrompting, interest_tokens
from zsstad_core.heads.stclip_visual import Adapter, TemporalModelling, shares
from zsstad_core.settings import Training
from zsstad_core.settings.heads import Stclip as StclipSettings


class Stclip(Head):
    """Logits [B, P, K]: cosines of person tokens and prompted label tokens, over temperature. Padded persons: 0.

    1. Each person's crop and the whole current frame go through the encoder (with LoRA, as published).
    2. The window's patch embeddings become context tokens (`TemporalModelling`), the crops' class tokens person tokens
       (`Adapter`).
    3. One sequence a frame, [class token, persons, context], goes through the encoder's blocks: persons see each other,
       the context and the class token, and are seen.
    4. After each block its tokens prompt the labels (`ContextPrompting`), for the frame, or for each person from its
       interest tokens.
    5. A person's last token, projected, plus the projected token of the whole frame, is compared with the labels. The
       published code adds the whole frame, the paper does not mention it; its figures of cost contain it.

    All frames of a batch go through each step together, ragged in persons: padded slots are masked out of every
    attention. What the published code computes once a person, the whole frame, is computed once a frame.

    `tower` is the frozen encoder, with LoRA of rank `own.lora_rank` in it. Parameters are those that train and no
    others: 50,385,408 at ViT-B/16 (the paper's 55.11 M are 4,723,968 more, see `stclip_counts`). Initial weights
    depend on `seed` alone; making a head leaves torch's random state as it was.

    Raises SettingsError where more interest tokens are wanted than a frame has, ModelError for an encoder without a
    class token.
    """

    def __init__(self, own: StclipSettings, tower: Tower, seed: int) -> None:
        super().__init__()
        if not tower.has_class_token:
            raise ModelError(
                "encoder.model: its image token is pooled from patches; ST-CLIP needs one with a class token "
                "(ViT-B-16, ViT-L-14)"
            )
        _refuse_too_many_interest_tokens(own, tower)
        self.own, self.tower = own, tower
        prompted = {"every": range(len(tower.blocks)), "last": [len(tower.blocks) - 1], "none": []}[own.prompting]
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self._draw_lora()
            self.temporal = None
            if own.temporal == "attention":
                times = own.frames_before + 1 + own.frames_after
                self.temporal = TemporalModelling(tower.width, tower.heads, times, own.temporal_layers)
            self.adapter = nn.Identity() if own.adapter == "none" else Adapter(tower.width, own.adapter)
            self.prompting = nn.ModuleDict(
                {
                    str(layer): ContextPrompting(tower.width, tower.joint, _heads(tower.joint), own.prompt_scale)
                    for layer in prompted
                }
            )

    def forward(self, batch: Batch, text_KD: Tensor) -> Tensor:
        if not isinstance(batch, PixelBatch):
            raise TypeError("ST-CLIP reads pixels: it needs a PixelBatch")
        patch_VNW = self.tower.embed(batch.view_VSSC)
        person_RW, frame_BD = self._crops_and_frames(batch, patch_VNW)
        person_RW = self.adapter(person_RW)
        context_BNW = self._context(batch, patch_VNW)

        token_RD, label_RKD = self._interact(batch.person_BP, person_RW, context_BNW, text_KD)
        if frame_BD is not None:
            token_RD = token_RD + frame_BD[_frame_of_person(batch.person_BP)]
        token_RD = token_RD.to(label_RKD.dtype)  # the labels', float32 also where products are in half precision
        logits_RK = F.cosine_similarity(token_RD[:, None], label_RKD, dim=-1) / self.own.temperature
        logits_BPK = logits_RK.new_zeros(*batch.person_BP.shape, len(text_KD))
        logits_BPK[batch.person_BP] = logits_RK
        return logits_BPK

    def _crops_and_frames(self, batch: PixelBatch, patch_VNW: Tensor) -> tuple[Tensor, Tensor | None]:
        """Person features [R, W] (class tokens before the projection) and whole frames [B, D], in one pass."""
        own, tower = self.own, self.tower
        if not own.lora_in_crops:
            person_RW = batch.person_BPD[batch.person_BP]
            if own.person_tokens == "patches":
                person_RW = tower.embed(batch.crop_RSSC).mean(1)
            return person_RW, batch.context_BD if own.whole_frame else None

        crop_RNW = tower.embed(batch.crop_RSSC)
        frame_BNW = patch_VNW[batch.current_B]
        wanted = [crop_RNW] if own.person_tokens == "encoder" else []
        wanted += [frame_BNW] if own.whole_frame else []
        token_XW = tower.class_tokens(torch.cat(wanted)) if wanted else crop_RNW.new_zeros(0, tower.width)
        crops = len(crop_RNW) if own.person_tokens == "encoder" else 0
        person_RW = token_XW[:crops] if own.person_tokens == "encoder" else crop_RNW.mean(1)
        return person_RW, tower.projected(token_XW[crops:]) if own.whole_frame else None

    def _context(self, batch: PixelBatch, patch_VNW: Tensor) -> Tensor:
        """Context tokens [B, N, W] of each frame's window."""
        if self.own.temporal == "none":
            return patch_VNW[batch.current_B]
        real_BT = batch.window_BT >= 0
        patch_BTNW = patch_VNW[batch.window_BT.clamp(min=0)]
        if self.temporal is None:
            return torch.einsum("bt,btnw->bnw", shares(real_BT, patch_BTNW.dtype), patch_BTNW)
        context_BNW: Tensor = self.temporal(patch_BTNW, real_BT)
        return context_BNW

    def _interact(
        self, person_BP: Tensor, person_RW: Tensor, context_BNW: Tensor, text_KD: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Person tokens [R, D] out of the encoder, and each person's label tokens [R, K, D]."""
        own, persons = self.own, person_BP.shape[1]
        person_BPW = context_BNW.new_zeros(*person_BP.shape, self.tower.width)
        person_BPW[person_BP] = person_RW.to(person_BPW.dtype)
        x_BLW = self.tower.sequence(context_BNW, person_BPW)

        real_BL = torch.cat([_like(person_BP, 1), person_BP, _like(person_BP, context_BNW.shape[1])], 1)
        groups = persons if own.prompt_tokens == "interest" else 1
        labels = [text_KD.expand(len(person_BP), groups, -1, -1)]

        def prompt(layer: int, x_BLW: Tensor, map_BPL: Tensor | None) -> None:
            if str(layer) in self.prompting:
                attended_BGL = self._attended(real_BL, persons, map_BPL)
                labels.append(self.prompting[str(layer)](labels.pop(), x_BLW, attended_BGL))

        spotting = own.prompt_tokens == "interest" and own.prompting != "none"
        x_BLW = self.tower.run(
            x_BLW,
            None if bool(person_BP.all()) else real_BL,
            after=prompt,
            map_rows=slice(1, 1 + persons) if spotting else None,
            last=None if self.prompting else 1 + persons,
        )
        token_RD = self.tower.projected(self.tower.normed(x_BLW[:, 1 : 1 + persons][person_BP]))
        return token_RD, labels[0].expand(-1, persons, -1, -1)[person_BP]

    def _attended(self, real_BL: Tensor, persons: int, map_BPL: Tensor | None) -> Tensor | None:
        """Which tokens of its frame's sequence each group of labels attends to, bool [B, G, L]; None: all there are."""
        eligible_BL = real_BL
        if self.own.prompt_tokens == "context":
            eligible_BL = real_BL.clone()
            eligible_BL[:, : 1 + persons] = False
        if map_BPL is None:
            return None if bool(eligible_BL.all()) else eligible_BL[:, None]
        if not self.own.interest_class_token:
            eligible_BL = real_BL.clone()
            eligible_BL[:, 0] = False
        return interest_tokens(map_BPL, eligible_BL, self.own.interest_tokens)

    def parameter_groups(self, lr: float, settings: Training) -> list[dict[str, Any]]:
        """One group: as published, one learning rate and weight decay for all, biases too."""
        return [{"params": list(self.parameters()), "lr": lr, "weight_decay": settings.weight_decay}]

    def _draw_lora(self) -> None:
        """LoRA's start from this head's seed, whatever drew it when the tower was made."""
        for block in self.tower.blocks:
            for lora in block.lora:  # type: ignore[union-attr]
                lora.draw()


def _refuse_too_many_interest_tokens(own: StclipSettings, tower: Tower) -> None:
    fewest = int(own.interest_class_token) + 1 + tower.patches  # a frame with one person
    if own.prompt_tokens == "interest" and own.interest_tokens > fewest:
        raise SettingsError(
            f"heads.stclip.interest_tokens is {own.interest_tokens}; a frame with one person has {fewest} tokens to "
            f"choose from with this encoder: take at most {fewest}"
        )


def _frame_of_person(person_BP: Tensor) -> Tensor:
    return person_BP.nonzero()[:, 0]


def _like(person_BP: Tensor, columns: int) -> Tensor:
    return person_BP.new_ones(len(person_BP), columns)


def _heads(width: int) -> int:
    """Attention heads of prompting: 64 numbers each (8 at ViT-B/16, 12 at ViT-L/14), as published; at least one."""
    return max(width // 64, 1)
