"""A stage for tests of workers: its units list their clips, and some clips kill whoever reads them.

The file `deadly` beside the cache names these.
"""

import os
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path

from zsstad_core.cache.artifact import Artifact, Group
from zsstad_core.plan.plan import Plan
from zsstad_core.progress import Clock
from zsstad_core.work import Compute, Content, Work


def work(plan: Plan) -> Work:
    deadly = (Path(plan.settings.cache.root).parent / "deadly").read_text().split()

    def prepare() -> Compute:
        return lambda group, artifacts, clock: compute(group, artifacts, clock, deadly)

    return Work("index", [plan.index], prepare, plan.settings.cache.failures_allowed)


def compute(group: Group, artifacts: Sequence[Artifact], clock: Clock, deadly: Sequence[str]) -> Mapping[str, Content]:
    if set(deadly) & set(group.members):
        os.kill(os.getpid(), signal.SIGKILL)
    (artifact,) = artifacts
    return {artifact.stage: Content(files={"clips.txt": " ".join(group.members).encode()})}
