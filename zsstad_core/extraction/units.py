"""Run a stage's missing units one after the other, publish each, and complete the artifacts."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from zsstad_core.cache import ledger
from zsstad_core.cache.artifact import WHOLE, Artifact, Group
from zsstad_core.cache.tokens import write_tokens
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


def run_units(name: str, artifacts: Sequence[Artifact], prepare: Callable[[], Compute]) -> None:
    """Make what is missing of `artifacts`; clips that several of them lack are computed in one pass.

    prepare: loads what the work needs (models); not called when there is nothing to do.
    """
    tasks: dict[str, tuple[Group, list[Artifact]]] = {}
    for artifact in artifacts:
        for group in artifact.begin():
            tasks.setdefault(group.name, (group, []))[1].append(artifact)
    if tasks:
        compute = prepare()
        clips = sum(len(group.members) for group, _ in tasks.values())
        progress = Progress(name, clips, "clips") if artifacts[0].members != WHOLE else None
        for group, lacking in tasks.values():
            clock = Clock()
            contents = compute(group, lacking, clock)
            with clock.on("write"):
                for artifact in lacking:
                    content = contents[artifact.stage]
                    about = {"made_with": dict(content.made_with), "noted": dict(content.noted)}
                    with artifact.publish(group, **about) as folder:
                        content.write(folder)
            for artifact in lacking:
                share = {part: seconds / len(lacking) for part, seconds in clock.total().items()}
                ledger.record(artifact.root, artifact.stage, artifact.key, group.name, len(group.members), share)
            if progress:
                progress.advance(len(group.members), clock.slowest())
    for artifact in artifacts:
        artifact.complete()
