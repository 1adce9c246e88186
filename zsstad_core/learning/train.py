"""Training of a head: mmengine's iteration loop, exact to the bit when it is resumed."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import torch
from mmengine.model import BaseModel
from mmengine.optim import AmpOptimWrapper, LinearLR, OptimWrapper
from torch import Tensor, nn
from torch.utils.data import DataLoader

from zsstad_core.errors import SettingsError
from zsstad_core.learning.bank import Bank, Gathered, refuse_bad_targets
from zsstad_core.learning.checkpoints import Identify, checkpoint_hook, newest_whole
from zsstad_core.learning.features import Step
from zsstad_core.learning.hooks import Reseed, Watch
from zsstad_core.learning.order import SampleOrder
from zsstad_core.learning.runner import GuestRunner, guest
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
) -> dict[str, Tensor]:
    """Train `head` in place on all samples of `bank`, on the bank's device; gives its weights, on the CPU.

    labels: the classes that targets count. clock: gets the time that steps wait for features that take time to read.
    Checkpoints and TensorBoard's files go to `work_dir` and nowhere else; where it holds checkpoints of this training,
    it goes on from the newest whole one. On a CPU the weights then equal those of an undisturbed training to the last
    bit: the order of samples, the memory that grows with the visits, the frames of clips and the dropout all depend on
    (seed, iteration) alone.

    Raises DataError where there is nothing to train on, SettingsError where amp has no GPU, CacheError where
    `work_dir` is of another training, UserError where the loss is not finite.
    """
    refuse_bad_targets(bank, len(labels.names))
    if settings.precision == "amp" and bank.device.type != "cuda":
        raise SettingsError(
            f"training.precision is amp, the device is {bank.device}; amp needs a GPU: set training.precision=fp32"
        )
    identity = _identity(head, bank, labels, settings)
    checkpoint = newest_whole(work_dir, identity, log)
    if checkpoint is not None:
        log(f"train: going on from {checkpoint.name}")
    head.to(bank.device)
    clock = Clock() if clock is None else clock
    with guest(bank.device), _Batches(bank, settings, clock) as batches:
        optimiser = _optimiser(head, settings)
        runner = GuestRunner(
            work_dir=work_dir,
            checkpoint=checkpoint,
            model=_Model(head, batches, labels.to(bank.device), settings),
            # The loop carries iteration numbers only: those that a resumed training skips cost nothing.
            train_dataloader=DataLoader(range(settings.iterations), batch_size=None),  # type: ignore[arg-type]
            train_cfg={"by_epoch": False, "max_iters": settings.iterations},
            optim_wrapper=optimiser,
            param_scheduler=_warmup(optimiser, settings),
            randomness={"seed": settings.seed},
            default_hooks={
                "runtime_info": None,
                "timer": None,
                "sampler_seed": None,
                "logger": None,
                "checkpoint": checkpoint_hook(settings.checkpoint_every),
            },
            custom_hooks=[Reseed(settings.seed, bank.device), _watch(head, settings, log, clock), Identify(identity)],
        )
        try:
            runner.train()
        finally:
            runner.visualizer.close()
    return {name: weight.detach().cpu().clone() for name, weight in head.state_dict().items()}


def _watch(head: Head[Any], settings: Training, log: Callable[[str], None], clock: Clock) -> Watch:
    way_out = f"lower training.lr ({settings.lr})"
    if head.fast_setting:
        way_out += f" or {head.fast_setting}"

    def waited() -> float:
        return clock.seconds.get(WAIT, 0.0)

    return Watch(settings.iterations, settings.log_every, settings.checkpoint_every, log, way_out, waited=waited)


class _Model(BaseModel):  # type: ignore[misc]
    """The head with its loss, as the Runner wants it: iteration number in, loss out."""

    def __init__(self, head: Head[Any], batches: "_Batches", labels: Labels, settings: Training) -> None:
        super().__init__(data_preprocessor=batches)
        self.head, self.labels, self.settings = head, labels, settings

    def forward(self, gathered: Gathered[Any], mode: str = "loss") -> dict[str, Tensor]:
        assert gathered.target is not None
        logits_NM = self.head(gathered.batch, self.labels)
        return {"loss": self.head.loss(logits_NM, gathered.target, self.labels, gathered.batch, self.settings)}


class _Batches(nn.Module):
    """Iteration number to a batch with its targets.

    Read ahead where that takes time; a context manager, with whose block the reading ends.
    """

    def __init__(self, bank: Bank[Any], settings: Training, clock: Clock) -> None:
        super().__init__()
        self.bank = bank
        self.order = SampleOrder(len(bank.samples), settings.batch, settings.seed)
        self.ahead = ReadAhead(self._read, settings.iterations, clock) if bank.features.slow else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.ahead is not None:
            self.ahead.close()

    def forward(self, iteration: int, training: bool = False) -> tuple[Gathered[Any]]:
        return (self._read(int(iteration)) if self.ahead is None else self.ahead(int(iteration)),)

    def _read(self, iteration: int) -> Gathered[Any]:
        return self.bank.gather(self.order.batch(iteration), Step(iteration, self.order))


def _optimiser(head: Head[Any], settings: Training) -> OptimWrapper:
    sgd = torch.optim.SGD(
        head.parameter_groups(settings.lr, settings), lr=settings.lr, momentum=settings.momentum, fused=True
    )
    if settings.precision == "amp":
        # bf16 has fp32's range: no loss scaling.
        return AmpOptimWrapper(optimizer=sgd, dtype="bfloat16", loss_scale={"enabled": False})
    return OptimWrapper(optimizer=sgd)


def _warmup(optimiser: OptimWrapper, settings: Training) -> list[LinearLR] | None:
    """The learning rate climbs in a straight line from `warmup_factor` of its value at iteration 0 to all at `warmup`.

    As in the published code. mmengine's schedule reaches its goal one iteration before `end`.
    """
    if not settings.warmup:
        return None
    return [LinearLR(optimiser, start_factor=settings.warmup_factor, begin=0, end=settings.warmup + 1, by_epoch=False)]


def _identity(head: Head[Any], bank: Bank[Any], labels: Labels, settings: Training) -> dict[str, Any]:
    """What a checkpoint must have in common with the training that goes on from it."""
    return {
        "settings": settings.content(),
        "rates": [group["lr"] for group in head.parameter_groups(1.0, settings)],
        "weights": [[name, list(weight.shape)] for name, weight in head.state_dict().items()],
        "labels": hashlib.sha256(labels.text_MD.detach().cpu().float().contiguous().numpy().tobytes()).hexdigest(),
        "samples": bank.identity(),
    }
