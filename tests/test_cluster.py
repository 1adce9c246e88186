"""Units on dask workers: real processes of a real cluster, lost for real."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import dask
import pytest

from tests import killing_stage
from tests.conftest import ROOT
from tests.made_plans import plan, write_dataset
from zsstad_core import cluster
from zsstad_core.cache import set_aside
from zsstad_core.cluster import LOSSES, on_workers
from zsstad_core.errors import SettingsError, WorkersLostError
from zsstad_core.plan.plan import Plan
from zsstad_core.work import run

STAGE = "tests.killing_stage"


class Scheduler(NamedTuple):
    """Where it answers, and its process."""

    address: str
    process: "subprocess.Popen[str]"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_dataset(tmp_path / "jhmdb")
    (tmp_path / "deadly").write_text("")
    return tmp_path


def planned(folder: Path, **changed: Any) -> Plan:
    own = {"workers.count": 2, "cache.clips_per_unit": 3, "cache.failures_allowed": 0.5}
    return plan(folder, **{**own, **changed})


def extract(made: Plan) -> None:
    run(killing_stage.work(made), on_workers(STAGE, made.settings))


def held(made: Plan) -> list[str]:
    """Clips of all units, as workers wrote them."""
    return sorted(name for file in made.index.path.glob("unit-*/clips.txt") for name in file.read_text().split())


def test_without_workers_everything_is_in_this_process(folder: Path) -> None:
    assert on_workers(STAGE, planned(folder, **{"workers.count": 0}).settings) is None


@pytest.mark.fault(44)
def test_workers_make_every_unit_and_a_second_run_nothing(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    made = planned(folder)
    environment = dict(os.environ)
    extract(made)
    assert dict(os.environ) == environment  # threads and logs of workers are not ours
    assert held(made) == sorted(made.members)
    assert made.index.is_complete()
    assert "index: 8/8 clips" in capfd.readouterr().err
    extract(made)
    assert capfd.readouterr().err == ""


@pytest.mark.fault(43)
def test_a_clip_that_kills_its_workers_is_set_aside_and_the_others_are_made(folder: Path) -> None:
    made = planned(folder)
    deadly = sorted(made.members)[4]
    (folder / "deadly").write_text(deadly)
    extract(made)
    assert held(made) == sorted(set(made.members) - {deadly})
    failure = set_aside.recorded_failures(made.root, made.members)[deadly]
    assert f"{LOSSES} workers were lost" in failure.reason
    assert not [path for path in made.index.path.iterdir() if path.name.startswith(".")]


@pytest.mark.fault(43)
def test_however_long_an_interpreter_takes_its_nanny_is_waited_for(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """We look at once whether a worker is left, and dask by itself would end each nanny that has lost its worker."""
    monkeypatch.setattr(cluster, "_LOOK", 0.01)
    made = planned(folder, **{"workers.count": 1, "cache.clips_per_unit": 1})
    deadly = sorted(made.members)[4]
    (folder / "deadly").write_text(deadly)
    with dask.config.set({"distributed.deploy.lost-worker-timeout": "0s"}):
        extract(made)
    assert held(made) == sorted(set(made.members) - {deadly})


@pytest.mark.fault(43)
def test_where_no_interpreter_becomes_a_worker_any_more_the_run_ends_in_one_line(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "_LOOK", 0.01)
    made = planned(folder, **{"workers.count": 1, "cache.clips_per_unit": 1})
    (folder / "deadly").write_text(sorted(made.members)[4])
    ends = f"import os\nif os.path.exists({str(folder / killing_stage.KILLED)!r}):\n    os._exit(1)\n"
    (folder / "sitecustomize.py").write_text(ends)
    monkeypatch.setenv("PYTHONPATH", str(folder))
    with pytest.raises(WorkersLostError, match="all workers are gone and none comes back; finished units are kept"):
        extract(made)
    assert (folder / killing_stage.KILLED).exists()


def test_what_a_task_raises_is_raised_here_also_where_it_is_a_timeout(folder: Path) -> None:
    made = planned(folder, **{"workers.count": 1})
    (folder / "stuck").write_text(sorted(made.members)[4])
    with pytest.raises(TimeoutError, match="a disk of the network"):
        extract(made)


@pytest.fixture
def scheduler() -> Iterator[Scheduler]:
    """A scheduler of its own, and a worker of one thread, as a user starts them."""
    dask = [sys.executable, "-m", "dask"]
    quiet: dict[str, Any] = {"cwd": ROOT, "stdout": subprocess.DEVNULL, "text": True}
    head = subprocess.Popen(
        [*dask, "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard"], stderr=subprocess.PIPE, **quiet
    )
    assert head.stderr is not None
    address = next(line.split()[-1] for line in head.stderr if "Scheduler at:" in line)
    worker = subprocess.Popen([*dask, "worker", address, "--nthreads", "1"], stderr=subprocess.DEVNULL, **quiet)
    yield Scheduler(address, head)
    for process in (worker, head):
        process.terminate()
        process.wait()


def test_workers_of_a_running_scheduler_are_used(scheduler: Scheduler, folder: Path) -> None:
    made = planned(folder, **{"workers.count": 0, "workers.scheduler": scheduler.address})
    extract(made)
    assert held(made) == sorted(made.members)


@pytest.mark.fault(43)
def test_a_scheduler_that_is_lost_ends_the_run_in_one_line(scheduler: Scheduler, folder: Path) -> None:
    """Its worker, who was in the middle of a clip, ends it."""
    made = planned(folder, **{"workers.count": 0, "workers.scheduler": scheduler.address})
    (folder / "ends").write_text(f"{sorted(made.members)[4]} {scheduler.process.pid}")
    with pytest.raises(
        WorkersLostError, match=f"workers.scheduler is {scheduler.address}; it does not answer any more"
    ):
        extract(made)


def test_a_scheduler_that_is_not_there_is_said_so(folder: Path) -> None:
    made = planned(folder, **{"workers.scheduler": "tcp://127.0.0.1:9"})
    with pytest.raises(SettingsError, match=r"workers.scheduler is tcp://127.0.0.1:9; nobody answers there"):
        extract(made)


def test_workers_that_would_make_several_units_at_once_are_refused(folder: Path) -> None:
    from distributed import LocalCluster

    with LocalCluster(n_workers=1, threads_per_worker=2, processes=False, dashboard_address=None) as local:
        made = planned(folder, **{"workers.scheduler": local.scheduler_address})
        with pytest.raises(SettingsError, match=r"has 2 threads .* start workers with --nthreads 1"):
            extract(made)
