"""What a training does besides its weights: learning rates, messages, and the process it leaves behind."""

import math
import multiprocessing
import random
import resource
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch import Tensor, nn

from tests.learning.made_tokens import CLASSES, WIDTH, labels_of, made, training
from tests.learning.runs import run
from zsstad_core.cache.token_kinds import TokenKind
from zsstad_core.errors import DataError, SettingsError, UserError
from zsstad_core.learning.order import SampleOrder
from zsstad_core.learning.train import train
from zsstad_core.methods.common.features import Batch, FrameTokens
from zsstad_core.methods.common.head import Head
from zsstad_core.methods.common.labels import Labels
from zsstad_core.methods.contract import Reads

LABELS = labels_of(torch.eye(CLASSES, WIDTH))


class Scale(Head[FrameTokens]):
    """Scales each token dimension; `break_at` makes the scores of one call NaN."""

    def __init__(self, break_at: int = 0) -> None:
        super().__init__()
        self.scale_D = nn.Parameter(torch.ones(WIDTH))
        self.shift_K = nn.Parameter(torch.zeros(CLASSES))
        self.calls, self.break_at = 0, break_at

    def forward(self, batch: Batch[FrameTokens], labels: Labels) -> Tensor:
        self.calls += 1
        logits = (batch.features.person_ND * self.scale_D) @ labels.text_MD.T + self.shift_K
        return logits * math.nan if self.calls == self.break_at else logits

    def parameter_groups(self, lr: float, settings: Any) -> list[dict[str, Any]]:
        return [
            {"name": "weights", "params": [self.scale_D], "lr": lr, "weight_decay": settings.weight_decay},
            {"name": "biases", "params": [self.shift_K], "lr": 3 * lr, "weight_decay": 0.0},
        ]


def train_scale(work_dir: Path, head: Scale | None = None, log: Any = lambda line: None, **changes: Any) -> Any:
    bank = made(1).bank(Reads((TokenKind.person,)))
    return train(head or Scale(), bank, LABELS, training(**changes), work_dir, log)


def gradients_of(head: Scale) -> list[Tensor]:
    """Of the cross-entropy of the first batch."""
    bank = made(1).bank(Reads((TokenKind.person,)))
    gathered = bank.gather(SampleOrder(len(bank.samples), 4, training().seed).batch(0))
    nn.functional.cross_entropy(head(gathered.batch, LABELS), gathered.target).backward()
    return [weight.grad for weight in (head.scale_D, head.shift_K)]


def points(work_dir: Path, tag: str) -> list[float]:
    events = EventAccumulator(str(work_dir / "log"))
    events.Reload()
    return [event.value for event in events.Scalars(tag)]


@pytest.mark.parametrize("warmup", [0, 1, 4, 12])
def test_each_group_climbs_to_its_own_learning_rate(warmup: int, tmp_path: Path) -> None:
    train_scale(tmp_path, warmup=warmup, log_every=1, lr=0.5, warmup_factor=0.25)
    share = [min(0.25 + 0.75 * i / warmup, 1) if warmup else 1 for i in range(12)]
    assert points(tmp_path, "lr/weights") == pytest.approx([0.5 * s for s in share], rel=1e-6)
    assert points(tmp_path, "lr/biases") == pytest.approx([1.5 * s for s in share], rel=1e-6)


def test_a_step_is_plain_sgd_at_the_logged_rate(tmp_path: Path) -> None:
    head, gradients = Scale(), gradients_of(Scale())
    changes = {"iterations": 1, "warmup": 1, "lr": 0.5, "loss": "cross_entropy"}
    train_scale(tmp_path, head, **changes)
    torch.testing.assert_close(head.scale_D, 1 - 0.25 * 0.5 * (gradients[0] + 1e-7))
    torch.testing.assert_close(head.shift_K, -0.25 * 1.5 * gradients[1])


def test_adamw_takes_the_rates_and_the_weight_decay_of_each_group(tmp_path: Path) -> None:
    """The first step by hand: a weight moves by its rate against the gradient's sign, and shrinks where it decays."""
    head = Scale()
    changes = {"iterations": 1, "warmup": 0, "lr": 0.01, "loss": "cross_entropy", "weight_decay": 0.5}
    train_scale(tmp_path, head, optimiser="adamw", **changes)
    gradients = gradients_of(Scale())
    torch.testing.assert_close(head.scale_D, 1 - 0.01 * 0.5 - 0.01 * gradients[0].sign(), rtol=0, atol=1e-4)
    torch.testing.assert_close(head.shift_K, -0.03 * gradients[1].sign(), rtol=0, atol=1e-4)


