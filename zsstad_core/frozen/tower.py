"""The frozen image encoder inside a training step: open_clip's ViT, block by block, with extra tokens of a method.

It is for methods such as ST-CLIP that cannot train from cached tokens, because what they train sits between the
encoder's layers. `Encoder` runs the same model as a whole.

Shapes: V views, S side of a view, C colours, N patches of a view, W width of the encoder, D width of the joint
embedding, B sequences, E extra tokens, L = 1 + E + N tokens of a sequence, Q the first tokens of it.
"""

from collections.abc import Callable, Sequence
from copy import deepcopy
from itertools import chain
from typing import Any

import torch
import torch.nn.functional as F
from open_clip.transformer import VisionTransformer
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from zsstad_core.errors import ModelError
from zsstad_core.frozen import encoder_identity, encoder_weights
from zsstad_core.frozen.encoder import normalise
from zsstad_core.frozen.tower_block import Block
from zsstad_core.settings.frozen import Encoder as EncoderSettings

type After = Callable[[int, Tensor, Tensor | None], Tensor | None]
"""A function called after each block with its number, tokens [B, L, W] and attention map; may return other tokens."""


class Tower(nn.Module):
    """A ViT of open_clip with frozen weights, and trainable LoRA in its feed-forward layers.

    visual: `model.visual` of an open_clip model; it is not changed, and the tower shares its storage. mean, std: from
    the model's preprocessing, for pixels from 0 to 1. lora_rank: 0 for no LoRA. checkpointing: keep only each block's
    input for the backward pass and compute the rest again: less memory, more time, the same numbers.

    The encoder's weights are buffers here, not parameters, and are not in the state_dict. `parameters()` and
    `state_dict()` give LoRA alone, so no optimiser and no checkpoint can hold anything else.

    size: S. width: W. joint: D. patches: N. grid: rows and columns of patches; tokens are in row order. patch: side of
    a patch in pixels.

    Under half-precision autocast, matrix products are in half precision; the residual stream through the blocks stays
    float32.

    Raises ModelError for a tower that is not open_clip's own ViT (ResNet, and everything from timm).
    """

    def __init__(
        self,
        visual: nn.Module,
        mean: Sequence[float],
        std: Sequence[float],
        *,
        lora_rank: int = 0,
        checkpointing: bool = False,
    ) -> None:
        super().__init__()
        if not isinstance(visual, VisionTransformer):
            kind = type(getattr(visual, "trunk", visual)).__name__
            raise ModelError(
                f"encoder.model: its image encoder is {kind}; this method works inside open_clip's own ViT, so take a "
                "ViT (ViT-B-16, ViT-L-14, ViT-B-16-quickgelu)"
            )
        own: Any = frozen(visual)
        self.blocks = nn.ModuleList(Block(source, lora_rank) for source in own.transformer.resblocks)
        own.transformer = nn.Identity()  # its blocks are in `blocks` now
        self.ends = own
        self.size, self.width, self.joint = visual.image_size[0], visual.conv1.out_channels, visual.proj.shape[1]
        self.grid, self.patch = visual.grid_size, visual.patch_size[0]
        self.patches = visual.grid_size[0] * visual.grid_size[1]
        self.mean, self.std = tuple(mean), tuple(std)
        self.checkpointing = checkpointing
        if visual.image_size[0] != visual.image_size[1]:
            raise ModelError(f"encoder.model: it sees {visual.image_size} pixels; views are square, take another model")

    @property
    def heads(self) -> int:
        """Attention heads of a block."""
        first: Any = self.blocks[0]
        heads: int = first.heads
        return heads

    @property
    def has_class_token(self) -> bool:
        """Whether the image's token is its class token; other models pool their patches (CLIPA, CoCa)."""
        return self.ends.attn_pool is None and self.ends.pool_type == "tok"

    @torch.no_grad()
    def embed(self, view_VSSC: Tensor) -> Tensor:
        """Patch embeddings [V, N, W] of uint8 views: the output of the first layer, before positions. No gradient."""
        weight = self.ends.conv1.weight
        rows, columns = weight.shape[2:]
        pixels_VCSS = normalise(view_VSSC, self.mean, self.std).to(weight.dtype)
        # A convolution whose stride is its kernel size is a linear layer on tiles. Computed as one, it is not subject
        # to cuDNN's TF32 default for convolutions.
        tiles = pixels_VCSS.unfold(2, rows, rows).unfold(3, columns, columns)  # [V, C, down, across, rows, columns]
        tiles = tiles.permute(0, 2, 3, 1, 4, 5).flatten(3).flatten(1, 2)
        return F.linear(tiles, weight.flatten(1)).to(weight.dtype)

    def sequence(self, patch_BNW: Tensor, extra_BEW: Tensor | None = None) -> Tensor:
        """The input of the first block, [B, L, W]: class token, extra tokens, patches.

        Class token and patches get CLIP's positions and first LayerNorm; extra tokens get neither.
        """
        first_BW = self.ends.class_embedding.expand(len(patch_BNW), 1, -1)
        x_BLW: Tensor = torch.cat([first_BW, patch_BNW], 1) + self.ends.positional_embedding
        x_BLW = self.ends.ln_pre(x_BLW)
        if extra_BEW is None:
            return x_BLW
        return torch.cat([x_BLW[:, :1], extra_BEW.to(x_BLW.dtype), x_BLW[:, 1:]], 1)

    def run(
        self,
        x_BLW: Tensor,
        real_BL: Tensor | None = None,
        *,
        after: After | None = None,
        map_rows: slice | None = None,
        last: int | None = None,
    ) -> Tensor:
        """The tokens after all blocks, [B, L, W], for the tokens `x_BLW` of the first block's input.

        real_BL: bool; padding tokens are False, and no token attends to them. after: see `After`. map_rows: the rows of
        the attention maps, averaged over heads, that `after` gets. last: compute only this many first tokens in the
        last block; the result is [B, last, W].
        """
        for number, block in enumerate(self.blocks):
            queries = last if number == len(self.blocks) - 1 else None
            if self.checkpointing and torch.is_grad_enabled():
                x_BLW, map_BQL = checkpoint(block, x_BLW, real_BL, queries, map_rows, use_reentrant=False)
            else:
                x_BLW, map_BQL = block(x_BLW, real_BL, queries, map_rows)
            if after is not None:
                changed = after(number, x_BLW, map_BQL)
                x_BLW = x_BLW if changed is None else changed
        return x_BLW

    def class_tokens(self, patch_BNW: Tensor) -> Tensor:
        """Class tokens [B, W] from patch embeddings, after the last LayerNorm and before the projection."""
        return self.norm(self.run(self.sequence(patch_BNW), last=1)[:, 0])

    def norm(self, token: Tensor) -> Tensor:
        """The last LayerNorm, applied to tokens [..., W] of the last block; gives [..., W]."""
        out: Tensor = self.ends.ln_post(token)
        return out

    def project(self, token: Tensor) -> Tensor:
        """Tokens [..., W] after the last LayerNorm, projected to the joint embedding [..., D]; not normalised."""
        out: Tensor = token @ self.ends.proj
        return out

    def forward(self, view_VSSC: Tensor) -> Tensor:
        """Image tokens [V, D] of uint8 views, as open_clip's `encode_image` gives them, with LoRA; for any pooling."""
        if self.has_class_token:
            return self.project(self.class_tokens(self.embed(view_VSSC)))
        pooled, _ = self.ends._pool(self.run(self.sequence(self.embed(view_VSSC))))
        return self.project(pooled)

    def merge_lora(self) -> dict[str, Tensor]:
        """The encoder with LoRA merged into its weights, as a state_dict of open_clip's `model.visual`."""
        weights = {name: weight.detach().clone() for name, weight in self.ends.named_buffers()}
        for number, block in enumerate(self.blocks):
            assert isinstance(block, Block)
            weights |= {f"transformer.resblocks.{number}.{name}": weight for name, weight in block.merge_lora().items()}
        return weights


