"""The contract of a head.

Shapes: B frames, P person slots, O object slots, T memory slots (before + after), K classes, D token width.
"""

from dataclasses import dataclass, fields, replace
from typing import Any

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Batch:
    """Cached tokens of B frames, padded; a mask is True where a slot is filled. Padded slots hold zeros.

    Kinds that a head does not read have no slots (O = 0, T = 0) and, for context and persons, zeros.
    """

    person_BPD: Tensor  # float32; the persons to be scored, who are also each other's keys
    person_BP: Tensor  # bool
    context_BD: Tensor  # float32; the whole frame
    object_BOD: Tensor  # float32; objects of the frame that touch one of its persons
    object_BO: Tensor  # bool
    memory_BTD: Tensor  # float32; whole frames t-before..t-1, t+1..t+after of the same video, in that order
    memory_BT: Tensor  # bool; False beyond the ends of the video, and where a neighbour is not available

    def to(self, device: torch.device | str) -> "Batch":
        return replace(self, **{f.name: getattr(self, f.name).to(device, non_blocking=True) for f in fields(self)})


class Head(nn.Module):
    """Base of all heads: `forward(batch, text_KD)` gives logits [B, P, K] (float32; padded persons may hold anything).

    Nothing else of a batch may influence a person's scores than the tokens of its own frame in `batch`: scores are the
    same alone and in any company.
    """

    faster = ""
    """The setting by which parts of the head learn faster than `training.lr`, for who must lower it; empty: none."""

    def forward(self, batch: Batch, text_KD: Tensor) -> Tensor:
        raise NotImplementedError

    def parameter_groups(self, lr: float, settings: Any) -> list[dict[str, Any]]:
        """Groups for the optimiser with their learning rate and weight decay. `settings` is `settings.training`."""
        return [{"params": list(self.parameters()), "lr": lr, "weight_decay": settings.weight_decay}]
