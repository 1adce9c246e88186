"""Heads that are not at their start."""

import torch
from torch import nn


def enliven[M: nn.Module](module: M, seed: int = 3) -> M:
    """Add noise to every parameter, as training would: at the start many are zero, and hide what they multiply."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in module.parameters():
            width = parameter.shape[-1] if parameter.ndim else 1
            noise = torch.randn(parameter.shape, generator=generator) * width**-0.5
            parameter.add_(noise.to(parameter.dtype))
    return module
