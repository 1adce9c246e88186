"""The small AVA of `tests.datasets.made_ava` with a detector, and commands on it."""

import json
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from tests.conftest import TINY_CLIP
from tests.datasets import made_ava
from tests.end_to_end import runs
from tests.end_to_end.made import write_detector
from zsstad_core.cache.units import published_units
from zsstad_core.tables import concat, read_table


def _inputs(artifact: Path) -> dict[str, object]:
    inputs: dict[str, object] = json.loads((artifact / "inputs.json").read_text())
    return inputs


@dataclass(frozen=True)
class Made:
    """A dataset and a detector; commands on them."""

    folder: Path

    def run(
        self, target: str, cache: str = "cache", head: str = "iclip", recipe: str = "", **changed: object
    ) -> runs.Ended:
        own = settings_of(self.folder, cache) | {name.replace("__", "."): value for name, value in changed.items()}
        logs = self.folder / "logs"
        logs.mkdir(exist_ok=True)
        log = logs / f"{target}-{len(list(logs.iterdir()))}"
        return runs.run(target, own, log, dataset="ava", head=head, recipe=recipe, split=3).ok()

    def table(self, stage: str, name: str, cache: str = "cache", head: str = "iclip") -> pd.DataFrame:
        found = (self.folder / cache / "ava").glob(f"{stage}-*")  # of other heads there may be some as well
        (folder,) = [path for path in found if _inputs(path).get("head", head) == head]
        return concat(name, [read_table(unit.file(f"{name}.parquet"), name) for unit in published_units(folder)])


def settings_of(folder: Path, cache: str) -> dict[str, object]:
    return {
        "device": "cpu",
        "datasets.ava.root": folder,
        "detector.config": folder / "config.py",
        "detector.checkpoint": folder / "weights.pth",
        "detector.persons_per_frame": 10,
        "detector.objects_per_frame": 5,
        "encoder.model": TINY_CLIP,
        "encoder.pretrained": "random",
        "training.iterations": 40,
        "training.warmup": 4,
        "training.checkpoint_every": 40,
        "training.log_every": 20,
        "cache.root": folder / cache,
    }


def write_all(folder: Path) -> None:
    made_ava.write_annotation(folder)
    made_ava.write_clips(folder)
    write_detector(folder)
