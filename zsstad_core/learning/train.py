"""Trains a head on the samples of a bank."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from torch import Tensor

from zsstad_core.errors import SettingsError
from zsstad_core.learning.bank import Bank, BankBatch, refuse_bad_targets
from zsstad_core.learning.checkpoints import Checkpoints
from zsstad_core.learning.features import Step
from zsstad_core.learning.loop import Losses, optimise
from zsstad_core.learning.optimiser import build_optimiser, build_schedule
from zsstad_core.learning.order import SampleOrder
from zsstad_core.learning.rank import ALONE, Rank
from zsstad_core.learning.watch import Watch
from zsstad_core.methods.common.head import Head
from zsstad_core.methods.common.labels import Labels
from zsstad_core.progress import Clock
from zsstad_core.read_ahead import WAIT, ReadAhead
from zsstad_core.settings.training import Training


def train[F](
    head: Head[F],
    bank: Bank[F],
    labels: Labels,
    settings: Training,
    work_dir: Path,
    log: Callable[[str], None] = print,
    clock: Clock | None = None,
    rank: Rank = ALONE,
) -> dict[str, Tensor]:
    """Train `head` in place on all samples of `bank`, on the bank's device; returns its weights, on the CPU.

    labels: the classes that targets index. clock: records the time that steps wait for features that take time to read.
    Checkpoints and TensorBoard's files go to `work_dir` and nowhere else; where it holds checkpoints of this training,
    training continues from the newest whole one. On a CPU the weights then equal those of an uninterrupted training to
    the last bit: the order of samples, the memory of visited frames, the frames of clips and the dropout all depend on
    (seed, iteration) alone.

    Raises DataError where there is nothing to train on, SettingsError where amp has no GPU, CacheError where `work_dir`
    holds another training, UserError where the loss is not finite.
    """
    refuse_bad_targets(bank, len(labels.names))
    if settings.precision == "amp" and bank.device.type != "cuda":
        raise SettingsError(
            f"training.precision is amp, the device is {bank.device}; amp needs a GPU: set training.precision=fp32"
        )
    identity = _identity(head, bank, labels, settings)
    head.to(bank.device).train()
    labels = labels.to(bank.device)
    clock = Clock() if clock is None else clock
    with _Batches(bank, settings, clock, rank) as batches:

        def step(iteration: int) -> Losses:
            gathered = batches(iteration)
            assert gathered.target is not None
            logits_NM = head(gathered.batch, labels)
            loss = head.loss(logits_NM, gathered.target, labels, gathered.batch, settings)
            return Losses({"loss": loss}, len(gathered.row_N))

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


def _watch(head: Head[Any], settings: Training, work_dir: Path, log: Callable[[str], None], clock: Clock) -> Watch:
    way_out = f"lower training.lr ({settings.lr})"
    if head.fast_setting:
        way_out += f" or {head.fast_setting}"

    def waited() -> float:
        return clock.seconds.get(WAIT, 0.0)

    return Watch(work_dir / "log", settings.iterations, settings.log_every, log, way_out, waited=waited)


class _Batches:
    """This process's part of the batch of an iteration, with its targets.

    Batches are read ahead where features take time to read. As a context manager, it stops reading ahead at the end of
    the block.
    """

    def __init__(self, bank: Bank[Any], settings: Training, clock: Clock, rank: Rank) -> None:
        self.bank, self.rank = bank, rank
        self.order = SampleOrder(len(bank.samples), settings.batch, settings.seed)
        self.ahead = ReadAhead(self._read, settings.iterations, clock) if bank.features.slow else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.ahead is not None:
            self.ahead.close()

    def __call__(self, iteration: int) -> BankBatch[Any]:
        return self._read(iteration) if self.ahead is None else self.ahead(iteration)

    def _read(self, iteration: int) -> BankBatch[Any]:
        samples = self.rank.part(self.order.batch(iteration))
        return self.bank.gather(samples, Step(iteration, self.order))


def _identity(head: Head[Any], bank: Bank[Any], labels: Labels, settings: Training) -> dict[str, Any]:
    """What a checkpoint must have in common with the training that continues from it."""
    return {
        "settings": settings.content(),
        "rates": [group["lr"] for group in head.parameter_groups(1.0, settings)],
        "weights": [[name, list(weight.shape)] for name, weight in head.state_dict().items()],
        "labels": hashlib.sha256(labels.text_MD.detach().cpu().float().contiguous().numpy().tobytes()).hexdigest(),
        "samples": bank.identity(),
    }
