"""A small stickworld that was evaluated once, and `make doctor` on copies of it in which something is sick."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from tests.end_to_end import runs
from zsstad_core.splits import load_split
from zsstad_core.stickworld.labels import CLASSES
from zsstad_core.tables import read_table

SPLIT = load_split("stickworld", 1, CLASSES)
CHOICES = {"dataset": "stickworld", "head": "clip_crop", "split": 1}


@dataclass(frozen=True)
class Said:
    """findings: what each is, without how many, example and way out. lines: all that it printed."""

    findings: list[str]
    lines: list[str]


@dataclass(frozen=True)
class World:
    """settings: of one training and one test clip a class. boxes: as the detector found them; groundtruth: with `part`
    of each video, train or test."""

    settings: Mapping[str, object]
    boxes: pd.DataFrame
    groundtruth: pd.DataFrame

    @property
    def videos(self) -> Path:
        (folder,) = Path(str(self.settings["datasets.stickworld.root"])).glob("seed*/videos")
        return folder


@pytest.fixture(scope="package")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    runs.warm_up()
    folder = tmp_path_factory.mktemp("doctor")
    settings = {
        "datasets.stickworld.root": folder / "stickworld",
        "datasets.stickworld.train_clips": 1,
        "datasets.stickworld.test_clips": 1,
        "cache.root": folder / "cache",
        "device": "cpu",
    }
    runs.run("eval", settings, folder / "healthy", **CHOICES).ok()

    def table(stage: str, name: str) -> pd.DataFrame:
        files = (folder / "cache").glob(f"stickworld/{stage}-*/unit-*/{name}.parquet")
        return pd.concat([read_table(file, name) for file in files], ignore_index=True)

    groundtruth = table("groundtruth", "groundtruth").drop(columns="decoded")
    part = groundtruth["video_id"].str.extract(r"/(train|test)-")[0]
    return World(settings, table("detect", "boxes").drop(columns="box"), groundtruth.assign(part=part))


type Doctor = Callable[..., Said]


@pytest.fixture
def doctor(world: World, tmp_path: Path) -> Doctor:
    """Make some stages with changed settings, then `make doctor`."""

    def ask(changed: Mapping[str, object], first: tuple[str, ...] = (), **choices: object) -> Said:
        chosen, settings = {**CHOICES, **choices}, {**world.settings, **changed}
        for stage in first:
            runs.run(stage, settings, tmp_path / stage, **chosen).ok()
        ended = runs.run("doctor", settings, tmp_path / "doctor", **chosen)
        lines = [line.removeprefix("doctor: ") for line in ended.out.splitlines() if line.startswith("doctor: ")]
        found = [line.partition(": ")[0] for line in lines[:-1] if not line.startswith("not looked at: ")]
        assert ended.code == (1 if found else 0), ended.out + ended.err
        return Said(found, lines)

    return ask
