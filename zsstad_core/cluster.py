"""Make units as tasks on dask workers: processes on this host, workers of a running scheduler, or SLURM jobs.

A worker loads its model once and makes one unit at a time. If a worker is lost, its unit goes to another worker. A unit
that has lost `LOSSES` workers is split into its clips; a clip that loses as many workers alone is set aside.
"""

import contextlib
import importlib
import io
import logging
import os
import shlex
import sys
import time
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from zsstad_core.cache import set_aside
from zsstad_core.cache.artifact import Group
from zsstad_core.cache.set_aside import Failure
from zsstad_core.cache.stages import Stage
from zsstad_core.errors import SettingsError, UserError, WorkersLostError
from zsstad_core.plan.plan import Plan
from zsstad_core.settings.pipeline import Settings
from zsstad_core.settings.running import Workers as WorkersSettings
from zsstad_core.work import Compute, FinishedTask, Runner, Task, Work, make

LOSSES = 3
_LOOK = 30.0  # seconds without a finished task until we check whether any worker is left
_FETCH = 30.0  # seconds until the result of a finished task counts as lost with its worker; then the task is made again
_GONE = {
    "local": "all workers are gone and none comes back; finished units are kept: start again with fewer WORKERS, or "
    "none",
    "slurm": "no job of the workers is left in SLURM's queue; finished units are kept, the same command goes on from "
    "here",
}
_PAUSE = 0.5  # seconds until a worker checks again whether another command has made its unit


def on_workers(stage: str, settings: Settings) -> Runner | None:
    """A function that runs tasks on the workers of `settings.workers`; None if tasks run in this process.

    stage: the module whose `work(plan)` the workers call, such as "stages.detect".
    """
    if not settings.workers.count and not settings.workers.scheduler:
        return None

    def runner(work: Work, tasks: Sequence[Task]) -> Iterator[FinishedTask]:
        from distributed import KilledWorker

        from zsstad_core import same_code  # here, since its import reads all code

        modules = _deciding_modules(stage, settings)
        code = same_code.digest(same_code.describe(modules))
        with client_of(settings.workers) as client:
            same_code.refuse_others(client, modules)
            written, folder = settings.model_dump_json(), str(Path.cwd())

            def submit(task: Task) -> Any:
                lacking = [artifact.stage for artifact in task.lacking]
                return client.submit(make_unit, stage, code, written, folder, task.group, lacking, pure=False)

            todo = {submit(task): task for task in tasks}
            while todo:
                for future, outcome in _outcomes(client, settings.workers, list(todo)):
                    task = todo.pop(future)
                    if not isinstance(outcome, Exception):
                        yield FinishedTask(task, *outcome)
                    elif not isinstance(outcome, KilledWorker):
                        if not isinstance(outcome, UserError) or isinstance(outcome, same_code.OtherCodeError):
                            same_code.refuse_others(client, modules)  # a worker that came later: says what differs
                        raise outcome
                    elif len(task.group.members) > 1:
                        todo |= {submit(clip): clip for clip in _clip_by_clip(task)}
                    else:
                        yield FinishedTask(task, _set_aside(work, task), "")

    return runner


def _outcomes(client: Any, settings: WorkersSettings, futures: list[Any]) -> list[tuple[Any, Any]]:
    """The futures that have finished, each with its result or its task's exception; none after `_LOOK` seconds.

    Raises WorkersLostError if all workers that this process started are gone and none comes back
    (`nannies.all_gave_up`), or if the scheduler of another process is gone.
    """
    from distributed import CancelledError, wait
    from distributed.comm import CommClosedError

    from zsstad_core.nannies import all_gave_up

    outcomes = []
    try:
        for future in wait(futures, timeout=_LOOK, return_when="FIRST_COMPLETED").done:
            try:
                outcomes.append((future, future.result(timeout=_FETCH)))
            except CancelledError:
                raise
            except Exception as error:
                if future.status != "error":  # a timeout: the result is lost with its worker, another makes it again
                    raise
                outcomes.append((future, error))
    except TimeoutError:
        if not outcomes and all_gave_up(client.cluster):
            raise WorkersLostError(_GONE[settings.kind]) from None
    except (CancelledError, CommClosedError):  # CommClosedError: the scheduler is lost while it sends a result
        if not settings.scheduler:
            raise
        raise WorkersLostError(
            f"workers.scheduler is {settings.scheduler}; it does not answer any more; finished units are kept: "
            f"start it again, the same command goes on from here"
        ) from None
    return outcomes


def make_unit(
    stage: str, code: str, settings: str, folder: str, group: Group, lacking: Sequence[Stage]
) -> tuple[dict[str, str], str]:
    """In a worker: make the group's unit of the artifacts of the stages `lacking`.

    code: the digest of the command's code (`same_code.digest`); settings: as JSON; folder: where relative paths start.
    Returns the clips that failed, with reasons, and the name of the step that took most of the time. Raises
    OtherCodeError, before anything is read, if this worker's code is another.
    """
    from zsstad_core.same_code import refuse_other

    refuse_other(_deciding_modules(stage, Settings.model_validate_json(settings)), code)
    work, compute = _load_work(stage, settings, folder)
    task = Task(group, [artifact for artifact in work.artifacts if artifact.stage in lacking])
    while not (done := make(work, compute, task)):
        time.sleep(_PAUSE)
    return dict(done.failed), done.waits_for


def _deciding_modules(stage: str, settings: Settings) -> list[str]:
    """The modules outside the package that decide the content of units: a user's detector."""
    kind = settings.detector.kind
    return [stage, kind.partition(":")[0]] if ":" in kind else [stage]


