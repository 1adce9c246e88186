"""Builds the optimiser and the schedule that the settings of training name."""

from typing import Any

import torch

from zsstad_core.learning.schedule import Schedule
from zsstad_core.settings.training import Training


def build_optimiser(groups: list[dict[str, Any]], settings: Training) -> torch.optim.Optimizer:
    """SGD or AdamW (Loshchilov and Hutter 2019) over `groups`, each with its `lr` and `weight_decay`."""
    if settings.optimiser == "adamw":
        return torch.optim.AdamW(groups, lr=settings.lr, betas=(settings.beta1, settings.beta2), fused=True)
    return torch.optim.SGD(groups, lr=settings.lr, momentum=settings.momentum, fused=True)


def build_schedule(settings: Training) -> Schedule:
    """The learning rate schedule of the settings, as factors of a group's rate."""
    return Schedule(
        settings.iterations,
        settings.warmup,
        settings.warmup_factor,
        cosine=settings.schedule == "cosine",
        final_factor=settings.final_lr_factor,
    )
