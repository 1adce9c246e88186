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
    first iteration (from 1) whose loss was not finite, with `way_out`. waited: seconds that steps have waited for their
    batches; the line says which share of the time that is, where there is any.
    """

    priority = "NORMAL"  # before the schedule moves the learning rate on, and before a checkpoint is written

    def __init__(
        self,
        iterations: int,
        log_every: int,
        checkpoint_every: int,
        log: Callable[[str], None],
        way_out: str,
        stage: str = "train",
        waited: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self.iterations, self.log_every, self.checkpoint_every = iterations, log_every, checkpoint_every
        self.log, self.way_out, self.stage, self.waited = log, way_out, stage, waited
        self.unlogged: list[float] = []
        self.unread: list[Tensor] = []

    def before_train(self, runner: Any) -> None:
        self.started, self.start_iteration = time.perf_counter(), runner.iter

    def after_train_iter(self, runner: Any, batch_idx: int, data_batch: Any = None, outputs: Any = None) -> None:
        self.unread.append(outputs["loss"].detach())
        done, last = runner.iter + 1, self.iterations
        log_now = done % self.log_every == 0 or done == last
        if log_now or done % self.checkpoint_every == 0:
            self._read(done)
        if log_now:
            self._say(runner, done)

    def _read(self, done: int) -> None:
        losses = torch.stack(self.unread).tolist()
        first = done - len(losses) + 1
        for iteration, loss in enumerate(losses, start=first):
            if not math.isfinite(loss):
                raise UserError(
                    f"{self.stage}: the loss is {loss} at iteration {iteration} of {self.iterations}; {self.way_out}"
                )
        self.unlogged += losses
        self.unread.clear()

    def _say(self, runner: Any, done: int) -> None:
        loss = sum(self.unlogged) / len(self.unlogged)
        self.unlogged.clear()
        rates = {f"lr/{g.get('name', i)}": g["lr"] for i, g in enumerate(runner.optim_wrapper.param_groups)}
        runner.visualizer.add_scalars({"loss": loss, **rates}, step=done)

        passed = max(time.perf_counter() - self.started, 1e-9)
        speed = (done - self.start_iteration) / passed
        waits = f", {100 * self.waited() / passed:.1f} % of it waiting for views" if self.waited() else ""
        left = (self.iterations - done) / speed
        self.log(
            f"{self.stage}: {done}/{self.iterations}, loss {loss:.4g}, lr {min(rates.values()):.3g}, "
            f"{speed:.{0 if speed >= 10 else 2}f} it/s{waits}, {left:.0f} s left"
        )
