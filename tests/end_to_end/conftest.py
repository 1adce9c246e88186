"""One small dataset, one run of everything through make, copies of its cache to go on from; and one small AVA."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.end_to_end import made_ava, runs
from tests.end_to_end.caches import UNITS
from tests.end_to_end.made import Settings, as_set, settings_of, write_all
from zsstad_core.configure import load
from zsstad_core.plan.plan import Plan


@dataclass(frozen=True)
class ByMake:
    """What `make extract`, `make train` and `make eval` said and left, one after the other; nobody writes there."""

    cache: Path
    extract: runs.Ended
    train: runs.Ended
    eval: runs.Ended


@dataclass(frozen=True)
class Work:
    """A cache of a test's own, and commands on it."""

    settings: Settings
    cache: Path
    logs: Path

    def start(
        self, target: str, head: str = "iclip", split: int = 2, dies: runs.Moment | None = None, **changed: object
    ) -> runs.Running:
        """Settings in `changed` are written with `__` for a dot."""
        settings = {**self.settings, **{name.replace("__", "."): value for name, value in changed.items()}}
        log = self.logs / f"{target}-{len(list(self.logs.iterdir()))}"
        return runs.Running(target, settings, log, dies, head=head, split=split)

    def run(self, target: str, head: str = "iclip", split: int = 2, **changed: object) -> runs.Ended:
        return self.start(target, head, split, **changed).wait()

    def after(self, units: int, call: int = 1) -> runs.Moment:
        """A call of fsync after so many units have been published."""
        return runs.Moment(call, self.cache, UNITS, units)

    def plan(self, head: str = "iclip", split: int = 2, **changed: object) -> Plan:
        """The plan of such a command."""
        settings = {**self.settings, **{name.replace("__", "."): value for name, value in changed.items()}}
        choices = {"head": head, "split": str(split)}
        return Plan(load(ROOT / "pipeline.yaml", overrides=as_set(settings), choices=choices))

    def forget(self, *stages: str) -> None:
        """Remove what stages made (and `training`, the checkpoints)."""
        for folder in (self.cache / "jhmdb").iterdir():
            if folder.name.rsplit("-", 1)[0] in stages:
                shutil.rmtree(folder)


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of a small dataset, detector, encoder and training; each cache is put in place of theirs."""
    runs.warm_up()
    folder = tmp_path_factory.mktemp("made")
    runs.in_server(write_all, folder)
    return settings_of(folder)


@pytest.fixture(scope="session")
def by_make(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> ByMake:
    cache = tmp_path_factory.mktemp("by_make") / "cache"
    mine = {**settings, "cache.root": cache}
    return ByMake(cache, *(runs.make(target, mine).ok() for target in ("extract", "train", "eval")))


@pytest.fixture(scope="session")
def new_work(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path | None], Work]:
    """A cache of one's own: an empty one, or a copy of another."""

    def new(copy_of: Path | None = None) -> Work:
        folder = tmp_path_factory.mktemp("work")
        (folder / "logs").mkdir()
        if copy_of is not None:
            shutil.copytree(copy_of, folder / "cache")
        return Work({**settings, "cache.root": folder / "cache"}, folder / "cache", folder / "logs")

    return new


@pytest.fixture
def empty(new_work: Callable[[Path | None], Work]) -> Work:
    return new_work(None)


@pytest.fixture
def ready(by_make: ByMake, new_work: Callable[[Path | None], Work]) -> Work:
    """A copy of a cache in which everything is done."""
    return new_work(by_make.cache)


@pytest.fixture(scope="session")
def ava(tmp_path_factory: pytest.TempPathFactory) -> made_ava.Made:
    runs.warm_up()
    folder = tmp_path_factory.mktemp("ava")
    runs.in_server(made_ava.write_all, folder)
    return made_ava.Made(folder)
