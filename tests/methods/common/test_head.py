"""What a head does where it does not say otherwise: the loss of the settings, probabilities, cosines, one group."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tests.methods.made_clips import made_labels
from tests.methods.made_frames import made_frames
from zsstad_core.datasets.label_types import LabelTypes
from zsstad_core.methods.common.features import Batch
from zsstad_core.methods.common.head import Head, class_probabilities
from zsstad_core.methods.common.labels import Labels
from zsstad_core.methods.common.losses import ava_loss, classification_loss
from zsstad_core.settings.training import Training

TYPES = LabelTypes(pose=(0, 2), object=(1, 4), person=(3,))
LOGITS_NK = torch.randn(3, 5, generator=torch.Generator().manual_seed(0)) * 4
BATCH = made_frames(4, [2, 1], [0, 0], [0.0, 0.0], times=0)


class Plain(Head[Any]):
    """A head that says nothing but its logits and its temperature."""

    temperature = 0.5

    def __init__(self) -> None:
        super().__init__()
        self.weight_D = nn.Parameter(torch.ones(4))

    def forward(self, batch: Batch[Any], labels: Labels) -> Tensor:
        return (batch.features.person_ND * self.weight_D) @ labels.text_MD.T


def test_the_loss_is_that_of_the_settings() -> None:
    labels, class_N = made_labels(4, 5, 1), torch.tensor([4, 0, 2])
    for settings in (Training(), Training(loss="cross_entropy"), Training(focal_gamma=0.5)):
        found = Plain().loss(LOGITS_NK, class_N, labels, BATCH, settings)
        assert torch.equal(found, classification_loss(LOGITS_NK, class_N, settings))


def test_where_persons_do_several_actions_the_loss_is_that_of_their_types() -> None:
    labels, does_NK = made_labels(4, 5, 1, TYPES), LOGITS_NK > 0
    settings = Training(loss="ava", pose_weight=3.0)
    found = Plain().loss(LOGITS_NK, does_NK, labels, BATCH, settings)
    assert torch.equal(found, ava_loss(LOGITS_NK, does_NK, TYPES, settings))


@pytest.mark.parametrize("types", [None, TYPES])
def test_probabilities_and_cosines_are_of_the_text_of_a_class_that_fits_best(types: LabelTypes | None) -> None:
    labels = made_labels(4, 5, 3, types)
    logits_NM = Plain()(BATCH, labels)
    best_NK = logits_NM.view(3, 5, 3).amax(2)
    assert torch.equal(Plain().probabilities(logits_NM, labels), class_probabilities(best_NK, types))
    assert torch.equal(Plain().similarity(logits_NM, labels), best_NK.double() * 0.5)


def test_of_one_action_a_row_probabilities_are_a_softmax_in_double_precision() -> None:
    found_NK = class_probabilities(LOGITS_NK, None)
    assert found_NK.dtype == torch.float64
    exp = np.exp(LOGITS_NK.numpy().astype(np.float64))
    np.testing.assert_allclose(found_NK, exp / exp.sum(-1, keepdims=True), rtol=1e-12)


def test_of_several_they_are_a_softmax_of_poses_and_a_sigmoid_of_each_other_class() -> None:
    found_NK = class_probabilities(LOGITS_NK, TYPES)
    assert found_NK.dtype == torch.float64
    logits = LOGITS_NK.numpy().astype(np.float64)
    np.testing.assert_allclose(found_NK[:, [1, 3, 4]], 1 / (1 + np.exp(-logits[:, [1, 3, 4]])), rtol=1e-12)
    exp = np.exp(logits[:, [0, 2]])
    np.testing.assert_allclose(found_NK[:, [0, 2]], exp / exp.sum(-1, keepdims=True), rtol=1e-12)


def test_labels_without_a_pose_are_sigmoids_alone() -> None:
    found_NK = class_probabilities(LOGITS_NK, LabelTypes(pose=(), object=(0, 1, 2), person=(3, 4)))
    torch.testing.assert_close(found_NK, LOGITS_NK.double().sigmoid())


@pytest.mark.parametrize("bad", [torch.nan, torch.inf, -torch.inf])
@pytest.mark.parametrize("place", range(5))
def test_a_logit_that_is_not_finite_is_no_probability(bad: float, place: int) -> None:
    logits_NK = LOGITS_NK.clone()
    logits_NK[1, place] = bad
    found_NK = class_probabilities(logits_NK, TYPES)
    assert found_NK[1, place].isnan()
    assert found_NK[[0, 2]].isfinite().all()


def test_all_parameters_are_one_group_with_the_rate_and_decay_of_the_settings() -> None:
    head = Plain()
    (group,) = head.parameter_groups(0.25, Training(weight_decay=0.125))
    assert group == {"params": [head.weight_D], "lr": 0.25, "weight_decay": 0.125}
