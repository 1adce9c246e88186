import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from zsstad_core.methods.common.losses import classification_loss, focal
from zsstad_core.settings.training import Training

FOCAL, PLAIN = Training(), Training(loss="cross_entropy")
GENERATOR = torch.Generator().manual_seed(0)
LOGITS_NK = torch.randn(4, 5, generator=GENERATOR) * 3
CLASS_N = torch.randint(0, 5, (4,), generator=GENERATOR)


def test_focal_is_the_formula_averaged_over_rows() -> None:
    terms = []
    for logits, label in zip(LOGITS_NK.tolist(), CLASS_N.tolist(), strict=True):
        p = math.exp(logits[label]) / sum(map(math.exp, logits))
        terms.append(-((1 - p) ** 2) * math.log(p))
    assert classification_loss(LOGITS_NK, CLASS_N, FOCAL).item() == pytest.approx(sum(terms) / 4, rel=1e-5)


def test_cross_entropy_ignores_the_focal_exponent() -> None:
    wanted = F.cross_entropy(LOGITS_NK, CLASS_N)
    torch.testing.assert_close(classification_loss(LOGITS_NK, CLASS_N, PLAIN), wanted)


@hypothesis_settings(max_examples=30)
@given(st.lists(st.floats(-40, 40, width=32), min_size=2, max_size=6), st.integers(0, 5))
def test_focal_without_gamma_is_cross_entropy_in_value_and_gradient(row: list[float], label: int) -> None:
    logits_NK = torch.tensor([row], requires_grad=True)
    label_N = torch.tensor([label % len(row)])
    ours, theirs = focal(logits_NK, label_N, 0.0).sum(), F.cross_entropy(logits_NK, label_N)
    torch.testing.assert_close(ours, theirs)
    torch.testing.assert_close(torch.autograd.grad(ours, logits_NK), torch.autograd.grad(theirs, logits_NK))


@pytest.mark.parametrize("gamma", [0.0, 0.5, 1.0, 2.0, 5.0])
def test_certain_scores_right_or_wrong_leave_finite_gradients(gamma: float) -> None:
    logits_NK = torch.tensor([[200.0, -200.0], [200.0, -200.0], [28.0, 0.0], [0.0, 0.0]], requires_grad=True)
    values = focal(logits_NK, torch.tensor([0, 1, 0, 0]), gamma)
    values.sum().backward()
    assert values.isfinite().all()
    assert logits_NK.grad is not None
    assert logits_NK.grad.isfinite().all()
    assert values[0] == 0
    assert values[1].item() == pytest.approx(400)


@pytest.mark.parametrize("gamma", [0.5, 2.0])
def test_focal_gradient_is_the_derivative(gamma: float) -> None:
    logits_NK = (torch.randn(4, 3).double() * 2).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: focal(x, torch.tensor([0, 1, 2, 0]), gamma), logits_NK)


@pytest.mark.parametrize("training", [FOCAL, PLAIN])
def test_every_row_weighs_the_same_wherever_it_stands(training: Training) -> None:
    alone = [classification_loss(LOGITS_NK[[n]], CLASS_N[[n]], training) for n in (2, 0, 3, 1)]
    together = classification_loss(LOGITS_NK, CLASS_N, training)
    torch.testing.assert_close(together, torch.stack(alone).mean())


@pytest.mark.parametrize("training", [FOCAL, PLAIN])
def test_a_batch_without_a_row_moves_nothing(training: Training) -> None:
    weight = torch.ones(5, requires_grad=True)
    nothing = classification_loss(LOGITS_NK[:0] * weight, CLASS_N[:0], training)
    nothing.backward()
    assert nothing.item() == 0
    assert weight.grad is not None
    assert not weight.grad.any()


def test_half_precision_logits_give_a_float32_loss() -> None:
    assert classification_loss(LOGITS_NK.bfloat16(), CLASS_N, FOCAL).dtype == torch.float32