@pytest.mark.parametrize("name", ["beta1", "beta2"])
def test_adamw_takes_its_betas(name: str, tmp_path: Path) -> None:
    changes = {"iterations": 3, "optimiser": "adamw", "warmup": 0}
    usual, other = Scale(), Scale()
    train_scale(tmp_path / "usual", usual, **changes)
    train_scale(tmp_path / "other", other, **changes, **{name: 0.5})
    assert not torch.equal(usual.scale_D, other.scale_D)


@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_a_gradient_that_is_too_long_is_scaled_down_to_the_limit(factor: float, tmp_path: Path) -> None:
    """Of all weights together; a shorter one stays as it is."""
    head, gradients = Scale(), gradients_of(Scale())
    norm = math.sqrt(sum(float(gradient.square().sum()) for gradient in gradients))
    changes = {"iterations": 1, "warmup": 0, "lr": 0.5, "loss": "cross_entropy", "weight_decay": 0.0}
    train_scale(tmp_path, head, clip_norm=factor * norm, **changes)
    torch.testing.assert_close(head.scale_D, 1 - 0.5 * min(factor, 1) * gradients[0])
    torch.testing.assert_close(head.shift_K, -1.5 * min(factor, 1) * gradients[1])


def test_the_learning_rate_falls_along_a_cosine_where_it_is_asked_to(tmp_path: Path) -> None:
    train_scale(tmp_path, warmup=2, schedule="cosine", final_lr_factor=0.1, log_every=1, lr=0.5, warmup_factor=0.25)
    fall = [0.1 + 0.45 * (1 + math.cos(math.pi * i / 10)) for i in range(10)]
    assert points(tmp_path, "lr/weights") == pytest.approx([0.5 * s for s in (0.25, 0.625, *fall)], rel=1e-6)


def test_training_lowers_the_loss(tmp_path: Path) -> None:
    data = made(1)
    tokens = np.eye(CLASSES, WIDTH)[data.target_R] + 0.1 * data.person_tokens
    bank = data.bank(Reads((TokenKind.person,)), person_tokens=tokens)
    train(Scale(), bank, LABELS, training(iterations=60, log_every=10, lr=1.0), tmp_path, lambda line: None)
    losses = points(tmp_path, "loss")
    assert len(losses) == 6
    assert losses[-1] < 0.5 * losses[0]


def test_a_line_every_so_often_says_where_training_is(tmp_path: Path) -> None:
    lines: list[str] = []
    train_scale(tmp_path, log=lines.append)
    assert [line.split(",")[0] for line in lines] == ["train: 5/12", "train: 10/12", "train: 12/12"]
    assert all("loss" in line and "lr" in line and "s left" in line for line in lines)


def test_a_loss_that_is_not_finite_stops_training_before_it_is_saved(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"the loss is nan at iteration 6 of 12; lower training\.lr"):
        train_scale(tmp_path, Scale(break_at=6))
    assert [path.name for path in tmp_path.glob("*.pth")] == ["iter_4.pth"]


def test_mixed_precision_without_a_gpu_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"training\.precision is amp, the device is cpu; amp needs a GPU"):
        train_scale(tmp_path, precision="amp")


def test_a_target_beyond_the_labels_is_refused(tmp_path: Path) -> None:
    bank = made(1).bank(Reads((TokenKind.person,)))
    with pytest.raises(DataError, match="from 0 to 1"):
        train(Scale(), bank, labels_of(LABELS.text_MD[:2]), training(), tmp_path)


def test_trainings_in_one_process_do_not_know_of_each_other(tmp_path: Path) -> None:
    first = run(tmp_path / "a")
    run(tmp_path / "b", seed=5)
    again = run(tmp_path / "c")
    assert all((first[name] == again[name]).all() for name in first)


def test_the_process_is_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: Any) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    monkeypatch.setenv("HOME", str(elsewhere))

    def state() -> list[Any]:
        return [
            torch.get_rng_state().tolist(),
            np.random.get_state()[1].tolist(),  # noqa: NPY002
            random.getstate(),
            multiprocessing.get_start_method(allow_none=True),
            resource.getrlimit(resource.RLIMIT_NOFILE),
            torch.are_deterministic_algorithms_enabled(),
            list(warnings.filters),
        ]

    before = state()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        train_scale(tmp_path / "run")
    assert state() == before
    assert not list(elsewhere.iterdir())
    assert {path.name for path in (tmp_path / "run").iterdir()} == {"iter_8.pth", "iter_12.pth", "log"}
    assert capfd.readouterr() == ("", "")
