"""Checkpoints of a training that may be killed at any moment.

mmengine writes a checkpoint straight into its final name, and the name of the newest into a file beside it: a kill in
between leaves a cut file that the next run tries to load. Here a checkpoint appears whole or not at all, and the
newest is the one that reads back whole.
"""

import os
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from mmengine.fileio import LocalBackend, register_backend
from mmengine.hooks import CheckpointHook, Hook

from zsstad_core.errors import CacheError

KEPT = 2


class WholeFiles(LocalBackend):  # type: ignore[misc]
    """mmengine's local files, except that `put` goes through a temporary file: flushed to disk, then renamed."""

    def put(self, obj: bytes, filepath: str | Path) -> None:
        path = Path(filepath)
        temporary = path.with_name(f".{path.name}.tmp")
        with temporary.open("wb") as file:
            file.write(obj)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


register_backend("whole_files", WholeFiles, force=True)


def checkpoint_hook(every: int) -> CheckpointHook:
    """mmengine's hook: model, optimiser and schedule, every so many iterations and at the end; the last two are kept.

    It removes the older of the two before it writes the next, so one whole checkpoint is there at all times.
    """
    return CheckpointHook(interval=every, by_epoch=False, max_keep_ckpts=KEPT, backend_args={"backend": "whole_files"})


def newest_whole(
    work_dir: Path, identity: dict[str, Any], log: Callable[[str], None], stage: str = "train"
) -> Path | None:
    """The newest checkpoint of `work_dir` that is whole, or None; damaged ones and half-written files are removed.

    Raises CacheError where it belongs to another training than `identity` says.
    """
    for leftover in work_dir.glob(".*.pth.tmp"):
        leftover.unlink()
    numbered = {
        int(m[1]): path for path in work_dir.glob("iter_*.pth") if (m := re.fullmatch(r"iter_(\d+)", path.stem))
    }
    for iteration in sorted(numbered, reverse=True):
        path = numbered[iteration]
        try:
            checkpoint = _read(path)
        except Exception as error:  # what a damaged file makes zipfile and pickle raise has no common class
            log(f"{stage}: {path.name} is damaged ({type(error).__name__}); removed, going on from an earlier one")
            path.unlink()
            continue
        found = checkpoint["meta"].get("identity", {})
        different = sorted(key for key in {*identity, *found} if identity.get(key) != found.get(key))
        if different:
            raise CacheError(
                f"{path}: is of another training (different: {', '.join(different)}); remove {work_dir} and run again"
            )
        return path
    return None


def _read(path: Path) -> dict[str, Any]:
    # torch does not compare the checksums that it writes; zipfile does.
    with zipfile.ZipFile(path) as archive:
        damaged = archive.testzip()
    if damaged is not None:
        raise CacheError(f"{path}: {damaged} fails its checksum")
    checkpoint: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    return checkpoint


class Identify(Hook):  # type: ignore[misc]
    """Writes into each checkpoint of which training it is."""

    def __init__(self, identity: dict[str, Any]) -> None:
        self.identity = identity

    def before_save_checkpoint(self, runner: Any, checkpoint: dict[str, Any]) -> None:
        checkpoint["meta"]["identity"] = self.identity
