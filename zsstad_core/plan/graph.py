"""Follow a graph of artifacts. Its edges are `Artifact.needs`, which only the properties of `plan.Plan` set."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from zsstad_core.cache.artifact import Artifact


class Step(NamedTuple):
    """One run of a stage: what it makes, what must be there before, and the stage's target of make."""

    makes: list[Artifact]
    needs: list[Artifact]
    target: str


def upstream(last: Sequence[Artifact], leaves: Collection[Artifact] = ()) -> list[Artifact]:
    """The `last` artifacts and all artifacts that they are made from, each once, after everything it needs.

    leaves: artifacts whose needs are not followed, because another plan makes them.
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
    """One step per stage, in the order of `artifacts`: all artifacts that are made, each after what it needs.

    A need that is never made (views that are decoded whenever they are read) is replaced by its own needs.
    """
    made = {artifact.path: artifact for artifact in artifacts}
    by_target: dict[str, list[Artifact]] = {}
    for artifact in artifacts:
        by_target.setdefault(artifact.stage.target, []).append(artifact)
    return [Step(makes, _needs(makes, made), target) for target, makes in by_target.items()]


def _needs(makes: Sequence[Artifact], made: Mapping[Path, Artifact]) -> list[Artifact]:
    """The artifacts in `made` that `makes` need, in the order of `made`."""
    found: set[Path] = set()
    waiting = [need for artifact in makes for need in artifact.needs]
    while waiting:
        need = waiting.pop()
        if need.path in made:
            found.add(need.path)
        else:
            waiting += need.needs
    return [artifact for path, artifact in made.items() if path in found]
