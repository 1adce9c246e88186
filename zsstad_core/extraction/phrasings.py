"""Combine the tokens of several texts of a class into one token."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def combine_phrasings(tokens: NDArray[np.float32], texts: Sequence[str | Sequence[str]]) -> NDArray[np.float32]:
    """Tokens float32 [K, D] of K classes from the tokens [T, D] of all their texts, in order; T >= K.

    The direction is that of CLIP's prompt ensembles (openai/CLIP, zero-shot ImageNet): the mean of the texts' tokens,
    each scaled to length 1. The length is the mean length of the texts' tokens, where CLIP makes it 1: so a class with
    one text keeps its token to the last bit, and a head that adds to tokens finds similar lengths in all classes.
    """
    of_classes, start = [], 0
    for text in texts:
        count = 1 if isinstance(text, str) else len(text)
        own_TD = tokens[start : start + count]
        start += count
        of_classes.append(own_TD[0] if count == 1 else _mean(own_TD))
    return np.stack(of_classes)


def flat(texts: Sequence[str | Sequence[str]]) -> list[str]:
    """All texts of all classes, in order."""
    return [one for text in texts for one in ([text] if isinstance(text, str) else text)]


def _mean(tokens_TD: NDArray[np.float32]) -> NDArray[np.float32]:
    length_T1 = np.linalg.norm(tokens_TD.astype(np.float64), axis=1, keepdims=True)
    mean_D = (tokens_TD / length_T1).mean(0)
    return (mean_D / np.linalg.norm(mean_D) * length_T1.mean()).astype(np.float32)
