"""The table of `make plan`: which artifacts are fresh, partial, missing or stale, and why."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from zsstad_core.cache import ledger
from zsstad_core.cache.artifact import WHOLE, Artifact
from zsstad_core.cache.differences import Inputs, as_json, compare, newest_other, replaced_clips
from zsstad_core.cache.units import published_units
from zsstad_core.formatting import duration_text, size_text
from zsstad_core.plan.plan import Plan


class _Row(NamedTuple):
    artifact: str
    state: str
    units: str
    clips: str = ""
    size: str = ""
    expected: str = ""
    why: str = ""


_HEADER = _Row("artifact", "state", "units", "clips", "size", "expected", "why")


def table(plan: Plan) -> str:
    """One line per artifact: state, units, clips, size on disk, expected time, and what changed since the last one."""
    pace = ledger.seconds_per_clip(plan.root)
    planned = {artifact.path: as_json(artifact.inputs) for artifact in plan.all()}
    rows = [_HEADER, *(_row(artifact, pace, planned) for artifact in plan.all())]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADER) - 1)]
    return "\n".join(
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row.why]).rstrip()
        for row in rows
    )


def _row(artifact: Artifact, pace: Mapping[str, float], planned: Mapping[Path, Inputs]) -> _Row:
    there, todo = artifact.groups()
    size = size_text(
        sum(entry["bytes"] for unit in published_units(artifact.path) for entry in unit.manifest["files"].values())
    )
    clips = str(len(artifact.members)) if artifact.members != WHOLE else ""
    units = f"{len(there)}/{len(there) + len(todo)}"
    name, stage = artifact.path.name, artifact.stage.name
    if artifact.is_complete():
        return _Row(name, "fresh", units, clips, size)
    missing = sum(len(group.members) for group in todo)
    expected = duration_text(pace[stage] * missing) if missing and stage in pace else ""
    changed = len(replaced_clips(artifact, todo))
    if there:
        of_them = f", {changed} of them changed" if changed else ""
        why = f"{missing} clips to do{of_them}" if missing else "all clips are there already"
        return _Row(name, "partial", units, clips, size, expected, why)
    changes = f"{changed} clips changed" if changed else _changes(artifact, planned)
    return _Row(name, "stale" if changes else "missing", units, clips, "", expected, changes)


def _changes(artifact: Artifact, planned: Mapping[Path, Inputs]) -> str:
    """What differs from the newest artifact of the same stage."""
    other = newest_other(artifact)
    return "; ".join(dict.fromkeys(map(str, compare(other, artifact, planned)))) if other else ""
