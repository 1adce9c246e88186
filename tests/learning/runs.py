"""Trainings in processes of their own, which a test may kill with SIGKILL at a chosen moment."""

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from tests.learning.made_tokens import CLASSES, WIDTH, iclip_reads, labels_of, made, small_settings
from zsstad_core.learning import checkpoints
from zsstad_core.learning.rank import ALONE, Rank
from zsstad_core.learning.train import train
from zsstad_core.methods.registry import build

_context = multiprocessing.get_context("forkserver")
# What a training imports on its way, once for all processes.
_context.set_forkserver_preload(["tests.learning.runs", "torch._dynamo", "torch.utils.tensorboard"])


def run(
    work_dir: Path,
    log: Callable[[str], None] = lambda line: None,
    iclip: dict[str, Any] | None = None,
    rank: Rank = ALONE,
    **changes: Any,
) -> dict[str, Tensor]:
    """Train a small iCLIP on made-up tokens. One thread, so that every process adds up in the same order."""
    torch.set_num_threads(1)
    settings = small_settings(changes, **(iclip or {}))
    text_KD = torch.randn(CLASSES, WIDTH, generator=torch.Generator().manual_seed(0))
    bank = made(1).bank(iclip_reads(settings))
    return train(build(settings, WIDTH), bank, labels_of(text_KD), settings.training, work_dir, log, rank=rank)


def killed_run(moment: str, work_dir: Path) -> None:
    """Start a training in another process and wait until it has killed itself at `moment`."""
    process = _context.Process(target=_run_and_die, args=(moment, work_dir, list(sys.path)))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL, f"the training ended with {process.exitcode}, it was not killed"


def _run_and_die(moment: str, work_dir: Path, path: list[str]) -> None:
    sys.path[:] = path
    match moment:
        case "between checkpoints":
            run(work_dir, _die_at_six, log_every=1)
        case "half of a checkpoint written":
            _die_in_fsync()
            run(work_dir)
        case "checkpoint renamed, nothing after it":
            _die_after_rename()
            run(work_dir)


def _die_at_six(line: str) -> None:
    if line.startswith("train: 6/"):
        _kill()


def _kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _die_in_fsync() -> None:
    seen = []

    def fsync(descriptor: int) -> None:
        seen.append(descriptor)
        if len(seen) == 3:  # file and folder of iter_4, then the file of iter_8
            os.ftruncate(descriptor, os.fstat(descriptor).st_size // 2)
            _kill()

    checkpoints.os.fsync = fsync  # type: ignore[assignment]


def _die_after_rename() -> None:
    rename = Path.replace

    def replace(self: Path, target: Path) -> Path:
        result = rename(self, target)
        if target.name == "iter_8.pth":
            _kill()
        return result

    Path.replace = replace  # type: ignore[method-assign]
