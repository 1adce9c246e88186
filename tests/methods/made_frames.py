"""Made-up tokens for tests of heads: ragged batches as the token bank pads them, and heads that are not at their start.

Shapes as in `zsstad_core.heads.base`.
"""

from dataclasses import fields, replace

import torch
from torch import Tensor, nn
from zsstad_core.heads.base import Batch, Head

TIMES = 60  # memory slots of the default settings
CLIP_NORM = 10.0  # what CLIP's raw tokens have, about


def tokens(generator: torch.Generator, *shape: int) -> Tensor:
    made: Tensor = torch.randn(*shape, generator=generator) * (CLIP_NORM * shape[-1] ** -0.5)
    return made


def random_batch(
    width: int, persons: list[int], objects: list[int], neighbours: list[float], times: int = TIMES, seed: int = 0
) -> Batch:
    """A frame has so many persons and objects; a neighbour is available with so much probability. Padding is zeros."""
    generator = torch.Generator().manual_seed(seed)
    frames = len(persons)
    person_BP = torch.arange(max(persons)) < torch.tensor(persons)[:, None]
    object_BO = torch.arange(max(objects)) < torch.tensor(objects)[:, None]
    memory_BT = torch.rand(frames, times, generator=generator) < torch.tensor(neighbours)[:, None]
    return Batch(
        person_BPD=tokens(generator, *person_BP.shape, width) * person_BP[..., None],
        person_BP=person_BP,
        context_BD=tokens(generator, frames, width),
        object_BOD=tokens(generator, *object_BO.shape, width) * object_BO[..., None],
        object_BO=object_BO,
        memory_BTD=tokens(generator, frames, times, width) * memory_BT[..., None],
        memory_BT=memory_BT,
    )


def random_text(width: int, classes: int, seed: int = 1) -> Tensor:
    return tokens(torch.Generator().manual_seed(seed), classes, width)


def alone(batch: Batch, frame: int) -> Batch:
    """One frame of a batch without the padding that its company made it carry."""
    one = {f.name: getattr(batch, f.name)[frame : frame + 1] for f in fields(batch)}
    persons, objects = int(one["person_BP"].sum()), int(one["object_BO"].sum())
    for name, count in (
        ("person_BPD", persons),
        ("person_BP", persons),
        ("object_BOD", objects),
        ("object_BO", objects),
    ):
        one[name] = one[name][:, :count]
    return Batch(**one)


def with_garbage(batch: Batch) -> Batch:
    """The same batch, its padded slots filled with large numbers instead of zeros."""
    return replace(
        batch,
        person_BPD=batch.person_BPD.masked_fill(~batch.person_BP[..., None], 1e3),
        object_BOD=batch.object_BOD.masked_fill(~batch.object_BO[..., None], -1e3),
        memory_BTD=batch.memory_BTD.masked_fill(~batch.memory_BT[..., None], 1e3),
    )


def in_double(batch: Batch) -> Batch:
    tensors = {f.name: getattr(batch, f.name) for f in fields(batch)}
    return Batch(**{name: t.double() if t.is_floating_point() else t for name, t in tensors.items()})


def enliven[M: nn.Module](module: M, seed: int = 3) -> M:
    """Add noise to every parameter, as training would: at the start many are zero, and hide what they multiply."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in module.parameters():
            noise = torch.randn(parameter.shape, generator=generator) * parameter.shape[-1] ** -0.5
            parameter.add_(noise.to(parameter.dtype))
    return module


def gradients(head: Head, total: Tensor) -> dict[str, Tensor]:
    """Gradient of a number by every parameter; zeros where none arrives."""
    names, parameters = zip(*head.named_parameters(), strict=True)
    grads = torch.autograd.grad(total, parameters, allow_unused=True)
    return {n: torch.zeros_like(p) if g is None else g for n, p, g in zip(names, parameters, grads, strict=True)}
