"""The loss of rows of several actions, against a plain written-out version and by hand."""

import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from torch import Tensor

from zsstad_core.datasets.label_types import LabelTypes
from zsstad_core.methods.common.losses import ava_loss, focal, sigmoid_focal
from zsstad_core.settings.training import Training

AVA = Training(loss="ava")
TYPES = LabelTypes(pose=(4, 0, 2), object=(1, 5), person=(3,))


def written_out(logits_NK: Tensor, label_NK: Tensor, types: LabelTypes, settings: Training) -> float:
    """One row after the other, one class after the other, in plain numbers."""
    total = 0.0
    for row, does in zip(logits_NK.tolist(), label_NK.tolist(), strict=True):
        poses = [k for k in types.pose if does[k]]
        if poses:
            p = math.exp(row[poses[0]]) / sum(math.exp(row[k]) for k in types.pose)
            total += settings.pose_weight * -((1 - p) ** settings.focal_gamma) * math.log(p)
        for kind, weight in ((types.object, settings.object_weight), (types.person, settings.person_weight)):
            for k in kind:
                p = 1 / (1 + math.exp(-row[k]))
                right = p if does[k] else 1 - p
                total += weight * -((1 - right) ** settings.focal_gamma) * math.log(right)
    return total / max(len(logits_NK), 1)


def random_case(seed: int, sure: float = 3.0) -> tuple[Tensor, Tensor]:
    """Logits and labels, both [N, K]."""
    generator = torch.Generator().manual_seed(seed)
    logits_NK = torch.randn(9, 6, generator=generator) * sure
    return logits_NK, torch.rand(9, 6, generator=generator) < 0.3


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(
    "changes",
    [{}, {"focal_gamma": 0.0}, {"pose_weight": 1.0, "object_weight": 0.3, "person_weight": 2.5, "focal_gamma": 1.5}],
)
@pytest.mark.parametrize(
    "types",
    [TYPES, LabelTypes((), (0, 1, 2), (3, 4, 5)), LabelTypes((0, 1, 2, 3, 4, 5), (), ()), LabelTypes((3,), (), (1,))],
)
def test_the_loss_is_the_formula_row_by_row(seed: int, changes: dict[str, float], types: LabelTypes):
    case, settings = random_case(seed), Training(loss="ava", **changes)
    assert ava_loss(*case, types, settings).item() == pytest.approx(written_out(*case, types, settings), rel=1e-5)


def test_golden_numbers_by_hand():
    """Two poses with equal logits; an object that is done, at logit 0; a person class that is not, at p = 0.75."""
    logits = torch.tensor([[1.0, 1.0, 0.0, math.log(3)]])
    labels = torch.tensor([[False, True, True, False]])
    types = LabelTypes(pose=(0, 1), object=(2,), person=(3,))
    pose = 0.25 * math.log(2)  # (1 - 1/2)^2 log 2
    thing, other = 0.25 * math.log(2), 0.5625 * math.log(4)  # (3/4)^2 log 4
    assert ava_loss(logits, labels, types, AVA).item() == pytest.approx(1.2 * pose + thing + other, rel=1e-6)
    assert 1.2 * pose + thing + other == pytest.approx(1.675 * math.log(2), rel=1e-12)


def test_one_pose_and_nothing_else_is_the_softmax_focal_loss():
    logits_NK, _ = random_case(1)
    class_N = torch.randint(0, 6, (len(logits_NK),), generator=torch.Generator().manual_seed(2))
    types, settings = LabelTypes(tuple(range(6)), (), ()), Training(loss="ava", pose_weight=1.0)
    wanted = focal(logits_NK, class_N, 2.0).mean()
    torch.testing.assert_close(ava_loss(logits_NK, F.one_hot(class_N, 6).bool(), types, settings), wanted)


