"""Writes and reads the checkpoints of a training that may be killed at any moment.

A checkpoint appears whole or not at all: it is written under another name, flushed to disk and renamed. The newest
checkpoint is the newest one that can be read completely; damaged ones are skipped.
"""

import os
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import nn

from zsstad_core.errors import CacheError

KEPT = 2


class Checkpoints:
    """The checkpoints `iter_N.pth` of one training in `folder`, where N is the number of completed iterations.

    A checkpoint holds the weights, the optimiser's state, the number of iterations and `identity`: plain data that
    identifies the training. stage: the name that the lines to `log` begin with.
    """

    def __init__(
        self, folder: Path, identity: dict[str, Any], log: Callable[[str], None] = print, stage: str = "train"
    ) -> None:
        self.folder, self.identity, self.log, self.stage = folder, identity, log, stage

    def write(self, done: int, module: nn.Module, optimiser: torch.optim.Optimizer) -> None:
        """Write a checkpoint after `done` iterations; the two newest are kept.

        The older of two is removed before the next is written, so one whole checkpoint exists at all times.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        numbered = self._by_iteration()
        for iteration in sorted(numbered)[: -(KEPT - 1)]:
            numbered[iteration].unlink()
        content = {
            "iteration": done,
            "model": module.state_dict(),
            "optimiser": optimiser.state_dict(),
            "identity": self.identity,
        }
        path = self.folder / f"iter_{done}.pth"
        temporary = path.with_name(f".{path.name}.tmp")
        with temporary.open("wb") as file:
            torch.save(content, file)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        folder = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def newest(self) -> Path | None:
        """The newest whole checkpoint, or None; damaged and half-written files are removed.

        `log` gets a line for each damaged file. Checkpoints of earlier versions, which mmengine wrote, are removed with
        one line, and the training starts anew. Raises CacheError where a checkpoint belongs to another training than
        `identity`.
        """
        for leftover in self.folder.glob(".*.pth.tmp"):
            leftover.unlink()
        numbered, earlier = self._by_iteration(), False
        for iteration in sorted(numbered, reverse=True):
            path = numbered[iteration]
            try:
                found = _read(path)
            except Exception as error:  # the errors of zipfile and pickle for damaged files have no common class
                self.log(
                    f"{self.stage}: {path.name} is damaged ({type(error).__name__}); removed, going on from an "
                    "earlier one"
                )
                path.unlink()
                continue
            if "iteration" not in found:
                earlier = True
                path.unlink()
                continue
            self._refuse_another(path, found["identity"])
            self.log(f"{self.stage}: going on from {path.name}")
            return path
        if earlier:
            self.log(f"{self.stage}: {self.folder} held checkpoints of an earlier version; removed, starting anew")
            (self.folder / "last_checkpoint").unlink(missing_ok=True)
        return None

    def load(self, path: Path, module: nn.Module, optimiser: torch.optim.Optimizer) -> int:
        """Load a checkpoint's weights and state into `module` and `optimiser`; returns how many iterations are done."""
        content = _read(path)
        module.load_state_dict(content["model"])
        optimiser.load_state_dict(content["optimiser"])
        return int(content["iteration"])

    def _by_iteration(self) -> dict[int, Path]:
        matches = ((re.fullmatch(r"iter_(\d+)", path.stem), path) for path in self.folder.glob("iter_*.pth"))
        return {int(match[1]): path for match, path in matches if match}

    def _refuse_another(self, path: Path, found: dict[str, Any]) -> None:
        names = {*self.identity, *found}
        different = sorted(name for name in names if self.identity.get(name) != found.get(name))
        if different:
            raise CacheError(
                f"{path}: is of another training (different: {', '.join(different)}); remove {self.folder} and run "
                "again"
            )


def _read(path: Path) -> dict[str, Any]:
    # torch does not verify the checksums that it writes; zipfile does.
    with zipfile.ZipFile(path) as archive:
        damaged = archive.testzip()
    if damaged is not None:
        raise CacheError(f"{path}: {damaged} fails its checksum")
    checkpoint: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    return checkpoint
