"""A stage for tests of workers: its units list their clips, and some clips harm whoever reads them.

Files beside the cache name these clips: `deadly` those that kill the worker, `stuck` those that raise a TimeoutError,
and `ends` one that kills another process, whose number follows.
"""

import os
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path

from zsstad_core.cache.artifact import Artifact, Group
from zsstad_core.plan.plan import Plan
from zsstad_core.progress import Clock
from zsstad_core.work import Compute, Content, Work

KILLED = "killed"
"""A file of this name lies beside the cache once a clip has killed a worker."""


def work(plan: Plan) -> Work:
    folder = Path(plan.settings.cache.root).parent

    def compute(group: Group, artifacts: Sequence[Artifact], clock: Clock) -> Mapping[str, Content]:
        if not group.members.keys().isdisjoint(named(folder / "deadly")):
            (folder / KILLED).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        if not group.members.keys().isdisjoint(named(folder / "stuck")):
            raise TimeoutError("a disk of the network")
        if len(clip_and_number := named(folder / "ends")) == 2 and clip_and_number[0] in group.members:
            os.kill(int(clip_and_number[1]), signal.SIGKILL)
        (artifact,) = artifacts
        return {artifact.stage: Content(files={"clips.txt": " ".join(group.members).encode()})}

    def prepare() -> Compute:
        return compute

    return Work("index", [plan.index], prepare, plan.failures_allowed)


def named(file: Path) -> list[str]:
    return file.read_text().split() if file.exists() else []