def test_more_classes_of_a_type_weigh_more():
    """A sum over the classes, not a mean: the same class twice counts twice."""
    once = ava_loss(torch.tensor([[0.7]]), torch.tensor([[True]]), LabelTypes((), (0,), ()), AVA)
    twice = ava_loss(torch.tensor([[0.7, 0.7]]), torch.tensor([[True, True]]), LabelTypes((), (0, 1), ()), AVA)
    torch.testing.assert_close(twice, 2 * once)


def test_a_row_without_a_pose_teaches_no_pose():
    logits_NK, label_NK = random_case(3)
    label_NK[:, list(TYPES.pose)] = False
    logits_NK.requires_grad_()
    ava_loss(logits_NK, label_NK, TYPES, AVA).backward()
    assert logits_NK.grad is not None
    assert not logits_NK.grad[:, list(TYPES.pose)].any()
    assert logits_NK.grad[:, [1, 3, 5]].all()


@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0])
def test_every_row_weighs_the_same_wherever_it_stands(gamma: float):
    (logits_NK, label_NK), settings = random_case(4), Training(loss="ava", focal_gamma=gamma)
    order_N = torch.randperm(len(logits_NK), generator=torch.Generator().manual_seed(0))
    alone = [ava_loss(logits_NK[[n]], label_NK[[n]], TYPES, settings) for n in order_N.tolist()]
    torch.testing.assert_close(ava_loss(logits_NK, label_NK, TYPES, settings), torch.stack(alone).mean())


def test_a_batch_without_a_row_moves_nothing():
    logits_NK, label_NK = random_case(5)
    weight = torch.ones(6, requires_grad=True)
    nothing = ava_loss(logits_NK[:0] * weight, label_NK[:0], TYPES, AVA)
    nothing.backward()
    assert nothing.item() == 0
    assert weight.grad is not None
    assert not weight.grad.any()


def test_half_precision_logits_give_a_float32_loss():
    logits_NK, label_NK = random_case(6)
    assert ava_loss(logits_NK.bfloat16(), label_NK, TYPES, AVA).dtype == torch.float32


# ---- the sigmoid focal loss


@hypothesis_settings(max_examples=30)
@given(st.lists(st.tuples(st.floats(-40, 40, width=32), st.booleans()), min_size=1, max_size=6))
def test_sigmoid_focal_without_gamma_is_binary_cross_entropy(cells: list[tuple[float, bool]]):
    logits_NK = torch.tensor([[logit for logit, _ in cells]], requires_grad=True)
    label_NK = torch.tensor([[label for _, label in cells]])
    ours = sigmoid_focal(logits_NK, label_NK, 0.0).sum()
    theirs = F.binary_cross_entropy_with_logits(logits_NK, label_NK.float(), reduction="sum")
    torch.testing.assert_close(ours, theirs)
    torch.testing.assert_close(torch.autograd.grad(ours, logits_NK), torch.autograd.grad(theirs, logits_NK))


@pytest.mark.parametrize("gamma", [0.0, 0.5, 1.0, 2.0, 5.0])
def test_certain_scores_right_or_wrong_leave_finite_gradients(gamma: float):
    logits_NK = torch.tensor([[200.0, -200.0, 200.0, -200.0, 0.0]], requires_grad=True)
    values_NK = sigmoid_focal(logits_NK, torch.tensor([[True, True, False, False, True]]), gamma)
    values_NK.sum().backward()
    assert logits_NK.grad is not None
    assert logits_NK.grad.isfinite().all()
    assert values_NK[0, :4].tolist() == pytest.approx([0, 200, 200, 0])


@pytest.mark.parametrize("gamma", [0.5, 2.0])
def test_the_gradient_is_the_derivative(gamma: float):
    logits_NK = (torch.randn(4, 3, generator=torch.Generator().manual_seed(0)).double() * 2).requires_grad_()
    label_NK = torch.rand(4, 3, generator=torch.Generator().manual_seed(1)) < 0.5
    assert torch.autograd.gradcheck(lambda x: sigmoid_focal(x, label_NK, gamma), logits_NK)
