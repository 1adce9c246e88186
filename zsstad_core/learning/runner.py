"""mmengine's Runner as a guest: it trains, and leaves the process as it found it.

The original forces the start method of multiprocessing, OpenCV's threads and the limit of open files, seeds all of
numpy, torch and random, moves the model to a GPU whenever there is one, prints its environment and dumps a config; and
its loggers, scopes and message hubs stay in global tables, where the next training of the process finds them.
"""

import itertools
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from mmengine.logging import MessageHub, MMLogger
from mmengine.registry import DefaultScope
from mmengine.runner import Runner
from mmengine.visualization import TensorboardVisBackend, Visualizer
from torch import nn

_count = itertools.count()


class GuestRunner(Runner):  # type: ignore[misc]
    """A Runner whose model is on its device already, with its initial weights.

    checkpoint: resume from this file (model, optimiser, schedule, iteration), or start from the beginning.
    TensorBoard's files go to `work_dir`/log.
    """

    def __init__(self, *, work_dir: Path, checkpoint: Path | None, **what: Any) -> None:
        self._checkpoint = checkpoint
        super().__init__(work_dir=str(work_dir), experiment_name=f"zsstad_{next(_count)}", **what)

    def setup_env(self, env_cfg: dict[str, Any]) -> None:
        self._rank, self._world_size = 0, 1
        self._timestamp = "log"  # names the folder of logs; of a resumed training it is the same one

    def set_randomness(self, seed: int | None, diff_rank_seed: bool = False, deterministic: bool = False) -> None:
        self._seed, self._deterministic = seed, deterministic

    def build_logger(self, log_level: int | str = "ERROR", log_file: str | None = None, **_: Any) -> MMLogger:
        return MMLogger.get_instance(self._experiment_name, log_level="ERROR")

    def build_visualizer(self, visualizer: Any = None) -> TensorboardVisBackend:
        return TensorboardVisBackend(self._log_dir)

    def _log_env(self, env_cfg: dict[str, Any]) -> None:
        pass

    def dump_config(self) -> None:
        pass

    def wrap_model(self, model_wrapper_cfg: Any, model: nn.Module) -> nn.Module:
        return model

    def _init_model_weights(self) -> None:
        pass

    def load_or_resume(self) -> None:
        if self._checkpoint is not None:
            self.resume(str(self._checkpoint), map_location="cpu")


@contextmanager
def guest(device: torch.device) -> Iterator[None]:
    """While the block runs, mmengine may fill its global tables and draw random numbers; after it, all is as before."""
    tables = [kind._instance_dict for kind in (MMLogger, MessageHub, Visualizer, DefaultScope)]
    before = [dict(table) for table in tables]
    gpus = [torch.cuda.current_device() if device.index is None else device.index] if device.type == "cuda" else []
    try:
        with warnings.catch_warnings(), torch.random.fork_rng(devices=gpus):
            # mmengine 0.10.7 names torch.cuda.amp, which still works.
            warnings.filterwarnings("ignore", message=r".*torch\.cuda\.amp.*", category=FutureWarning)
            yield
    finally:
        for table, content in zip(tables, before, strict=True):
            table.clear()
            table.update(content)
