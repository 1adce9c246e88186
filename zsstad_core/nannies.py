"""Tell whether lost dask workers come back, by the state of their nannies or SLURM jobs instead of a timeout.

On this host a nanny watches each worker and restarts its interpreter, which takes seconds or minutes; a SLURM job may
wait for days. So a run has lost its workers if every nanny has given up, or if every job has left the queue.
"""

import os
import subprocess
from collections.abc import Iterable
from typing import Any

from distributed import Nanny, Status

STARTS = 3
"""Interpreters in a row that may end before they become a worker; then their nanny gives up."""

LOST_WORKER_TIMEOUT = "10000 days"
"""Value of `distributed.deploy.lost-worker-timeout`. With dask's 15 seconds, a cluster closes the nanny, or cancels the
job, of a worker whose new interpreter takes longer to start."""

_ENDED = {Status.closing, Status.closed, Status.failed}


class PatientNanny(Nanny):  # type: ignore[misc]
    """A nanny that waits for an interpreter without a limit, and gives up after STARTS interpreters in a row that fail.

    An interpreter ends before it becomes a worker if memory is short, or if the environment has been damaged. dask's
    own nanny starts the next interpreter without end.
    """

    _starts = 0

    async def instantiate(self) -> Status:
        """Start an interpreter; returns the status of its process. Raises what dask's nanny raises."""
        self._starts += 1
        if self._starts > STARTS:
            await self.close(reason="no interpreter becomes a worker")
            return Status.failed
        status = await super().instantiate()
        if status == Status.running:
            self._starts = 0
        elif status == Status.failed:  # no process was created, so no process ends, which would start the next
            await self.close(reason="no process can be created")
        return status


def all_gave_up(cluster: Any) -> bool:
    """Whether a LocalCluster or SLURMCluster has no worker, and will have none.

    cluster: None stands for the scheduler of another process, where workers may start at any time: False.
    """
    if cluster is None:
        return False
    started = list(cluster.workers.values())
    if all(isinstance(nanny, Nanny) for nanny in started):
        return all(nanny.status in _ENDED for nanny in started)
    return not cluster.scheduler_info["workers"] and not any_queued(job.job_id for job in started)


def any_queued(jobs: Iterable[str]) -> bool:
    """Whether any of these SLURM jobs (by id) waits or runs.

    True if squeue gives no answer: a job counts as ended only if SLURM says so.
    """
    words = ["squeue", "--noheader", "--format=%i", f"--user={os.getuid()}"]
    try:
        listed = subprocess.run(words, capture_output=True, text=True, check=True, timeout=60).stdout
    except (OSError, subprocess.SubprocessError):
        return True
    return not set(jobs).isdisjoint(listed.split())
