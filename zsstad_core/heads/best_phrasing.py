"""Several texts of a class, of which the one that fits a person best counts.

Shapes: B frames, P persons, T texts, K classes, D token width.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from zsstad_core.heads.base import Batch, Head


class BestPhrasing(Head):
    """Logits [B, P, K] of a head that is asked for texts: of each class the greatest of its texts' [B, P, T].

    class_T: the class of each text, from 0; every class has one. A class with more texts has more chances, so give all
    about as many.
    """

    class_T: Tensor

    def __init__(self, head: Head, class_T: Sequence[int]) -> None:
        super().__init__()
        self.head = head
        self.register_buffer("class_T", torch.tensor(class_T, dtype=torch.int64), persistent=False)
        self.classes = max(class_T) + 1

    def forward(self, batch: Batch, text_KD: Tensor) -> Tensor:
        logits_BPT = self.head(batch, text_KD)
        lowest_BPK = logits_BPT.new_full((*logits_BPT.shape[:-1], self.classes), -torch.inf)
        best_BPK: Tensor = lowest_BPK.scatter_reduce(-1, self.class_T.expand_as(logits_BPT), logits_BPT, "amax")
        return best_BPK


def by_best_phrasing(head: Head, class_T: Sequence[int]) -> Head:
    """The head itself where each class has one text, in order; else as `BestPhrasing`."""
    return head if list(class_T) == [*range(len(class_T))] else BestPhrasing(head, class_T)
