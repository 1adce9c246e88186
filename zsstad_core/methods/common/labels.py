"""The labels that rows are compared with, and three ways to make several texts of a class count as one.

The first, the mean of a class's text tokens, is taken when tokens are made (`extraction.phrasings`): a class has one
text then. The others work on what a head makes of each text: `best_text`, or what it makes `by_phrasing`, of which a
head takes the mean.

Shapes: N rows, M texts, K classes, P phrasings, D token width.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from zsstad_core.datasets.label_types import LabelTypes


@dataclass(frozen=True)
class Words:
    """Texts of the classes word by word, for methods that read words or run the text encoder (`frozen.words`).

    class_M: int64, the class that each text belongs to. token_MLD: projected tokens of all L positions, float32.
    id_ML: token ids, int64. embedding_MLW: embeddings before positions are added, float32, W the width of the text
    encoder.
    """

    class_M: Tensor
    token_MLD: Tensor
    id_ML: Tensor
    embedding_MLW: Tensor

    def to(self, device: torch.device | str) -> "Words":
        parts = (self.class_M, self.token_MLD, self.id_ML, self.embedding_MLW)
        return Words(*(part.to(device) for part in parts))


@dataclass(frozen=True)
class Labels:
    """K classes and the M texts that stand for them.

    names: class names. text_MD: float32, the token of each text. class_M: int64, the class that each text belongs to,
    from 0, rising; every class has one. types: what kind of action each class is, where a person does several at once;
    None where a row is of one class. words: only where a method reads them.
    """

    names: tuple[str, ...]
    text_MD: Tensor
    class_M: Tensor
    types: LabelTypes | None = None
    words: Words | None = None

    @property
    def one_text_each(self) -> bool:
        """Whether each class has one text, so that what is made of texts is made of classes."""
        return len(self.text_MD) == len(self.names)

    def to(self, device: torch.device | str) -> "Labels":
        words = None if self.words is None else self.words.to(device)
        return Labels(self.names, self.text_MD.to(device), self.class_M.to(device), self.types, words)


def one_text_labels(names: Sequence[str], text_KD: Tensor, types: LabelTypes | None = None) -> Labels:
    """Labels with one text a class."""
    return Labels(tuple(names), text_KD, torch.arange(len(names), device=text_KD.device), types)


def best_text(logits_NM: Tensor, labels: Labels) -> Tensor:
    """Logits [N, K] of the classes: of each the greatest of its texts'.

    A class with more texts has more chances, so give all about as many.
    """
    if labels.one_text_each:
        return logits_NM
    lowest_NK = logits_NM.new_full((len(logits_NM), len(labels.names)), -torch.inf)
    best_NK: Tensor = lowest_NK.scatter_reduce(-1, labels.class_M.expand_as(logits_NM), logits_NM, "amax")
    return best_NK


def by_phrasing(logits_NM: Tensor, labels: Labels) -> Tensor:
    """Logits [N, P, K] of the classes under each of P phrasings.

    The first texts of all classes are a phrasing, the second ones another, and so on, as templates make them; the texts
    of a class stand together, and all classes have P of them. Raises ValueError where M is not P K.
    """
    texts, classes = logits_NM.shape[1], len(labels.names)
    if texts % classes:
        raise ValueError(f"{texts} texts of {classes} classes: not as many of each, so the texts are not phrasings")
    return logits_NM.view(len(logits_NM), classes, texts // classes).transpose(1, 2)
