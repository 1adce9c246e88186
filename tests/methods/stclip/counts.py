"""How many parameters of ST-CLIP train, and how many its published code counts."""

from torch import nn

from zsstad_core.methods.stclip.model import Stclip


def trained_parameters(head: Stclip) -> dict[str, int]:
    """Parameters that train, by part: projectors, prompting, lora, temporal, adapter.

    With the default settings at ViT-B/16: 4,724,736, 37,828,608, 737,280, 2,370,816 and 4,723,968; together 50,385,408.
    """
    projectors = sum(p.numel() for name, p in head.prompting.named_parameters() if ".projector." in name)
    return {
        "projectors": projectors,
        "prompting": _count(head.prompting) - projectors,
        "lora": _count(head.tower),
        "temporal": 0 if head.temporal is None else _count(head.temporal),
        "adapter": _count(head.adapter),
    }


def published_parameters(head: Stclip) -> dict[str, int]:
    """The same parts as the published code has them, of which the paper's 55.11 M (table 10) are the sum.

    There a temporal layer is a whole transformer block. Its feed-forward network and second LayerNorm (8 W^2 + 7 W) are
    never called, get no gradient and are counted: 4,723,968 at ViT-B/16, so temporal is 7,094,784 and the sum
    55,109,376.
    """
    width = head.tower.width
    layers = 0 if head.temporal is None else len(head.temporal.layers)
    parts = trained_parameters(head)
    return {**parts, "temporal": parts["temporal"] + layers * (8 * width**2 + 7 * width)}


def _count(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())
