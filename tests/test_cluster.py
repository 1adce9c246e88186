"""Units on dask workers: real processes of a real cluster, lost for real."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import killing_stage
from tests.conftest import ROOT
from tests.made_plans import plan, write_dataset
from zsstad_core.cache import set_aside
from zsstad_core.cluster import LOSSES, on_workers, slurm
from zsstad_core.errors import SettingsError
from zsstad_core.plan.plan import Plan
from zsstad_core.settings.running import Slurm, Workers
from zsstad_core.work import run

STAGE = "tests.killing_stage"


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
    failure = set_aside.noted(made.root, made.members)[deadly]
    assert f"{LOSSES} workers were lost" in failure.reason
    assert not [path for path in made.index.path.iterdir() if path.name.startswith(".")]


@pytest.fixture
def scheduler() -> Iterator[str]:
    """A scheduler of its own, and a worker of one thread, as a user starts them."""
    dask = [sys.executable, "-m", "dask"]
    quiet: dict[str, Any] = {"cwd": ROOT, "stdout": subprocess.DEVNULL, "text": True}
    head = subprocess.Popen(
        [*dask, "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard"], stderr=subprocess.PIPE, **quiet
    )
    assert head.stderr is not None
    address = next(line.split()[-1] for line in head.stderr if "Scheduler at:" in line)
    worker = subprocess.Popen([*dask, "worker", address, "--nthreads", "1"], stderr=subprocess.DEVNULL, **quiet)
    yield address
    for process in (worker, head):
        process.terminate()
        process.wait(30)


def test_workers_of_a_running_scheduler_are_used(scheduler: str, folder: Path) -> None:
    made = planned(folder, **{"workers.count": 0, "workers.scheduler": scheduler})
    extract(made)
    assert held(made) == sorted(made.members)


def test_a_scheduler_that_is_not_there_is_said_so(folder: Path) -> None:
    made = planned(folder, **{"workers.scheduler": "tcp://127.0.0.1:9"})
    with pytest.raises(SettingsError, match=r"workers.scheduler is tcp://127.0.0.1:9; nobody answers there"):
        extract(made)


def test_workers_that_would_make_several_units_at_once_are_refused(folder: Path) -> None:
    from distributed import LocalCluster

    with LocalCluster(n_workers=1, threads_per_worker=2, processes=False, dashboard_address=None) as cluster:
        made = planned(folder, **{"workers.scheduler": cluster.scheduler_address})
        with pytest.raises(SettingsError, match=r"has 2 threads .* start workers with --nthreads 1"):
            extract(made)


def test_the_job_that_slurm_gets(tmp_path: Path) -> None:
    asked = Slurm(partition="gpu", account="lab", cores=6, memory="24GB", hours=12, options="--gres=gpu:1 --nice")
    with slurm(Workers(kind="slurm", count=3, slurm=asked)) as cluster:
        script = cluster.job_script()
    lines = script.splitlines()
    for wanted in ("-p gpu", "-A lab", "--cpus-per-task=6", "--mem=23G", "-t 12:00:00", "--gres=gpu:1", "--nice"):
        assert any(line == f"#SBATCH {wanted}" for line in lines), (wanted, script)
    assert "export OMP_NUM_THREADS=6" in lines
    assert f"{sys.executable} -m distributed.cli.dask_worker" in lines[-1]
    assert "--nthreads 1" in lines[-1]
