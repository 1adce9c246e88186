"""Made-up clips and phrasings for tests of methods that judge clips.

Shapes as in `zsstad_core.methods.common`.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from zsstad_core.datasets.label_types import LabelTypes
from zsstad_core.methods.common.features import Batch, ClipTokens
from zsstad_core.methods.common.labels import Labels
from zsstad_core.methods.common.rows import Rows

CLIP_NORM = 10.0  # what CLIP's raw tokens have, about


def made_tokens(generator: torch.Generator, *shape: int) -> Tensor:
    made: Tensor = torch.randn(*shape, generator=generator) * (CLIP_NORM * shape[-1] ** -0.5)
    return made


def one_each(samples: int, device: torch.device | str = "cpu") -> Rows:
    """The rows of samples that are clips."""
    number_N = torch.arange(samples, device=device)
    return Rows(number_N, torch.zeros_like(number_N), samples, min(samples, 1))


def made_batch(width: int, real: Sequence[int], frames: int = 8, seed: int = 0) -> Batch[ClipTokens]:
    """A clip for each number of `real`, which says how many of its frames exist; zeros stand in place of the others."""
    real_NT = torch.arange(frames) < torch.tensor(real, dtype=torch.long)[:, None]
    frame_NTD = made_tokens(torch.Generator().manual_seed(seed), len(real), frames, width) * real_NT[..., None]
    return Batch(one_each(len(real)), ClipTokens(frame_NTD, real_NT))


def made_labels(width: int, classes: int, phrasings: int, types: LabelTypes | None = None, seed: int = 1) -> Labels:
    text_MD = made_tokens(torch.Generator().manual_seed(seed), classes * phrasings, width)
    names = tuple(f"class {number}" for number in range(classes))
    return Labels(names, text_MD, torch.arange(classes).repeat_interleave(phrasings), types)


def some_clips(batch: Batch[ClipTokens], clips: slice) -> Batch[ClipTokens]:
    """Some clips of a batch as a batch of their own."""
    frame_NTD, real_NT = batch.features.frame_NTD[clips], batch.features.real_NT[clips]
    return Batch(one_each(len(real_NT)), ClipTokens(frame_NTD, real_NT))


def without_padding(batch: Batch[ClipTokens], clip: int) -> Batch[ClipTokens]:
    """One clip of a batch without the frames that do not exist."""
    real_T = batch.features.real_NT[clip]
    frame_1TD = batch.features.frame_NTD[clip][real_T][None]
    return Batch(one_each(1), ClipTokens(frame_1TD, torch.ones(frame_1TD.shape[:2], dtype=torch.bool)))


def with_garbage(batch: Batch[ClipTokens]) -> Batch[ClipTokens]:
    """The same batch with large numbers in place of the zeros of frames that do not exist."""
    features = batch.features
    frame_NTD = features.frame_NTD.masked_fill(~features.real_NT[..., None], 1e3)
    return Batch(batch.rows, ClipTokens(frame_NTD, features.real_NT))


def some_classes(labels: Labels, classes: Sequence[int]) -> Labels:
    """Labels of these classes alone, in this order."""
    text_MD = torch.cat([labels.text_MD[labels.class_M == number] for number in classes])
    class_M = torch.cat(
        [torch.full_like(labels.class_M[labels.class_M == number], place) for place, number in enumerate(classes)]
    )
    return Labels(tuple(labels.names[number] for number in classes), text_MD, class_M)
