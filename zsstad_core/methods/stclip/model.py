"""ST-CLIP: persons and spatio-temporal context interact inside CLIP's own image encoder, and prompt the labels.

Huang, Chen, Lai, Spatio-Temporal Context Prompting for Zero-Shot Action Detection (paper 002), and its published code,
which covers J-HMDB. Settings: `Stclip`; each says where code and paper differ.

Shapes: B frames, N persons, P persons of the fullest frame, T frames of a window, V views, S side of a view, C colours,
G patches of a view, L = 1 + P + G tokens of a frame's sequence, M texts, W width of the image encoder, D token width.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from zsstad_core.errors import ModelError, SettingsError
from zsstad_core.frozen.tower import Tower
from zsstad_core.methods.common.features import Batch, FrameViews
from zsstad_core.methods.common.head import Head
from zsstad_core.methods.common.labels import Labels
from zsstad_core.methods.common.rows import Rows
from zsstad_core.methods.stclip.prompting import ContextPrompting, interest_tokens
from zsstad_core.methods.stclip.settings import Stclip as StclipSettings
from zsstad_core.methods.stclip.visual import Adapter, TemporalModelling, shares
from zsstad_core.settings.training import Training


class Stclip(Head[FrameViews]):
    """Logits [N, M]: cosines of person tokens and prompted label tokens, over temperature.

    1. Each person's crop and the whole current frame go through the encoder (with LoRA, as published).
    2. The window's patch embeddings become context tokens (`TemporalModelling`), and the crops' class tokens become
       person tokens (`Adapter`).
    3. One sequence a frame, [class token, persons, context], goes through the encoder's blocks, where all of its tokens
       attend to each other.
    4. After each block, its tokens prompt the labels (`ContextPrompting`): once for the frame, or for each person from
       the person's interest tokens.
    5. Each person's last token is projected, the projected token of the whole frame is added, and the sum is compared
       with the labels. The paper does not mention the whole frame; the published code adds it, and the paper's figures
       of cost contain it.

    All frames of a batch go through each step together. Where a frame has fewer persons than another, the empty places
    in its sequence are masked out of every attention. The published code computes the whole frame once a person; here
    it is computed once a frame.

    `tower` is the frozen encoder, with LoRA of rank `own.lora_rank` in it. The head's parameters are exactly those that
    train: 50,385,408 at ViT-B/16 (the paper's 55.11 M are 4,723,968 more: the published temporal layer has a
    feed-forward network and a second LayerNorm that are never called). Initial weights depend on `seed` alone; building
    a head leaves torch's random state unchanged.

    Raises SettingsError where `own.interest_tokens` is more than a frame has tokens, ModelError for an encoder without
    a class token.
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
        self.temperature = own.temperature
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

    def forward(self, batch: Batch[FrameViews], labels: Labels) -> Tensor:
        rows, views = batch.rows, batch.features
        patch_VGW = self.tower.embed(views.view_VSSC)
        person_NW, frame_BD = self._crops_and_frames(views, patch_VGW)
        person_NW = self.adapter(person_NW)
        context_BGW = self._context(views, patch_VGW)

        token_ND, label_NMD = self._interact(rows, person_NW, context_BGW, labels.text_MD)
        if frame_BD is not None:
            token_ND = token_ND + frame_BD[rows.sample_N]
        token_ND = token_ND.to(label_NMD.dtype)  # float32, also where matrix products are in half precision
        return F.cosine_similarity(token_ND[:, None], label_NMD, dim=-1) / self.temperature

    def _crops_and_frames(self, views: FrameViews, patch_VGW: Tensor) -> tuple[Tensor, Tensor | None]:
        """Person features [N, W] and whole-frame tokens [B, D], from one pass of the encoder.

        Person features are class tokens before the projection, or means of patch embeddings. The second result is None
        where `whole_frame` is off.
        """
        own, tower = self.own, self.tower
        if not own.lora_in_crops:
            person_NW = views.person_NW
            if own.person_tokens == "patches":
                person_NW = tower.embed(views.crop_NSSC).mean(1)
            return person_NW, views.frame_BD if own.whole_frame else None

        crop_NGW = tower.embed(views.crop_NSSC)
        frame_BGW = patch_VGW[views.current_B]
        wanted = [crop_NGW] if own.person_tokens == "encoder" else []
        wanted += [frame_BGW] if own.whole_frame else []
        token_XW = tower.class_tokens(torch.cat(wanted)) if wanted else crop_NGW.new_zeros(0, tower.width)
        crops = len(crop_NGW) if own.person_tokens == "encoder" else 0
        person_NW = token_XW[:crops] if own.person_tokens == "encoder" else crop_NGW.mean(1)
        return person_NW, tower.project(token_XW[crops:]) if own.whole_frame else None

    def _context(self, views: FrameViews, patch_VGW: Tensor) -> Tensor:
        """Context tokens [B, G, W], from each frame's window."""
        if self.own.temporal == "none":
            return patch_VGW[views.current_B]
        real_BT = views.window_BT >= 0
        patch_BTGW = patch_VGW[views.window_BT.clamp(min=0)]
        if self.temporal is None:
            return torch.einsum("bt,btgw->bgw", shares(real_BT, patch_BTGW.dtype), patch_BTGW)
        context_BGW: Tensor = self.temporal(patch_BTGW, real_BT)
        return context_BGW

    def _interact(self, rows: Rows, person_NW: Tensor, context_BGW: Tensor, text_MD: Tensor) -> tuple[Tensor, Tensor]:
        """Projected person tokens [N, D] after the blocks, and the prompted label tokens of each person, [N, M, D]."""
        own, persons = self.own, rows.most
        x_BLW = self.tower.sequence(context_BGW, rows.pad(person_NW.to(context_BGW.dtype)))

        person_BP = rows.real()
        real_BL = torch.cat([_like(person_BP, 1), person_BP, _like(person_BP, context_BGW.shape[1])], 1)
        groups = persons if own.prompt_tokens == "interest" else 1
        prompted_BUMD = text_MD.expand(rows.samples, groups, -1, -1)  # U groups of labels

        def prompt(layer: int, x_BLW: Tensor, map_BPL: Tensor | None) -> None:
            nonlocal prompted_BUMD
            if str(layer) in self.prompting:
                attended_BUL = self._attended(real_BL, rows, map_BPL)
                prompted_BUMD = self.prompting[str(layer)](prompted_BUMD, x_BLW, attended_BUL)

        spotting = own.prompt_tokens == "interest" and own.prompting != "none"
        x_BLW = self.tower.run(
            x_BLW,
            None if rows.full else real_BL,
            after=prompt,
            map_rows=slice(1, 1 + persons) if spotting else None,
            last=None if self.prompting else 1 + persons,
        )
        token_ND = self.tower.project(self.tower.norm(rows.flat(x_BLW[:, 1 : 1 + persons])))
        return token_ND, rows.flat(prompted_BUMD.expand(-1, persons, -1, -1))

    def _attended(self, real_BL: Tensor, rows: Rows, map_BPL: Tensor | None) -> Tensor | None:
        """The tokens of the frame's sequence that each group of labels attends to, bool [B, U, L]; None for all."""
        eligible_BL = real_BL
        if self.own.prompt_tokens == "context":
            eligible_BL = real_BL.clone()
            eligible_BL[:, : 1 + rows.most] = False
        if map_BPL is None:
            everything = rows.full and self.own.prompt_tokens != "context"
            return None if everything else eligible_BL[:, None]
        if not self.own.interest_class_token:
            eligible_BL = real_BL.clone()
            eligible_BL[:, 0] = False
        return interest_tokens(map_BPL, eligible_BL, self.own.interest_tokens)

    def parameter_groups(self, lr: float, settings: Training) -> list[dict[str, Any]]:
        """One group for all parameters, biases too, with one learning rate and weight decay, as published."""
        return [{"params": list(self.parameters()), "lr": lr, "weight_decay": settings.weight_decay}]

    def _draw_lora(self) -> None:
        """Draw LoRA's initial weights from the head's seed, in place of those drawn when the tower was made."""
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


def _like(person_BP: Tensor, columns: int) -> Tensor:
    return person_BP.new_ones(len(person_BP), columns)


def _heads(width: int) -> int:
    """Attention heads in prompting: width / 64 (8 at ViT-B/16, 12 at ViT-L/14), as published; at least one."""
    return max(width // 64, 1)
