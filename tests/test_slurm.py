"""Workers as jobs of SLURM; its commands are scripts here, which run a job as a process of this host."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import killing_stage
from tests.made_plans import plan, write_dataset
from zsstad_core import cluster
from zsstad_core.cluster import client_of, on_workers, slurm
from zsstad_core.errors import SettingsError, WorkersLostError
from zsstad_core.nannies import any_queued
from zsstad_core.settings.running import Slurm, Workers
from zsstad_core.work import run

RUNS = 'setsid bash "$1" > "{folder}/job.log" 2>&1 & echo $! >> "{folder}/queue"; echo "Submitted batch job $!"'
WAITS = 'echo 17 >> "{folder}/queue"; echo "Submitted batch job 17"'
REFUSES = 'echo "sbatch: error: invalid partition" >&2; exit 1'
LISTS = 'cat "{folder}/queue"'
ENDS = 'kill -- "-$1"'  # the group that RUNS has started


@pytest.fixture
def commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of sbatch, squeue and scancel, first on the PATH; SLURM's jobs are numbers in its file `queue`."""
    folder = tmp_path / "slurm"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    write(folder, "squeue", LISTS)
    write(folder, "scancel", "true")  # most jobs here are but a number
    return folder


def write(folder: Path, name: str, script: str) -> None:
    (folder / name).write_text(f"#!/bin/bash\n{script.format(folder=folder)}\n")
    (folder / name).chmod(0o755)


def test_the_job_that_slurm_gets() -> None:
    asked = Slurm(partition="gpu", account="lab", cores=6, memory="24GB", hours=12, options="--gres=gpu:1 --nice")
    with slurm(Workers(kind="slurm", count=3, slurm=asked)) as jobs:
        script = jobs.job_script()
    lines = script.splitlines()
    for wanted in ("-p gpu", "-A lab", "--cpus-per-task=6", "--mem=23G", "-t 12:00:00", "--gres=gpu:1", "--nice"):
        assert any(line == f"#SBATCH {wanted}" for line in lines), (wanted, script)
    assert "export OMP_NUM_THREADS=6" in lines
    assert f"{sys.executable} -m distributed.cli.dask_worker" in lines[-1]
    assert "--nthreads 1" in lines[-1]


@pytest.mark.slow
def test_jobs_make_every_unit(commands: Path, tmp_path: Path) -> None:
    write(commands, "sbatch", RUNS)
    write(commands, "scancel", ENDS)
    write_dataset(tmp_path / "jhmdb")
    made = plan(tmp_path, **{"workers.count": 2, "workers.kind": "slurm", "cache.clips_per_unit": 3})
    run(killing_stage.work(made), on_workers("tests.killing_stage", made.settings))
    assert made.index.is_complete()


@pytest.mark.fault(43)
def test_a_job_that_waits_in_the_queue_is_waited_for_and_one_that_has_ended_is_not(
    commands: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "_LOOK", 0.01)
    write(commands, "sbatch", WAITS)
    settings = Workers(kind="slurm", count=1)
    with client_of(settings) as client:
        futures = [client.submit(len, "task")]
        assert cluster._outcomes(client, settings, futures) == []
        (commands / "queue").write_text("16\n18\n")
        with pytest.raises(WorkersLostError, match="no job of the workers is left in SLURM's queue"):
            cluster._outcomes(client, settings, futures)


@pytest.mark.parametrize(("script", "says"), [(REFUSES, "invalid partition"), (None, "No such file .* 'sbatch'")])
def test_a_job_that_slurm_refuses_is_one_line(commands: Path, script: str | None, says: str) -> None:
    if script:
        write(commands, "sbatch", script)
    with (
        pytest.raises(
            SettingsError, match=f"workers.kind is slurm; sbatch refused a job .*{says}.*; see workers.slurm"
        ),
        client_of(Workers(kind="slurm", count=2)),
    ):
        pass


@pytest.mark.parametrize(
    ("queue", "left"),
    [('echo "17"', True), ('echo "16"', False), ("true", False), ("exit 1", True), ('echo "slow" >&2; exit 2', True)],
)
def test_a_job_has_ended_only_where_slurm_says_so(commands: Path, queue: str, left: bool) -> None:
    write(commands, "squeue", queue)
    assert any_queued(["17"]) is left


def test_where_there_is_no_squeue_no_job_has_ended(commands: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (commands / "squeue").unlink()
    monkeypatch.setenv("PATH", str(commands))
    assert any_queued(["17"])
