"""What happens around each iteration of training: random numbers, losses, log lines."""

import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from mmengine.hooks import Hook
from torch import Tensor

from zsstad_core.errors import UserError
from zsstad_core.settings import Training


class Reseed(Hook):  # type: ignore[misc]
    """Random numbers (dropout) depend on (seed, iteration) alone: a resumed training needs no state of them."""

    priority = "VERY_HIGH"

    def __init__(self, seed: int, device: torch.device) -> None:
        self.seed = seed
        self.generators = [torch.default_generator]
        if device.type == "cuda":
            index = torch.cuda.current_device() if device.index is None else device.index
            self.generators.append(torch.cuda.default_generators[index])

    def before_train_iter(self, runner: Any, batch_idx: int, data_batch: Any = None) -> None:
        # Hashed: torch's CPU generator looks at the lower 32 bits of a seed only.
        value = int(np.random.SeedSequence([self.seed, runner.iter]).generate_state(1, np.uint64)[0])
        for generator in self.generators:
            generator.manual_seed(value)


class Watch(Hook):  # type: ignore[misc]
    """Every `log_every` iterations a line and TensorBoard's points; and no checkpoint after a loss that is not finite.

    Losses stay on the device until they are looked at: a GPU is not made to wait for each. Raises UserError naming the
    first iteration (from 1) whose loss was not finite.
    """

    priority = "NORMAL"  # before the schedule moves the learning rate on, and before a checkpoint is written

    def __init__(self, settings: Training, log: Callable[[str], None]) -> None:
        self.settings, self.log = settings, log
        self.unlogged: list[float] = []
        self.unread: list[Tensor] = []

    def before_train(self, runner: Any) -> None:
        self.started, self.start_iteration = time.perf_counter(), runner.iter

    def after_train_iter(self, runner: Any, batch_idx: int, data_batch: Any = None, outputs: Any = None) -> None:
        self.unread.append(outputs["loss"].detach())
        done, last = runner.iter + 1, self.settings.iterations
        log_now = done % self.settings.log_every == 0 or done == last
        if log_now or done % self.settings.checkpoint_every == 0:
            self._read(done)
        if log_now:
            self._say(runner, done)

    def _read(self, done: int) -> None:
        losses = torch.stack(self.unread).tolist()
        first = done - len(losses) + 1
        for iteration, loss in enumerate(losses, start=first):
            if not math.isfinite(loss):
                raise UserError(
                    f"training: the loss is {loss} at iteration {iteration} of {self.settings.iterations}; lower "
                    f"training.lr ({self.settings.lr}) or training.block_lr_factor ({self.settings.block_lr_factor})"
                )
        self.unlogged += losses
        self.unread.clear()

    def _say(self, runner: Any, done: int) -> None:
        loss = sum(self.unlogged) / len(self.unlogged)
        self.unlogged.clear()
        rates = {f"lr/{g.get('name', i)}": g["lr"] for i, g in enumerate(runner.optim_wrapper.param_groups)}
        runner.visualizer.add_scalars({"loss": loss, **rates}, step=done)

        speed = (done - self.start_iteration) / max(time.perf_counter() - self.started, 1e-9)
        left = (self.settings.iterations - done) / speed
        self.log(
            f"train: {done}/{self.settings.iterations}, loss {loss:.4g}, lr {min(rates.values()):.3g}, "
            f"{speed:.0f} it/s, {left:.0f} s left"
        )
