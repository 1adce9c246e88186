"""Reads the texts of classes from the cache, with their tokens, for training and scoring."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from zsstad_core.cache.tokens import read_tokens
from zsstad_core.datasets.label_types import label_types
from zsstad_core.extraction.words import read_words
from zsstad_core.methods.common.labels import Labels, Words, one_text_labels
from zsstad_core.plan.plan import Plan


def training_labels(plan: Plan) -> Labels:
    """The seen classes of the label split: one text each, or all phrasings where the method reads phrasings."""
    return _phrasings(plan, plan.split.seen) if "phrasings" in plan.reads.texts else _means(plan, plan.split.seen)


def scoring_labels(plan: Plan, class_names: Sequence[str]) -> Labels:
    """Labels of some classes of the dataset, in the order given.

    A class has one text, or all its texts where the method reads phrasings or the best text counts
    (`encoder.phrasings`).
    """
    return _means(plan, class_names) if plan.phrasings is None else _phrasings(plan, class_names)


def _means(plan: Plan, class_names: Sequence[str]) -> Labels:
    rows = [plan.dataset.classes.index(name) for name in class_names]
    tokens = read_tokens(plan.text.whole_unit())[rows].astype(np.float32)
    types = label_types(class_names, plan.dataset.class_types)
    return replace(one_text_labels(class_names, torch.from_numpy(tokens), types), words=_words(plan, class_names))


def _phrasings(plan: Plan, class_names: Sequence[str]) -> Labels:
    assert plan.phrasings is not None
    rows, class_M = _texts_of(plan, class_names)
    tokens = read_tokens(plan.phrasings.whole_unit())[rows].astype(np.float32)
    types = label_types(class_names, plan.dataset.class_types)
    return Labels(tuple(class_names), torch.from_numpy(tokens), class_M, types, _words(plan, class_names))


def _words(plan: Plan, class_names: Sequence[str]) -> Words | None:
    """All texts of some classes word by word; None where the method does not read words."""
    if plan.words is None:
        return None
    rows, class_M = _texts_of(plan, class_names)
    words = (torch.from_numpy(array[rows]) for array in read_words(plan.words.whole_unit()))
    return Words(class_M, *words)


def _texts_of(plan: Plan, class_names: Sequence[str]) -> tuple[list[int], Tensor]:
    """Rows of the texts of some classes among the texts of all, class after class, and the class of each text, [M]."""
    class_of = [name for name, texts in plan.phrasings_of_classes.items() for _ in texts]
    rows = [row for name in class_names for row, other in enumerate(class_of) if other == name]
    return rows, torch.tensor([class_names.index(class_of[row]) for row in rows], dtype=torch.int64)
