"""Made-up frames with persons, objects and memory, for tests of methods that judge persons by tokens.

Shapes as in `zsstad_core.methods.common`.
"""

from collections.abc import Sequence
from dataclasses import fields, replace

import torch

from tests.methods.made_clips import made_tokens
from zsstad_core.methods.common.features import Batch, FrameTokens
from zsstad_core.methods.common.labels import Labels
from zsstad_core.methods.common.rows import Rows

TIMES = 60  # memory slots of the default settings


def made_rows(persons: Sequence[int]) -> Rows:
    """The rows of frames with so many persons."""
    sample_N = torch.arange(len(persons)).repeat_interleave(torch.tensor(persons, dtype=torch.long))
    place_N = torch.tensor([place for count in persons for place in range(count)], dtype=torch.long)
    return Rows(sample_N, place_N, len(persons), max(persons, default=0))


def made_frames(
    width: int,
    persons: Sequence[int],
    objects: Sequence[int],
    neighbours: Sequence[float],
    times: int = TIMES,
    seed: int = 0,
) -> Batch[FrameTokens]:
    """A frame has so many persons and objects; a neighbour is available with so much probability. Padding is zeros."""
    generator = torch.Generator().manual_seed(seed)
    frames, rows = len(persons), made_rows(persons)
    object_BO = torch.arange(max(objects)) < torch.tensor(objects)[:, None]
    memory_BT = torch.rand(frames, times, generator=generator) < torch.tensor(neighbours)[:, None]
    features = FrameTokens(
        person_ND=made_tokens(generator, len(rows), width),
        frame_BD=made_tokens(generator, frames, width),
        object_BOD=made_tokens(generator, *object_BO.shape, width) * object_BO[..., None],
        object_BO=object_BO,
        memory_BTD=made_tokens(generator, frames, times, width) * memory_BT[..., None],
        memory_BT=memory_BT,
    )
    return Batch(rows, features)


def rows_alone(rows: Rows, frame: int) -> Rows:
    """The rows of one frame, as if there were no other."""
    return made_rows([int((rows.sample_N == frame).sum())])


def alone(batch: Batch[FrameTokens], frame: int) -> Batch[FrameTokens]:
    """One frame of a batch without the empty object slots that its company made it carry."""
    tokens, one = batch.features, slice(frame, frame + 1)
    objects = int(tokens.object_BO[frame].sum())
    features = FrameTokens(
        person_ND=tokens.person_ND[batch.rows.sample_N == frame],
        frame_BD=tokens.frame_BD[one],
        object_BOD=tokens.object_BOD[one, :objects],
        object_BO=tokens.object_BO[one, :objects],
        memory_BTD=tokens.memory_BTD[one],
        memory_BT=tokens.memory_BT[one],
    )
    return Batch(rows_alone(batch.rows, frame), features)


def with_garbage(batch: Batch[FrameTokens]) -> Batch[FrameTokens]:
    """The same batch, its empty slots filled with large numbers instead of zeros."""
    tokens = batch.features
    features = replace(
        tokens,
        object_BOD=tokens.object_BOD.masked_fill(~tokens.object_BO[..., None], -1e3),
        memory_BTD=tokens.memory_BTD.masked_fill(~tokens.memory_BT[..., None], 1e3),
    )
    return Batch(batch.rows, features)


def turned(batch: Batch[FrameTokens], order_N: torch.Tensor) -> Batch[FrameTokens]:
    """The persons of a batch of one frame in another order."""
    return Batch(batch.rows, replace(batch.features, person_ND=batch.features.person_ND[order_N]))


def in_double(batch: Batch[FrameTokens]) -> Batch[FrameTokens]:
    """The same batch in float64."""
    tensors = {f.name: getattr(batch.features, f.name) for f in fields(batch.features)}
    features = FrameTokens(**{name: t.double() if t.is_floating_point() else t for name, t in tensors.items()})
    return Batch(batch.rows, features)


def labels_in_double(labels: Labels) -> Labels:
    """The same labels in float64."""
    return replace(labels, text_MD=labels.text_MD.double())
