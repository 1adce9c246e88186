"""Of several texts of a label the one that fits counts, person by person."""

import torch
from zsstad_core.heads.base import Batch, Head
from zsstad_core.heads.best_phrasing import BestPhrasing, by_best_phrasing


class Echo(Head):
    """Logits: the first numbers of the texts' tokens, times the number of the person."""

    def forward(self, batch: Batch, text_KD: torch.Tensor) -> torch.Tensor:
        return batch.person_BPD[..., :1] * text_KD[:, 0]


def batch(*persons: float) -> Batch:
    person_BPD = torch.tensor(persons)[None, :, None]
    empty, none = torch.zeros(1, 0, 1), torch.zeros(1, 0, dtype=torch.bool)
    return Batch(person_BPD, torch.ones(1, len(persons), dtype=torch.bool), torch.zeros(1, 1), empty, none, empty, none)


def test_each_person_gets_the_greatest_logit_of_each_labels_texts() -> None:
    head = BestPhrasing(Echo(), [0, 1, 1, 2, 1])
    text_TD = torch.tensor([[1.0], [2.0], [-3.0], [0.5], [-1.0]])
    logits_BPK = head(batch(1.0, -2.0), text_TD)
    assert logits_BPK.tolist() == [[[1.0, 2.0, 0.5], [-2.0, 6.0, -1.0]]]


def test_with_one_text_each_the_head_itself_answers() -> None:
    head = Echo()
    assert by_best_phrasing(head, [0, 1, 2]) is head
    assert isinstance(by_best_phrasing(head, [0, 0, 1]), BestPhrasing)
