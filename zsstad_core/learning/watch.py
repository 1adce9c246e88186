"""Reports the progress of a training: log lines, TensorBoard's points, and an error for a loss that is not finite."""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import Tensor

from zsstad_core.errors import UserError


class Watch:
    """Writes a line to `log`, and points for TensorBoard to `folder`, every `every` iterations.

    Losses stay on the device until they are read, so that a GPU does not wait for each. way_out: what the user can do
    when a loss is not finite. stage: the name that the lines begin with. waited: a function that gives the seconds that
    steps have waited for their batches; if there are any, the line gives them as a share of the time.
    """

    def __init__(
        self,
        folder: Path,
        iterations: int,
        every: int,
        log: Callable[[str], None],
        way_out: str,
        stage: str = "train",
        waited: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self.folder, self.iterations, self.every = folder, iterations, every
        self.log, self.way_out, self.stage, self.waited = log, way_out, stage, waited
        self._unread: list[Tensor] = []
        self._unlogged: list[float] = []

    @contextmanager
    def writing(self, done: int) -> Iterator[None]:
        """A context for a training that begins or continues after `done` iterations; it replaces later points of
        TensorBoard."""
        from torch.utils.tensorboard import SummaryWriter

        self._began, self._before = time.perf_counter(), done
        with SummaryWriter(self.folder, purge_step=done + 1) as self._writer:
            yield

    def __call__(self, done: int, loss: Tensor, rates: dict[str, float], saves: bool) -> None:
        """Record iteration number `done` (from 1). saves: whether a checkpoint follows, which needs a finite loss.

        Raises UserError with the first iteration whose loss was not finite.
        """
        self._unread.append(loss)
        logs = done % self.every == 0 or done == self.iterations
        if logs or saves:
            self._read(done)
        if logs:
            self._say(done, rates)

    def _read(self, done: int) -> None:
        losses = torch.stack(self._unread).tolist()
        for iteration, loss in enumerate(losses, start=done - len(losses) + 1):
            if not math.isfinite(loss):
                raise UserError(
                    f"{self.stage}: the loss is {loss} at iteration {iteration} of {self.iterations}; {self.way_out}"
                )
        self._unlogged += losses
        self._unread.clear()

    def _say(self, done: int, rates: dict[str, float]) -> None:
        loss = sum(self._unlogged) / len(self._unlogged)
        self._unlogged.clear()
        for name, value in {"loss": loss, **{f"lr/{name}": rate for name, rate in rates.items()}}.items():
            self._writer.add_scalar(name, value, done)

        passed = max(time.perf_counter() - self._began, 1e-9)
        speed = (done - self._before) / passed
        waits = f", {100 * self.waited() / passed:.1f} % of it waiting for views" if self.waited() else ""
        left = (self.iterations - done) / speed
        self.log(
            f"{self.stage}: {done}/{self.iterations}, loss {loss:.4g}, lr {min(rates.values()):.3g}, "
            f"{speed:.{0 if speed >= 10 else 2}f} it/s{waits}, {left:.0f} s left"
        )
