"""Make a stage's missing units, publish each, and complete its artifacts."""

import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from zsstad_core.cache import ledger, set_aside
from zsstad_core.cache.artifact import WHOLE, Artifact, Group
from zsstad_core.cache.claims import claim, tidy
from zsstad_core.cache.set_aside import Failure
from zsstad_core.cache.stages import Stage
from zsstad_core.cache.tokens import write_tokens
from zsstad_core.errors import DataError, VideosFailedError
from zsstad_core.progress import Clock, Progress
from zsstad_core.tables import write_table

_NAMED = 5  # failed clips whose reasons are printed
_PAUSE = 0.2  # seconds until we check again whether another process has made what is left


@dataclass(frozen=True)
class Content:
    """The content of a unit: tables by name, tokens (a row for each row of the first table), files, what made them."""

    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    tokens: NDArray[np.generic] | None = None
    files: Mapping[str, bytes] = field(default_factory=dict)
    made_with: Mapping[str, Any] = field(default_factory=dict)  # the same for all units, or the artifact is refused
    notes: Mapping[str, Any] = field(default_factory=dict)  # further facts for a reader of this unit

    def write(self, folder: Path) -> None:
        for name, rows in self.tables.items():
            write_table(folder / f"{name}.parquet", name, rows)
        if self.tokens is not None:
            write_tokens(folder, self.tokens)
        for name, content in self.files.items():
            (folder / name).write_bytes(content)


Compute = Callable[[Group, Sequence[Artifact], Clock], Mapping[Stage, Content]]
"""(group of clips, the artifacts that lack its unit, clock) -> the content of each artifact's unit, by stage."""


class Sources(Protocol):
    """The files that a stage reads besides artifacts, each by its digest (`plan.inventory.Inventory`)."""

    def reading(self, members: Mapping[str, str]) -> AbstractContextManager[None]:
        """A block that reads videos (id -> digest). Raises VideosFailedError with every video that is not, or does not
        stay, what its digest says."""

    def refuse_changed(self, inputs: Mapping[str, Any]) -> None:
        """Raise DataError if a file that decides the content of an artifact with these inputs has changed since its
        digest was taken."""


@dataclass(frozen=True)
class Work:
    """The work of a stage: to make the missing units of `artifacts`.

    prepare: loads what the work needs (models); not called if nothing is missing.
    allowed: the share of the clips that may fail.
    sources: the files that the stage reads; None if it reads artifacts only.
    reads_videos: whether it reads the videos of the units that it makes.
    """

    name: str
    artifacts: Sequence[Artifact]
    prepare: Callable[[], Compute]
    allowed: float = 0.0
    sources: Sources | None = None
    reads_videos: bool = False

    def prepared(self) -> Compute:
        """What `prepare` gives. Raises DataError if a file that it has read is not what its digest says."""
        compute = self.prepare()
        self.refuse_changed(self.artifacts)
        return compute

    def refuse_changed(self, artifacts: Sequence[Artifact]) -> None:
        """Raise DataError if a file that decides the content of an artifact has changed since its digest was taken."""
        for artifact in artifacts if self.sources else ():
            self.sources.refuse_changed(artifact.inputs)  # type: ignore[union-attr]

    def reading(self, group: Group) -> AbstractContextManager[None]:
        """The block in which the units of a group are computed. Raises VideosFailedError as `Sources.reading`."""
        return self.sources.reading(group.members) if self.sources and self.reads_videos else nullcontext()


class Task(NamedTuple):
    """A group of clips, and the artifacts that lack its unit."""

    group: Group
    lacking: Sequence[Artifact]


class FinishedTask(NamedTuple):
    """A task that has ended: the clips that failed, with reasons, and the step that took most of the time."""

    task: Task
    failed: Mapping[str, str]
    waits_for: str


Runner = Callable[[Work, Sequence[Task]], Iterator[FinishedTask]]


def run_whole(name: str, artifact: Artifact, compute: Callable[[], Content], sources: Sources | None = None) -> None:
    """Make an artifact that is not divided by videos, if it is missing."""
    run(Work(name, [artifact], lambda: lambda group, artifacts, clock: {artifact.stage: compute()}, sources=sources))


