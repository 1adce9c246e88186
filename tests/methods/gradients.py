"""Gradients by name."""

import torch
from torch import Tensor, nn


def gradients(module: nn.Module, total: Tensor) -> dict[str, Tensor]:
    """Gradient of a number by every parameter; zeros where none arrives."""
    names, parameters = zip(*module.named_parameters(), strict=True)
    grads = torch.autograd.grad(total, parameters, allow_unused=True)
    return {n: torch.zeros_like(p) if g is None else g for n, p, g in zip(names, parameters, grads, strict=True)}