def load(settings: EncoderSettings, *, lora_rank: int = 0, checkpointing: bool = False) -> Tower:
    """The tower of the encoder that `settings` names. Raises as `encoder_weights.load`, and ModelError as `Tower`."""
    visual = encoder_weights.load(settings).model.visual
    preprocess, rules = visual.preprocess_cfg, encoder_identity.view_rules(settings)
    if preprocess["interpolation"] != rules.interpolation:
        raise ModelError(
            f"encoder.pretrained: {settings.pretrained} wants {preprocess['interpolation']} views, and they are made "
            f"{rules.interpolation}; name a model config (JSON) that says so in its preprocess_cfg"
        )
    return Tower(visual, preprocess["mean"], preprocess["std"], lora_rank=lora_rank, checkpointing=checkpointing)


def frozen[M: nn.Module](module: M) -> M:
    """A copy of `module` in eval mode, in the same storage; its parameters are buffers, which are not saved with it."""
    tensors = chain(module.parameters(), module.buffers())
    twin = deepcopy(module, {id(tensor): tensor for tensor in tensors})
    for part in twin.modules():
        for name, weight in list(part._parameters.items()):
            del part._parameters[name]
            part.register_buffer(name, None if weight is None else weight.detach(), persistent=False)
        part._non_persistent_buffers_set.update(part._buffers)
    return twin.eval()