def run(work: Work, runner: Runner | None = None) -> None:
    """Make the missing units; clips that several artifacts lack are computed in one pass.

    A clip that fails is set aside (`set_aside`), the others go on and the artifacts become complete without it.
    `runner` does the tasks; the default is `in_process`.

    Raises DataError at the end if more clips than `work.allowed` have failed.
    """
    if not work.artifacts:
        print(f"{work.name}: nothing to make, the method reads nothing of it under these settings")
        return
    tasks: dict[str, Task] = {}
    for artifact in work.artifacts:
        for group in artifact.begin():
            tasks.setdefault(group.name, Task(group, []))
            tasks[group.name] = Task(group, [*tasks[group.name].lacking, artifact])
    failed: dict[str, str] = {}
    if tasks:
        ended = (runner or in_process)(work, list(tasks.values()))
        clips = sum(len(task.group.members) for task in tasks.values())
        progress = Progress(work.name, clips, "clips") if work.artifacts[0].members != WHOLE else None
        for done in ended:
            failed |= done.failed
            if progress:
                progress.advance(len(done.task.group.members), done.waits_for)
    for artifact in work.artifacts:
        tidy(artifact)
        artifact.without(failed).complete()
    _judge(work, failed)


def in_process(work: Work, tasks: Sequence[Task]) -> Iterator[FinishedTask]:
    """Do one task after the other. A task that another command works on comes last, once that command has ended."""
    return _one_by_one(work, work.prepared(), tasks)  # prepares now, before the caller starts its progress line


def _one_by_one(work: Work, compute: Compute, tasks: Sequence[Task]) -> Iterator[FinishedTask]:
    waiting, refused, announced = deque(tasks), 0, False
    while waiting:
        task = waiting.popleft()
        if done := make(work, compute, task):
            refused = 0
            yield done
            continue
        waiting.append(task)
        refused += 1
        if refused >= len(waiting):
            if not announced:
                print(f"{work.name}: another command is making the rest; waiting for it", file=sys.stderr)
            announced = True
            time.sleep(_PAUSE)


def make(work: Work, compute: Compute, task: Task) -> FinishedTask | None:
    """Compute a group and publish its unit of every artifact that lacks it; None while another process does so.

    Clips that fail are set aside, and the units hold the other clips. Nothing is published of files that changed while
    they were read.
    """
    group, failed, clock = task.group, dict[str, str](), Clock()
    while group.members:
        with claim(group, task.lacking) as ours:
            if ours is None:
                return None
            if not ours:  # another process has made it since
                break
            try:
                with work.reading(group):
                    contents = compute(group, ours, clock)
            except VideosFailedError as error:
                failed |= error.reasons
                for video_id, reason in error.reasons.items():
                    set_aside.note(ours[0].root, Failure(video_id, group.members[video_id], work.name, reason))
                group = group.without(error.reasons)
                continue
            work.refuse_changed(ours)
            _publish(group, ours, contents, clock)
            break
    return FinishedTask(task, failed, clock.slowest())


def _publish(group: Group, lacking: Sequence[Artifact], contents: Mapping[Stage, Content], clock: Clock) -> None:
    with clock.on("write"):
        for artifact in lacking:
            content = contents[artifact.stage]
            about = {"made_with": dict(content.made_with), "noted": dict(content.notes)}
            with artifact.publish(group, **about) as folder:
                content.write(folder)
    for artifact in lacking:
        share = {part: seconds / len(lacking) for part, seconds in clock.total().items()}
        ledger.record(artifact.root, artifact.stage.name, artifact.key, group.name, len(group.members), share)


def _judge(work: Work, failed: Mapping[str, str]) -> None:
    """Print which clips failed. Raises DataError if more clips failed than the work allows, or all."""
    for reason in list(failed.values())[:_NAMED]:
        print(f"{work.name}: set aside: {reason}", file=sys.stderr)
    if len(failed) > _NAMED:
        print(f"{work.name}: set aside: {len(failed) - _NAMED} more, which `make status` lists", file=sys.stderr)
    wanted = len(work.artifacts[0].members)
    if failed and len(failed) == wanted:
        first = next(iter(failed.values()))
        raise DataError(f"{work.name}: {f'all {wanted} clips' if wanted > 1 else 'the only clip'} failed: {first}")
    if failed and len(failed) > work.allowed * wanted:
        raise DataError(
            f"{work.name}: {len(failed)} of {wanted} clips failed, more than cache.failures_allowed "
            f"({100 * work.allowed:g} %); `make status` lists them; mend or remove them, or allow more, and run again: "
            f"only they are tried again (first: {next(iter(failed.values()))})"
        )
    if failed:
        print(f"{work.name}: {len(failed)} of {wanted} clips failed and count as missed; `make status` lists them")
