"""ActionCLIP written out: one clip, one frame and one head of attention at a time, nothing rearranged.

It reads the parameters of the real head, so gradients can be compared too. In float64.
"""

import torch
from torch import Tensor, nn

from zsstad_core.methods.actionclip.temporal import Block, TemporalTransformer


def clip_token(module: TemporalTransformer, frames: list[Tensor]) -> Tensor:
    """The token [D] of a clip of these frames [D], all of which exist."""
    placed = [frame_D + module.position_PD[place] for place, frame_D in enumerate(frames)]
    for each in module.blocks:
        assert isinstance(each, Block)
        placed = block(each, placed)
    total = torch.zeros_like(frames[0])
    for frame_D, moved_D in zip(frames, placed, strict=True):
        total = total + frame_D + moved_D
    return total / len(frames)


def block(module: Block, tokens: list[Tensor]) -> list[Tensor]:
    """Tokens [D] of a clip through one block."""
    attended = attention(module, [layer_norm(module.norm1, token_D) for token_D in tokens])
    tokens = [token_D + more_D for token_D, more_D in zip(tokens, attended, strict=True)]
    out = []
    for token_D in tokens:
        hidden = module.fc1.weight @ layer_norm(module.norm2, token_D) + module.fc1.bias
        out.append(token_D + module.fc2.weight @ (hidden * torch.sigmoid(1.702 * hidden)) + module.fc2.bias)
    return out


def attention(module: Block, tokens: list[Tensor]) -> list[Tensor]:
    """What each token takes up of all, with 64 numbers a head, or all of a narrower token."""
    width = len(tokens[0])
    each = width // module.heads
    query_DD, key_DD, value_DD = module.query_key_value.weight.split(width)
    query_D, key_D, value_D = module.query_key_value.bias.split(width)
    queries = [query_DD @ token_D + query_D for token_D in tokens]
    keys = [key_DD @ token_D + key_D for token_D in tokens]
    values = [value_DD @ token_D + value_D for token_D in tokens]
    out = []
    for query in queries:
        parts = []
        for head in range(module.heads):
            mine = slice(head * each, (head + 1) * each)
            scores = torch.stack([query[mine] @ key[mine] / each**0.5 for key in keys])
            weights = scores.exp() / scores.exp().sum()
            parts.append(sum((w * value[mine] for w, value in zip(weights, values, strict=True)), torch.zeros(())))
        out.append(module.out.weight @ torch.cat(parts) + module.out.bias)
    return out


def layer_norm(module: nn.LayerNorm, x_D: Tensor) -> Tensor:
    normed = (x_D - x_D.mean()) / (x_D.var(unbiased=False) + 1e-12).sqrt()
    return normed * module.weight + module.bias


def divergence(target: list[Tensor], log_share: list[Tensor]) -> Tensor:
    """Kullback-Leibler divergence of rows of shares, summed over a row and averaged over rows."""
    rows = [(t * (t.log() - s)).sum() for t, s in zip(target, log_share, strict=True)]
    return torch.stack(rows).sum() / len(rows)


def batch_loss(logits_NN: Tensor, classes: list[int]) -> Tensor:
    """The official loss of a batch, of the logits of its clips and of its texts."""
    target = []
    for one in classes:
        weights = torch.tensor([10.0 if one == other else 0.0 for other in classes], dtype=torch.float64).exp()
        target.append(weights / weights.sum())
    clips = [row - row.exp().sum().log() for row in logits_NN]
    texts = [column - column.exp().sum().log() for column in logits_NN.T]
    return (divergence(target, clips) + divergence(target, texts)) / 2
