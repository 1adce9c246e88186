"""Run a stage's missing units one after the other, publish each, and complete the artifacts."""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from zsstad_core.cache import ledger, set_aside
from zsstad_core.cache.artifact import WHOLE, Artifact, Group
from zsstad_core.cache.set_aside import Failure
from zsstad_core.cache.tokens import write_tokens
from zsstad_core.errors import DataError
from zsstad_core.extraction.footage import VideosFailedError
from zsstad_core.progress import Clock, Progress
from zsstad_core.tables import write_table


@dataclass(frozen=True)
class Content:
    """What a unit holds: tables by name, tokens whose rows are those of the first table, files, and what made them."""

    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    tokens: NDArray[np.generic] | None = None
    files: Mapping[str, bytes] = field(default_factory=dict)
    made_with: Mapping[str, Any] = field(default_factory=dict)  # the same for all units, or the artifact is refused
    noted: Mapping[str, Any] = field(default_factory=dict)  # what a reader of this unit may want to know

    def write(self, folder: Path) -> None:
        for name, rows in self.tables.items():
            write_table(folder / f"{name}.parquet", name, rows)
        if self.tokens is not None:
            write_tokens(folder, self.tokens)
        for name, content in self.files.items():
            (folder / name).write_bytes(content)


Compute = Callable[[Group, Sequence[Artifact], Clock], Mapping[str, Content]]
"""A group of clips and the artifacts that lack it -> what each artifact's unit holds, by the artifact's stage."""


def run_whole(name: str, artifact: Artifact, compute: Callable[[], Content]) -> None:
    """Make an artifact that is not divided by videos, if it is missing."""
    run_units(name, [artifact], lambda: lambda group, artifacts, clock: {artifact.stage: compute()})


def run_units(name: str, artifacts: Sequence[Artifact], prepare: Callable[[], Compute], allowed: float = 0.0) -> None:
    """Make what is missing of `artifacts`; clips that several of them lack are computed in one pass.

    prepare: loads what the work needs (models); not called when there is nothing to do.
    allowed: the share of the clips that may fail. A clip that fails is set aside (`set_aside`), the others go on and
    the artifacts become complete without it.

    Raises DataError, when all is done, where more than `allowed` have failed.
    """
    tasks: dict[str, tuple[Group, list[Artifact]]] = {}
    for artifact in artifacts:
        for group in artifact.begin():
            tasks.setdefault(group.name, (group, []))[1].append(artifact)
    failed: dict[str, str] = {}
    if tasks:
        compute = prepare()
        clips = sum(len(group.members) for group, _ in tasks.values())
        progress = Progress(name, clips, "clips") if artifacts[0].members != WHOLE else None
        for group, lacking in tasks.values():
            clock = Clock()
            failed |= make_unit(name, compute, group, lacking, clock)
            if progress:
                progress.advance(len(group.members), clock.slowest())
    for artifact in artifacts:
        artifact.without(failed).complete()
    _judge(name, failed, len(artifacts[0].members), allowed)


def make_unit(name: str, compute: Compute, group: Group, lacking: Sequence[Artifact], clock: Clock) -> dict[str, str]:
    """Compute a group and publish its unit of every artifact that lacks it.

    Returns the clips that failed, with reasons: they are set aside, and the units hold the others.
    """
    failed: dict[str, str] = {}
    contents: Mapping[str, Content] = {}
    while group.members:
        try:
            contents = compute(group, lacking, clock)
            break
        except VideosFailedError as error:
            failed |= error.reasons
            for video_id, reason in error.reasons.items():
                failure = Failure(video_id, group.members[video_id], name, reason)
                set_aside.note(lacking[0].root, failure)
            group = group.without(error.reasons)
    if group.members:
        _publish(group, lacking, contents, clock)
    return failed


def _publish(group: Group, lacking: Sequence[Artifact], contents: Mapping[str, Content], clock: Clock) -> None:
    with clock.on("write"):
        for artifact in lacking:
            content = contents[artifact.stage]
            about = {"made_with": dict(content.made_with), "noted": dict(content.noted)}
            with artifact.publish(group, **about) as folder:
                content.write(folder)
    for artifact in lacking:
        share = {part: seconds / len(lacking) for part, seconds in clock.total().items()}
        ledger.record(artifact.root, artifact.stage, artifact.key, group.name, len(group.members), share)


def _judge(name: str, failed: Mapping[str, str], wanted: int, allowed: float) -> None:
    """Say which clips failed; too many are an error."""
    for reason in list(failed.values())[:5]:
        print(f"{name}: set aside: {reason}", file=sys.stderr)
    if failed and len(failed) > allowed * wanted:
        raise DataError(
            f"{name}: {len(failed)} of {wanted} clips failed, more than cache.failures_allowed ({100 * allowed:g} %); "
            "`make status` lists them; mend or remove them, or allow more, and run again: only they are tried again"
            f" (first: {next(iter(failed.values()))})"
        )
    if failed:
        print(f"{name}: {len(failed)} of {wanted} clips failed and count as missed; `make status` lists them")
