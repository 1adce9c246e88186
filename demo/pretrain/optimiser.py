"""The optimiser of both trainings: AdamW with weight decay on matrices and kernels only; warm-up, then cosine decay."""

import math
from typing import Any

import torch


def adamw(model: Any, lr: float, decay: float, **options: Any) -> torch.optim.AdamW:
    """AdamW without weight decay on vectors (norms, biases, scales), as open_clip and RTMDet train."""
    matrices = [weight for weight in model.parameters() if weight.ndim > 1]
    vectors = [weight for weight in model.parameters() if weight.ndim <= 1]
    groups = [{"params": matrices, "weight_decay": decay}, {"params": vectors, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=lr, **options)


def schedule(optimizer: torch.optim.Optimizer, warmup: int, steps: int) -> torch.optim.lr_scheduler.LambdaLR:
    """The learning rate schedule: a linear rise in `warmup` steps, then a cosine to zero at `steps`."""

    def share(step: int) -> float:
        if step < warmup:
            return (step + 1) / warmup
        return 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(steps - warmup, 1)))

    return torch.optim.lr_scheduler.LambdaLR(optimizer, share)
