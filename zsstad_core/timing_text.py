"""Where the time of a dataset's artifacts went, from the ledger: the table of `make timing`."""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from zsstad_core.cache.artifact import WHOLE
from zsstad_core.cache.units import unit_name
from zsstad_core.errors import MissingFileError
from zsstad_core.formatting import count_text, duration_text, padded_columns


@dataclass
class _Stage:
    """Sums over the units of one stage."""

    units: int = 0
    clips: int = 0
    total: float = 0.0
    parts: dict[str, float] = field(default_factory=dict)

    def add(self, line: dict[str, Any]) -> None:
        self.units += 1
        self.clips += _clips(line)
        for part, seconds in line["seconds"].items():
            if part == "total":
                self.total += seconds
            else:
                self.parts[part] = self.parts.get(part, 0.0) + seconds

    def shares(self) -> str:
        """`decode 70 %, write 20 %, other 10 %`, the largest first."""
        parts = sorted(self.parts.items(), key=lambda part: -part[1])
        other = self.total - sum(self.parts.values())
        shown = [*parts, *([("other", other)] if self.parts else [])]
        return ", ".join(f"{name} {_share(seconds, self.total)}" for name, seconds in shown if _rounded(seconds, self))


def table(root: Path) -> str:
    """The table as text: per stage units, clips, time, clips a second and shares of the time; then the slowest unit.

    root: a dataset's folder in the cache. Raises MissingFileError if it has no ledger.
    """
    lines = list(_lines(root / "ledger.jsonl"))
    if not lines:
        return f"timing: {root / 'ledger.jsonl'} holds no line yet"
    stages: dict[str, _Stage] = {}
    for line in lines:
        stages.setdefault(line["stage"], _Stage()).add(line)
    rows = [("stage", "units", "clips", "time", "clips/s", "where the time went")]
    for name, stage in stages.items():
        rate = _rate(stage.clips / stage.total) if stage.clips and stage.total else ""
        clips = str(stage.clips) if stage.clips else ""
        rows.append((name, str(stage.units), clips, duration_text(stage.total), rate, stage.shares()))
    shown = ["  ".join(cells).rstrip() for cells in padded_columns(rows, "<>>>>")]
    return "\n".join([*shown, "", *_slowest(stages, lines)])


def _slowest(stages: dict[str, _Stage], lines: list[dict[str, Any]]) -> Iterator[str]:
    name, stage = max(stages.items(), key=lambda item: item[1].total)
    total = sum(stage.total for stage in stages.values())
    yield f"slowest: {name}, {_share(stage.total, total)} of {duration_text(total)}"
    line = max((line for line in lines if line["stage"] == name), key=lambda line: line["seconds"]["total"])
    clips = f" for {count_text(_clips(line), 'clip')}" if _clips(line) else ""
    where = f"{name}-{line.get('key')}/{line.get('unit')}, {line.get('when')}, {line.get('host')}"
    yield f"its slowest unit: {duration_text(line['seconds']['total'])}{clips} ({where})"


def _lines(file: Path) -> Iterator[dict[str, Any]]:
    """The valid lines of the ledger; a line that was cut when its process was killed is left out."""
    try:
        texts = file.read_text(errors="replace").splitlines()
    except OSError as error:
        raise MissingFileError(
            f"{file}: {error.strerror or error}; the first unit that make computes writes it"
        ) from error
    for text in texts:
        try:
            line = json.loads(text)
            if isinstance(line["stage"], str) and isinstance(line["clips"], int) and _are_times(line["seconds"]):
                yield line
        except (ValueError, KeyError, TypeError):
            continue


def _clips(line: dict[str, Any]) -> int:
    """The number of clips in a unit; 0 if the artifact is not divided by videos (its ledger line says 1)."""
    clips: int = line["clips"]
    return 0 if line.get("unit") == unit_name(WHOLE) else clips


def _are_times(seconds: Any) -> bool:
    return "total" in seconds and all(
        isinstance(value, int | float) and math.isfinite(value) for value in seconds.values()
    )


def _share(seconds: float, total: float) -> str:
    return f"{100 * seconds / total:.0f} %" if total else "0 %"


def _rounded(seconds: float, stage: _Stage) -> bool:
    """Whether the share is shown: half a percent or more."""
    return bool(stage.total) and seconds / stage.total >= 0.005


def _rate(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"
