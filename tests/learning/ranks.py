"""Trainings in two processes that gloo connects; what they are asked to do stands here, where both can import it."""

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from tests.learning import runs
from zsstad_core.errors import UserError
from zsstad_core.learning.launch import run_ranks
from zsstad_core.learning.rank import Rank


@dataclass(frozen=True)
class Job:
    """A small iCLIP to train (`runs.run`), and the first process's line at which that process dies, if any."""

    work_dir: Path
    changes: dict[str, Any] = field(default_factory=dict)
    iclip: dict[str, Any] = field(default_factory=dict)
    dies_at: str = ""


def train_in_two(
    work_dir: Path, log: Callable[[str], None] = lambda line: None, dies_at: str = "", iclip: Any = None, **changes: Any
) -> dict[str, Tensor]:
    """The weights of a training in two processes; `log` gets the lines of both."""
    weights, lines = run_ranks(2, "cpu", train, Job(work_dir, changes, iclip or {}, dies_at))
    for line in lines:
        log(line)
    return weights


def train(rank: Rank, device: str, job: Job) -> tuple[dict[str, Tensor], list[str]]:
    lines: list[str] = []

    def log(line: str) -> None:
        lines.append(f"{rank.number}: {line}")
        if job.dies_at and line.startswith(job.dies_at):
            os.kill(os.getpid(), signal.SIGKILL)

    return runs.run(job.work_dir, log, job.iclip, rank=rank, **job.changes), lines


def average(rank: Rank, device: str, rows: tuple[int, int]) -> tuple[Tensor, list[Tensor | None]]:
    """Three weights of one number: both processes have a gradient of the first, one of the second, none of the third.

    A row's loss is its number (0, 1, ...) times the first weight; the second process adds the second weight.
    """
    first, second, third = weights = [nn.Parameter(torch.tensor(value)) for value in (2.0, 3.0, 5.0)]
    mine = torch.arange(sum(rows), dtype=torch.float32).split(list(rows))[rank.number]
    loss = (first * mine).sum() / max(len(mine), 1)
    if not rank.first:
        loss = loss + second
    loss.backward()
    whole = rank.average(weights, loss.detach(), len(mine))
    return whole, [weight.grad for weight in (first, second, third)]


def second_fails(rank: Rank, device: str, kind: str) -> None:
    """The second process fails; the first waits for it, as in a step."""
    if rank.first:
        rank.average([], torch.tensor(0.0), 1)
        time.sleep(60)
    match kind:
        case "a user's mistake":
            raise UserError("clip_7.avi: does not decode")
        case "a full disk":
            raise OSError(28, "No space left on device", "iter_4.pth")
        case "a kill":
            os.kill(os.getpid(), signal.SIGKILL)
        case _:
            raise AssertionError("a bug of ours")
