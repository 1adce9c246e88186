"""Settings of where things are kept and run; none of them decides content."""

from typing import Annotated, Literal

from pydantic import Field

from zsstad_core.settings.base import HOW, Fraction, Section


class Cache(Section):
    """Where artifacts land and how they are cut into units."""

    root: Annotated[str, HOW] = "cache"
    """Folder of all artifacts."""

    clips_per_unit: Annotated[int, HOW, Field(ge=1)] = 32
    """Clips that are computed, published and, if need be, redone together."""

    failures_allowed: Annotated[Fraction | None, HOW] = None
    """Share of the clips that a stage may fail to read and still end well; null: 0.01, and of your own videos (dataset
    `folder`) all but one. They are set aside, tried again by the next run, and their ground truth counts as missed;
    `make status` lists them."""


class Slurm(Section):
    """What a SLURM job of one worker asks for (dask-jobqueue; the checkout must be on a shared file system)."""

    partition: Annotated[str, HOW] = ""
    """Partition to submit to; empty: the cluster's own default."""

    account: Annotated[str, HOW] = ""
    """Account to charge."""

    cores: Annotated[int, HOW, Field(ge=1)] = 8
    """CPU cores of a job."""

    memory: Annotated[str, HOW] = "32GB"
    """Memory of a job."""

    hours: Annotated[int, HOW, Field(ge=1)] = 4
    """Hours after which a job ends; what it had not finished goes to another worker."""

    options: Annotated[str, HOW] = ""
    """More options of sbatch, such as `--gres=gpu:1 --constraint=a100`."""


class Workers(Section):
    """Where index, detect and encode run: in one process, or as tasks on dask workers."""

    count: Annotated[int, HOW, Field(ge=0)] = 0
    """Workers to start; 0: no workers, everything in one process. Several share this host's GPUs in turn."""

    kind: Annotated[Literal["local", "slurm"], HOW] = "local"
    """Processes on this host, or SLURM jobs."""

    scheduler: Annotated[str, HOW] = ""
    """Address of a dask scheduler whose workers are to be used, `tcp://HOST:8786`, instead of starting any. They must
    see the same files and run in this environment, with `--nthreads 1`."""

    slurm: Slurm = Slurm()