@lru_cache(maxsize=1)
def _load_work(stage: str, settings: str, folder: str) -> tuple[Work, Compute]:
    """The stage's work as a worker rebuilds it from the settings, with its model loaded."""
    os.chdir(folder)
    chosen = Settings.model_validate_json(settings)
    with contextlib.redirect_stdout(io.StringIO()):  # the main process prints these lines once
        work: Work = importlib.import_module(stage).work(Plan(chosen.model_copy(update={"device": _device(chosen)})))
        return work, work.prepared()


def _device(settings: Settings) -> str:
    """The device of this worker: local workers share this host's GPUs in turn; other workers see only their own."""
    from distributed import get_worker

    name = get_worker().name
    if settings.device not in ("auto", "cuda") or not isinstance(name, int):
        return settings.device
    import torch

    count = torch.cuda.device_count()
    return f"cuda:{name % count}" if count else settings.device


def _clip_by_clip(task: Task) -> list[Task]:
    return [
        Task(Group({video_id: digest}, (video_id,)), task.lacking) for video_id, digest in task.group.members.items()
    ]


def _set_aside(work: Work, task: Task) -> dict[str, str]:
    ((video_id, digest),) = task.group.members.items()
    reason = f"{video_id}: {LOSSES} workers were lost one after the other while they read it (memory, a crash, a kill)"
    set_aside.note(task.lacking[0].root, Failure(video_id, digest, work.name, reason))
    return {video_id: reason}


@contextlib.contextmanager
def client_of(settings: WorkersSettings) -> Iterator[Any]:
    """A dask client for the block, at whose end the workers that this process started are stopped.

    Raises SettingsError if the scheduler does not answer, if a worker has several threads, or if SLURM refuses a job.
    """
    import dask
    from distributed import Client, LocalCluster

    if settings.scheduler:
        logging.getLogger("distributed.client").setLevel(logging.CRITICAL)  # our SettingsError says the same
        try:
            client = Client(settings.scheduler, timeout=5)
        except (OSError, ValueError) as error:
            raise SettingsError(
                f"workers.scheduler is {settings.scheduler}; nobody answers there ({error}); "
                f"start one with `dask scheduler`, or leave it empty"
            ) from error
        with client:
            _refuse_threads(client, settings.scheduler)
            yield client
        return
    from zsstad_core.nannies import LOST_WORKER_TIMEOUT, PatientNanny

    threads = str(max((os.cpu_count() or 1) // settings.count, 1))
    quiet = {"DASK_LOGGING__DISTRIBUTED": "critical"}  # a worker that is stopped would print tracebacks
    chosen = {
        "distributed.deploy.lost-worker-timeout": LOST_WORKER_TIMEOUT,
        "distributed.scheduler.allowed-failures": LOSSES - 1,
        "distributed.scheduler.worker-saturation": 1.0,  # a worker gets no second unit while the first may kill it
        "distributed.nanny.pre-spawn-environ": {"OMP_NUM_THREADS": threads, "MKL_NUM_THREADS": threads, **quiet},
    }
    with dask.config.set(chosen), _environment_kept():
        if settings.kind == "slurm":
            cluster = slurm(settings)
            _submit(cluster, settings.count)
        else:
            cluster = LocalCluster(
                n_workers=settings.count,
                worker_class=PatientNanny,
                threads_per_worker=1,
                memory_limit=None,
                dashboard_address=None,
                silence_logs=logging.CRITICAL,
            )
        with cluster, Client(cluster) as client:
            yield client


@contextlib.contextmanager
def _environment_kept() -> Iterator[None]:
    """At the end of the block, undo what dask writes into this process's environment (pre-spawn-environ)."""
    before = dict(os.environ)
    try:
        yield
    finally:
        for name in set(os.environ) - set(before):
            del os.environ[name]
        os.environ.update(before)


def slurm(settings: WorkersSettings) -> Any:
    """dask-jobqueue's cluster, which submits one job per worker (`job_script()` shows it); no job is submitted yet.

    Raises SettingsError if dask-jobqueue is not installed.
    """
    try:
        from dask_jobqueue import SLURMCluster
    except ImportError as error:
        raise SettingsError("workers.kind is slurm; that needs dask-jobqueue: pip install dask-jobqueue") from error
    own = settings.slurm
    return SLURMCluster(
        queue=own.partition or None,
        account=own.account or None,
        walltime=f"{own.hours:02}:00:00",
        memory=own.memory,
        job_cpu=own.cores,
        cores=1,  # threads of dask: a worker makes one unit at a time
        processes=1,
        python=sys.executable,
        job_extra_directives=shlex.split(own.options),
        job_script_prologue=[f"export OMP_NUM_THREADS={own.cores}"],
    )


def _submit(jobs: Any, count: int) -> None:
    """Submit `count` jobs of a SLURMCluster. Raises SettingsError with sbatch's message if it refuses a job."""
    from distributed import Status

    for _ in range(count):
        jobs.worker_spec.update(jobs.new_worker_spec())
    try:
        jobs.sync(jobs._correct_state)
    except (RuntimeError, OSError) as error:
        for job in jobs.workers.values():
            job.status = Status.failed  # else `close` takes a job that was never submitted for a running job
        jobs.close()
        reason = str(error).strip().splitlines()[-1]
        raise SettingsError(f"workers.kind is slurm; sbatch refused a job ({reason}); see workers.slurm") from None


def _refuse_threads(client: Any, scheduler: str) -> None:
    """Raise SettingsError if a worker has several threads: it would run two models on one GPU."""
    workers = client.scheduler_info(n_workers=-1)["workers"]
    for address, worker in workers.items():
        if worker["nthreads"] > 1:
            raise SettingsError(
                f"workers.scheduler is {scheduler}; its worker {address} has {worker['nthreads']} threads and would "
                f"make as many units at once; start workers with --nthreads 1"
            )
