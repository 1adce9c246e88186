"""The labels that rows are compared with, and three ways to combine several texts of a class.

The first way, the mean of a class's text tokens, is taken when tokens are made (`extraction.phrasings`); a class has
one text then. The two other ways combine what a head computes for each text: `best_text` takes the best logit of a
class, and `by_phrasing` sorts logits by phrasing, so that a head can average over phrasings.

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

    class_M: int64, the class of each text. token_MLD: projected tokens of all L positions, float32. id_ML: token ids,
    int64. embedding_MLW: embeddings before positions are added, float32; W is the width of the text encoder.
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
    """K classes and the M texts that describe them.

    names: class names. text_MD: float32, the token of each text. class_M: int64, the class of each text, from 0, in
    ascending order; every class has a text. types: the type of action that each class is, where a person does several
    at once; None where a row has one class. words: None unless the method reads words.
    """

    names: tuple[str, ...]
    text_MD: Tensor
    class_M: Tensor
    types: LabelTypes | None = None
    words: Words | None = None

    @property
    def one_text_each(self) -> bool:
        """Whether each class has exactly one text, so that the logits of texts are the logits of classes."""
        return len(self.text_MD) == len(self.names)

    def to(self, device: torch.device | str) -> "Labels":
        words = None if self.words is None else self.words.to(device)
        return Labels(self.names, self.text_MD.to(device), self.class_M.to(device), self.types, words)


def one_text_labels(names: Sequence[str], text_KD: Tensor, types: LabelTypes | None = None) -> Labels:
    """Labels with one text a class."""
    return Labels(tuple(names), text_KD, torch.arange(len(names), device=text_KD.device), types)


def best_text(logits_NM: Tensor, labels: Labels) -> Tensor:
    """Logits [N, K] of the classes: for each class the greatest logit of its texts.

    A class with more texts has more chances of a high logit, so give all classes about the same number of texts.
    """
    if labels.one_text_each:
        return logits_NM
    lowest_NK = logits_NM.new_full((len(logits_NM), len(labels.names)), -torch.inf)
    best_NK: Tensor = lowest_NK.scatter_reduce(-1, labels.class_M.expand_as(logits_NM), logits_NM, "amax")
    return best_NK


def by_phrasing(logits_NM: Tensor, labels: Labels) -> Tensor:
    """Logits [N, P, K] of the classes under each of P phrasings.

    The first texts of all classes are one phrasing, the second texts another, and so on, as templates make them. The
    texts of a class stand together, and all classes have P texts. Raises ValueError where M is not a multiple of K.
    """
    texts, classes = logits_NM.shape[1], len(labels.names)
    if texts % classes:
        raise ValueError(f"{texts} texts of {classes} classes: not as many of each, so the texts are not phrasings")
    return logits_NM.view(len(logits_NM), classes, texts // classes).transpose(1, 2)
