"""Several texts of a class: the one that fits best counts, row by row, or each phrasing by itself."""

import pytest
import torch
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from zsstad_core.datasets.label_types import LabelTypes
from zsstad_core.methods.common.labels import Labels, Words, best_text, by_phrasing, one_text_labels


def labels_of(texts: list[int], width: int = 2) -> Labels:
    """Classes with so many texts each."""
    class_M = torch.arange(len(texts)).repeat_interleave(torch.tensor(texts, dtype=torch.long))
    return Labels(tuple(f"class {k}" for k in range(len(texts))), torch.ones(len(class_M), width), class_M)


def test_each_row_gets_the_greatest_logit_of_each_classs_texts() -> None:
    labels = labels_of([1, 3, 1])
    logits_NM = torch.tensor([[1.0, 2.0, -3.0, -1.0, 0.5], [-2.0, -4.0, 6.0, 2.0, -1.0]])
    assert best_text(logits_NM, labels).tolist() == [[1.0, 2.0, 0.5], [-2.0, 6.0, -1.0]]


@hypothesis_settings(max_examples=25)
@given(texts=st.lists(st.integers(1, 4), min_size=1, max_size=5), rows=st.integers(0, 4), seed=st.integers(0, 99))
def test_the_best_text_is_found_among_the_texts_of_the_class_alone(texts: list[int], rows: int, seed: int) -> None:
    labels = labels_of(texts)
    logits_NM = torch.randn(rows, sum(texts), generator=torch.Generator().manual_seed(seed)) - 5
    found_NK = best_text(logits_NM, labels)
    assert found_NK.shape == (rows, len(texts))
    for k in range(len(texts)):
        assert torch.equal(found_NK[:, k], logits_NM[:, labels.class_M == k].amax(1))


def test_with_one_text_each_the_logits_themselves_are_the_answer() -> None:
    labels, logits_NM = labels_of([1, 1, 1]), torch.randn(2, 3)
    assert labels.one_text_each
    assert best_text(logits_NM, labels) is logits_NM
    assert not labels_of([1, 2]).one_text_each


def test_a_gradient_reaches_the_best_text_and_no_other() -> None:
    logits_NM = torch.tensor([[1.0, 3.0, 2.0]], requires_grad=True)
    best_text(logits_NM, labels_of([1, 2])).sum().backward()
    assert logits_NM.grad is not None
    assert logits_NM.grad.tolist() == [[1.0, 1.0, 0.0]]


def test_the_first_texts_of_all_classes_are_a_phrasing_the_second_another() -> None:
    logits_NM = torch.arange(12.0).view(2, 6)
    assert by_phrasing(logits_NM, labels_of([2, 2, 2])).tolist() == [
        [[0.0, 2.0, 4.0], [1.0, 3.0, 5.0]],
        [[6.0, 8.0, 10.0], [7.0, 9.0, 11.0]],
    ]
    assert by_phrasing(logits_NM, labels_of([1] * 6)).tolist() == logits_NM[:, None].tolist()


def test_texts_that_are_no_phrasings_are_refused() -> None:
    with pytest.raises(ValueError, match="5 texts of 3 classes"):
        by_phrasing(torch.zeros(2, 5), labels_of([2, 2, 1]))


def test_labels_go_to_a_device_with_all_they_hold() -> None:
    types = LabelTypes(pose=(0,), object=(1,), person=())
    words = Words(torch.arange(2), torch.ones(2, 3, 4), torch.ones(2, 3, dtype=torch.long), torch.ones(2, 3, 5))
    plain = one_text_labels(["a", "b"], torch.ones(2, 4), types)
    moved = Labels(plain.names, plain.text_MD, plain.class_M, types, words).to("meta")
    assert moved.words is not None
    for tensor in (moved.text_MD, moved.class_M, *vars(moved.words).values()):
        assert tensor.device.type == "meta"
    assert (moved.names, moved.types) == (("a", "b"), types)
    assert plain.to("meta").words is None
