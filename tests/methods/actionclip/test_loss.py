"""The loss among the clips of a batch, against the official one written out; and the one over all seen classes."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.methods.actionclip import plain
from tests.methods.clip_contract import CLASSES, WIDTH
from tests.methods.made_clips import made_batch, made_labels
from zsstad_core.datasets.label_types import LabelTypes
from zsstad_core.methods.actionclip.loss import batch_loss, draw_texts
from zsstad_core.methods.actionclip.model import ActionClip
from zsstad_core.methods.actionclip.settings import Actionclip
from zsstad_core.methods.common.losses import ava_loss, classification_loss
from zsstad_core.settings.training import Training


def made_logits(clips: int, texts: int, seed: int = 0) -> torch.Tensor:
    logits_NM: torch.Tensor = 5 * torch.randn(clips, texts, generator=torch.Generator().manual_seed(seed))
    return logits_NM


@settings(max_examples=30)
@given(st.lists(st.integers(0, CLASSES - 1), min_size=1, max_size=8), st.integers(1, 16), st.integers(0, 99))
def test_the_loss_is_the_official_one(classes: list[int], phrasings: int, seed: int) -> None:
    labels, class_N = made_labels(WIDTH, CLASSES, phrasings), torch.tensor(classes)
    logits_NM = made_logits(len(classes), CLASSES * phrasings, seed)
    torch.manual_seed(seed)
    found = batch_loss(logits_NM, class_N, labels)
    torch.manual_seed(seed)
    text_N = draw_texts(class_N, labels)
    wanted = plain.batch_loss(logits_NM[:, text_N].double(), classes)
    torch.testing.assert_close(found.double(), wanted, rtol=1e-5, atol=1e-5)


def test_a_perfect_batch_has_no_loss() -> None:
    """Two clips of one class share their target: logits that are the target's own give 0, other ones do not."""
    labels, class_N = made_labels(WIDTH, CLASSES, 1), torch.tensor([1, 1, 3])
    same_NN = (class_N[:, None] == class_N).float()
    logits_NM = torch.zeros(3, CLASSES)
    logits_NM[:, 1], logits_NM[:, 3] = 10 * same_NN[:, 0], 10 * same_NN[:, 2]
    assert batch_loss(logits_NM, class_N, labels).item() == pytest.approx(0, abs=1e-6)
    logits_NM[0, 1] = -10.0
    assert batch_loss(logits_NM, class_N, labels) > 1


def test_with_eight_classes_the_target_lies_on_the_diagonal() -> None:
    """Each clip's own text as far ahead as can be: what is left is what the target gives the seven others."""
    labels, class_N = made_labels(WIDTH, 8, 1), torch.arange(8)
    share = torch.tensor([10.0] + [0.0] * 7, dtype=torch.float64).softmax(0)
    assert share[0].item() == pytest.approx(0.9997, abs=5e-5)
    logits_NM = 20 * torch.eye(8)
    left = (share * (share.log() - torch.tensor([20.0] + [0.0] * 7, dtype=torch.float64).log_softmax(0))).sum()
    assert batch_loss(logits_NM, class_N, labels).item() == pytest.approx(left.item(), rel=1e-3)


def test_texts_are_drawn_of_the_clips_own_classes_and_all_of_them_are() -> None:
    labels, class_N = made_labels(WIDTH, CLASSES, 16), torch.arange(CLASSES).repeat(1_000)
    torch.manual_seed(0)
    text_N = draw_texts(class_N, labels)
    assert torch.equal(labels.class_M[text_N], class_N)
    counts_M = text_N.bincount(minlength=CLASSES * 16)
    assert (counts_M - 1_000 / 16).abs().max() < 5 * (1_000 / 16) ** 0.5
    of_one_step = text_N[:CLASSES] % 16
    assert len(set(of_one_step.tolist())) > 1  # a phrasing for each clip, not for the step


def test_what_is_drawn_follows_torchs_random_numbers() -> None:
    labels, class_N = made_labels(WIDTH, CLASSES, 16), torch.arange(CLASSES)
    draws = []
    for seed in (1, 2, 1):
        torch.manual_seed(seed)
        draws.append(draw_texts(class_N, labels).tolist())
    assert draws[0] == draws[2] != draws[1]


def test_among_all_classes_the_mean_logit_of_a_class_has_the_loss_of_all_heads() -> None:
    labels, class_N = made_labels(WIDTH, CLASSES, 3), torch.tensor([2, 0])
    head, batch = ActionClip(Actionclip(loss="classes"), WIDTH, seed=2), made_batch(WIDTH, [8, 8])
    logits_NM = made_logits(2, CLASSES * 3)
    mean_NK = torch.stack([logits_NM[:, 3 * number : 3 * number + 3].mean(1) for number in range(CLASSES)], 1)
    found = head.loss(logits_NM, class_N, labels, batch, Training())
    torch.testing.assert_close(found, classification_loss(mean_NK, class_N, Training()))


def test_among_all_classes_a_clip_may_show_several_actions() -> None:
    types = LabelTypes(pose=(0, 2), object=(1,), person=(3,))
    labels = made_labels(WIDTH, CLASSES, 3, types)
    head, batch = ActionClip(Actionclip(loss="classes"), WIDTH, seed=2), made_batch(WIDTH, [8, 8])
    logits_NM, settings_ = made_logits(2, CLASSES * 3), Training(loss="ava")
    shown_NK = torch.tensor([[True, True, False, False], [False, False, True, True]])
    mean_NK = torch.stack([logits_NM[:, 3 * number : 3 * number + 3].mean(1) for number in range(CLASSES)], 1)
    found = head.loss(logits_NM, shown_NK, labels, batch, settings_)
    torch.testing.assert_close(found, ava_loss(mean_NK, shown_NK, types, settings_))


@pytest.mark.parametrize("loss", ["batch", "classes"])
def test_a_few_steps_teach_the_head_its_clips(loss: str) -> None:
    """SGD at the published rate of learning without warm-up: the right class of each clip comes first."""
    own = Actionclip.model_validate({"loss": loss, "layers": 2})
    head, labels = ActionClip(own, WIDTH, seed=2), made_labels(WIDTH, CLASSES, 4)
    batch, class_N = made_batch(WIDTH, [8] * 8), torch.arange(8) % CLASSES
    settings_ = Training(loss="cross_entropy")
    optimiser = torch.optim.SGD(head.parameter_groups(2e-3, settings_), momentum=0.9)
    before = head.probabilities(head(batch, labels), labels).argmax(1)
    for step in range(150):
        torch.manual_seed(step)
        optimiser.zero_grad()
        head.loss(head(batch, labels), class_N, labels, batch, settings_).backward()
        optimiser.step()
    after = head.probabilities(head(batch, labels), labels).argmax(1)
    assert (before == class_N).sum() < 8
    assert torch.equal(after, class_N)
