"""Questions about a graph of artifacts. Its edges are `Artifact.needs`, which `plan.Plan` states, and nobody else."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from zsstad_core.cache.artifact import Artifact


class Step(NamedTuple):
    """A run of a stage: what it makes, what must be there before, and the stage's target of make."""

    makes: list[Artifact]
    needs: list[Artifact]
    target: str


def upstream(last: Sequence[Artifact], leaves: Collection[Artifact] = ()) -> list[Artifact]:
    """Some artifacts and all that they are made from, each once, after everything it needs.

    leaves: artifacts whose own needs are another plan's concern, and are not followed.
    """
    found: dict[Path, Artifact] = {}
    ends = {leaf.path for leaf in leaves}

    def visit(artifact: Artifact) -> None:
        if artifact.path in found:
            return
        for need in artifact.needs if artifact.path not in ends else ():
            visit(need)
        found[artifact.path] = artifact

    for artifact in last:
        visit(artifact)
    return list(found.values())


def steps(artifacts: Sequence[Artifact]) -> list[Step]:
    """One step a stage, in the order of `artifacts`, which are all that is made, each after what it needs.

    A need that is never made (views that are decoded whenever they are read) stands for what it needs itself.
    """
    made = {artifact.path: artifact for artifact in artifacts}
    by_target: dict[str, list[Artifact]] = {}
    for artifact in artifacts:
        by_target.setdefault(artifact.stage.target, []).append(artifact)
    return [Step(makes, _needs(makes, made), target) for target, makes in by_target.items()]


def _needs(makes: Sequence[Artifact], made: Mapping[Path, Artifact]) -> list[Artifact]:
    """The artifacts among `made` that these need, in its order."""
    found: set[Path] = set()
    waiting = [need for artifact in makes for need in artifact.needs]
    while waiting:
        need = waiting.pop()
        if need.path in made:
            found.add(need.path)
        else:
            waiting += need.needs
    return [artifact for path, artifact in made.items() if path in found]
