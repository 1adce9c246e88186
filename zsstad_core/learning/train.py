"""Training of a head on cached tokens.

Shapes: B samples, P persons, K classes, D token width, F frames of the bank.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import torch
from torch import Tensor

from zsstad_core.datasets.label_types import LabelTypes
from zsstad_core.errors import SettingsError
from zsstad_core.heads.base import Batch, Head
from zsstad_core.heads.losses import loss
from zsstad_core.learning.ava_loss import ava_loss
from zsstad_core.learning.checkpoints import Checkpoints
from zsstad_core.learning.loop import Losses, optimise
from zsstad_core.learning.optimiser import build_optimiser, build_schedule
from zsstad_core.learning.order import FrameOrder
from zsstad_core.learning.rank import ALONE, Rank
from zsstad_core.learning.read_ahead import WAIT, ReadAhead
from zsstad_core.learning.token_bank import TokenBank, refuse_bad_targets
from zsstad_core.learning.watch import Watch
from zsstad_core.progress import Clock
from zsstad_core.settings import Training


def train(
    head: Head,
    bank: TokenBank,
    text_KD: Tensor,
    settings: Training,
    work_dir: Path,
    log: Callable[[str], None] = print,
    types: LabelTypes | None = None,
    clock: Clock | None = None,
    rank: Rank = ALONE,
) -> dict[str, Tensor]:
    """Train `head` in place on all samples of `bank`, on the bank's device; gives its weights, on the CPU.

    text_KD: float32 label tokens of the classes that targets count; types: theirs, where the bank has several labels a
    person (its loss is `ava_loss`). clock: gets the time that steps wait for views, of a bank that reads them.
    Checkpoints and TensorBoard's files go to `work_dir` and nowhere else; where it holds checkpoints of this training,
    it goes on from the newest whole one. On a CPU the weights then equal those of an undisturbed training to the last
    bit: the order of samples, the memory that grows with the visits and the dropout all depend on (seed, iteration)
    alone.

    Raises DataError where there is nothing to train on, SettingsError where amp has no GPU, CacheError where
    `work_dir` is of another training, UserError where the loss is not finite.
    """
    refuse_bad_targets(bank, len(text_KD))
    if settings.precision == "amp" and bank.device.type != "cuda":
        raise SettingsError(
            f"training.precision is amp, the device is {bank.device}; amp needs a GPU: set training.precision=fp32"
        )
    identity = _identity(head, bank, text_KD, settings)
    head.to(bank.device).train()
    text_KD = text_KD.to(bank.device, torch.float32)
    clock = Clock() if clock is None else clock
    with _Batches(bank, settings, clock, rank) as batches:

        def step(iteration: int) -> Losses:
            batch, target, persons = batches(iteration)
            logits_BPK = head(batch, text_KD)
            if types is None:
                term = loss(logits_BPK, target, batch.person_BP, settings)
            else:
                term = ava_loss(logits_BPK, target, batch.person_BP, types, settings)
            return Losses({"loss": term}, persons)

        optimise(
            head,
            step,
            build_optimiser(head.parameter_groups(settings.lr, settings), settings),
            build_schedule(settings),
            Checkpoints(work_dir, identity, log),
            _watch(head, settings, work_dir, log, clock),
            checkpoint_every=settings.checkpoint_every,
            seed=settings.seed,
            device=bank.device,
            clip_norm=settings.clip_norm,
            mixed=settings.precision == "amp",
            rank=rank,
        )
    return {name: weight.detach().cpu().clone() for name, weight in head.state_dict().items()}


def _watch(head: Head, settings: Training, work_dir: Path, log: Callable[[str], None], clock: Clock) -> Watch:
    way_out = f"lower training.lr ({settings.lr})"
    if head.faster:
        way_out += f" or {head.faster}"

    def waited() -> float:
        return clock.seconds.get(WAIT, 0.0)

    return Watch(work_dir / "log", settings.iterations, settings.log_every, log, way_out, waited=waited)


class _Batches:
    """Iteration number to this process's part of the batch, its targets (class indices [B, P], or labels [B, P, K]) and
    the number of its persons.

    Read ahead where that takes time; a context manager, with whose block the reading ends.
    """

    def __init__(self, bank: TokenBank, settings: Training, clock: Clock, rank: Rank) -> None:
        self.bank, self.rank = bank, rank
        self.order = FrameOrder(bank.samples, settings.batch, settings.seed)
        self.first_visit_F = bank.first_visits(self.order) if bank.reads.visited_memory else None
        self.ahead = ReadAhead(self._read, settings.iterations, clock) if bank.reads_ahead else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.ahead is not None:
            self.ahead.close()

    def __call__(self, iteration: int) -> tuple[Batch, Tensor, int]:
        return self._read(iteration) if self.ahead is None else self.ahead(iteration)

    def _read(self, iteration: int) -> tuple[Batch, Tensor, int]:
        samples = self.rank.part(self.order.batch(iteration))
        batch, extra = self.bank.gather(samples, self.first_visit_F, iteration)
        target = extra.target_BP if extra.label_BPK is None else extra.label_BPK
        return batch, target, int((extra.row_BP >= 0).sum())


def _identity(head: Head, bank: TokenBank, text_KD: Tensor, settings: Training) -> dict[str, Any]:
    """What a checkpoint must have in common with the training that goes on from it."""
    return {
        "settings": settings.content(),
        "rates": [group["lr"] for group in head.parameter_groups(1.0, settings)],
        "weights": [[name, list(weight.shape)] for name, weight in head.state_dict().items()],
        "labels": hashlib.sha256(text_KD.detach().cpu().float().contiguous().numpy().tobytes()).hexdigest(),
        "samples": bank.identity(),
    }
