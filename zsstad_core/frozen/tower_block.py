"""One transformer block of a frozen image encoder, in two halves, so that methods can put their own tokens between.

Shapes: B sequences, L tokens of a sequence, Q the first tokens of it, H heads, E width of a head, W width of the
encoder.
"""

from typing import Any

import torch
import torch.nn.functional as F
from open_clip.transformer import CustomResidualAttentionBlock, QuickGELU, ResidualAttentionBlock
from torch import Tensor, nn

from zsstad_core.errors import ModelError
from zsstad_core.frozen.activations import quick_gelu
from zsstad_core.frozen.lora import Lora


class Block(nn.Module):
    """A block of open_clip's ViT (either of its two kinds) with frozen weights, and LoRA in its feed-forward network.

    source: open_clip's block, already frozen (`tower.frozen`); it is used, not copied. Its dropout, if it has any, is
    off. With rank 0, or as long as LoRA's B is zero, the block computes what open_clip's does.

    Raises ModelError for a block that open_clip itself cannot run on a batch (scaled cosine attention, 3.3.0).
    """

    def __init__(self, source: nn.Module, lora_rank: int = 0) -> None:
        super().__init__()
        if not isinstance(source, ResidualAttentionBlock | CustomResidualAttentionBlock):
            raise ModelError(f"encoder.model: its blocks are {type(source).__name__}, not open_clip's own ViT blocks")
        if getattr(source.attn, "scaled_cosine", False):
            raise ModelError("encoder.model: scaled cosine attention is not supported; take a model without it")
        self.source: Any = source
        self.heads: int = source.attn.num_heads
        wide, narrow = source.mlp.c_fc.weight.shape
        self.lora = nn.ModuleList()
        if lora_rank:
            self.lora.extend([Lora(narrow, wide, lora_rank), Lora(wide, narrow, lora_rank)])

    def forward(
        self, x_BLW: Tensor, real_BL: Tensor | None = None, queries: int | None = None, map_rows: slice | None = None
    ) -> tuple[Tensor, Tensor | None]:
        """Tokens after the block, and the attention map [B, rows, L] of `map_rows` (None where `map_rows` is None).

        real_BL: bool; no token attends to tokens that are False. queries: Q; only the first Q tokens are computed, from
        all L tokens, and the result is [B, Q, W].
        """
        x_BQW, map_BQL = self.attend(x_BLW, real_BL, queries, map_rows)
        return self.feed(x_BQW), map_BQL

    def attend(
        self, x_BLW: Tensor, real_BL: Tensor | None = None, queries: int | None = None, map_rows: slice | None = None
    ) -> tuple[Tensor, Tensor | None]:
        """The first half: multi-head self-attention with its residual. Arguments and shapes as `forward`."""
        q_BHQE, k_BHLE, v_BHLE = self._query_key_value(self.source.ln_1(x_BLW), queries)
        mask = None if real_BL is None else real_BL[:, None, None]
        mixed_BHQE = F.scaled_dot_product_attention(q_BHQE, k_BHLE, v_BHLE, attn_mask=mask)
        map_BQL = None
        if map_rows is not None:
            map_BQL = attention_map(q_BHQE[:, :, map_rows], k_BHLE, mask)
        return x_BLW[:, :queries] + self._attended(mixed_BHQE), map_BQL

    def feed(self, x_BLW: Tensor) -> Tensor:
        """The second half: the feed-forward network with its residual."""
        mlp = self.source.mlp
        normed_NW = self.source.ln_2(x_BLW).flatten(0, -2)  # N = B L
        hidden = mlp.c_fc(normed_NW)
        if self.lora:
            hidden = self.lora[0](hidden, normed_NW)
        hidden = quick_gelu(hidden) if isinstance(mlp.gelu, QuickGELU) else mlp.gelu(hidden)
        if hasattr(mlp, "ln"):
            hidden = mlp.ln(hidden)
        out_NW = mlp.c_proj(hidden)
        if self.lora:
            out_NW = self.lora[1](out_NW, hidden)
        grown: Tensor = x_BLW + self.source.ls_2(out_NW.view_as(x_BLW))
        return grown

    def merge_lora(self) -> dict[str, Tensor]:
        """open_clip's weights of this block with LoRA merged in, by their names in the block's state_dict."""
        weights = dict(self.source.named_buffers())
        for lora, name in zip(self.lora, ("mlp.c_fc.weight", "mlp.c_proj.weight"), strict=False):
            assert isinstance(lora, Lora)
            weights[name] = lora.merge(weights[name])
        return {name: weight.detach().clone() for name, weight in weights.items()}

    def _query_key_value(self, normed_BLW: Tensor, queries: int | None) -> tuple[Tensor, Tensor, Tensor]:
        attn = self.source.attn
        weight, bias = attn.in_proj_weight, attn.in_proj_bias
        if queries is None:
            q, k, v = F.linear(normed_BLW, weight, bias).chunk(3, dim=-1)
        else:
            width = weight.shape[1]
            q = F.linear(normed_BLW[:, :queries], weight[:width], None if bias is None else bias[:width])
            k, v = F.linear(normed_BLW, weight[width:], None if bias is None else bias[width:]).chunk(2, dim=-1)
        q, k, v = (by_head(part, self.heads) for part in (q, k, v))
        if hasattr(attn, "ln_q"):
            q, k = attn.ln_q(q), attn.ln_k(k)
        return q, k, v

    def _attended(self, mixed_BHQE: Tensor) -> Tensor:
        """The output of attention that is added to the tokens, [B, Q, W]."""
        attn = self.source.attn
        if getattr(attn, "head_scale", None) is not None:
            mixed_BHQE = mixed_BHQE * attn.head_scale
        mixed_BQW: Tensor = mixed_BHQE.transpose(1, 2).flatten(2)
        if hasattr(attn, "ln_inner"):
            mixed_BQW = attn.ln_inner(mixed_BQW)
        out_BQW = attn.out_proj(mixed_BQW)
        if hasattr(self.source, "ln_attn"):
            out_BQW = self.source.ln_attn(out_BQW)
        scaled: Tensor = self.source.ls_1(out_BQW)
        return scaled


def by_head(x_BLW: Tensor, heads: int) -> Tensor:
    """Tokens [B, L, W] split into heads, [B, H, L, E]."""
    return x_BLW.view(*x_BLW.shape[:-1], heads, x_BLW.shape[-1] // heads).transpose(1, 2)


@torch.no_grad()
def attention_map(q_BHQE: Tensor, k_BHLE: Tensor, mask: Tensor | None = None) -> Tensor:
    """Attention weights averaged over heads, [B, Q, L], without gradient; the weight is 0 where `mask` is False."""
    exact = torch.promote_types(q_BHQE.dtype, torch.float32)
    score_BHQL = (q_BHQE.to(exact) * q_BHQE.shape[-1] ** -0.5) @ k_BHLE.to(exact).mT
    if mask is not None:
        score_BHQL = score_BHQL.masked_fill(~mask, -torch.inf)
    mean_BQL: Tensor = score_BHQL.softmax(-1).mean(1)
    return mean_BQL
