"""Published rows to show beside the measured rows of a table; their numbers are data, in `published.yaml`."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from zsstad_core.splits import first_name

_FILE = Path(__file__).with_name("published.yaml")


@dataclass(frozen=True)
class Published:
    """A published row, in percent. values: by the name of the split in the table of this project.

    group: "unseen", or "seen" for full supervision. boxes: detected or groundtruth. average, harmonic: None if the
    paper has no number that can be compared.
    """

    method: str
    head: str
    source: str
    group: str
    boxes: str
    values: dict[str, float] = field(default_factory=dict)
    average: float | None = None
    harmonic: float | None = None


def published_rows(dataset: str, splits: Sequence[str]) -> list[Published]:
    """The published rows that have a number for one of these splits of a dataset.

    Average and harmonic mean are given only if `splits` are exactly those of the paper's table. A row whose lists of
    classes were not published (50/50) gives its average beside any 50/50 splits, and no number for single splits.
    """
    rows: list[Published] = []
    for table in yaml.safe_load(_FILE.read_text(encoding="utf-8")):
        columns = _columns(dataset, splits, table["splits"])
        if table["dataset"] != dataset or columns is None:
            continue
        for entry in table["rows"]:
            rows += [_row(entry, entry, "detected", table, columns)]
            rows += [_row(entry, entry["groundtruth"], "groundtruth", table, columns)] if "groundtruth" in entry else []
    return rows


@dataclass(frozen=True)
class _Columns:
    place: dict[str, int]  # split -> its place in the paper's table
    whole: bool  # the splits are exactly those of the paper's table


def _columns(dataset: str, splits: Sequence[str], of_paper: Sequence[str]) -> _Columns | None:
    if list(of_paper) == ["50/50"]:
        return _Columns({}, whole=True) if all(split.startswith("50/50-") for split in splits) else None
    theirs = {first_name(dataset, split): place for place, split in enumerate(of_paper)}
    ours = {split: first_name(dataset, split) for split in splits}
    place = {split: theirs[name] for split, name in ours.items() if name in theirs}
    return _Columns(place, whole=set(ours.values()) == theirs.keys()) if place else None


def _row(
    entry: dict[str, Any], numbers: dict[str, Any], boxes: str, table: dict[str, Any], columns: _Columns
) -> Published:
    group = "seen" if "seen" in numbers else "unseen"
    note = f" ({entry['note']})" if "note" in entry else ""
    return Published(
        method=f"{entry['method']}{note}",
        head=entry.get("head", ""),
        source=table["source"],
        group=group,
        boxes=boxes,
        values={split: numbers[group][place] for split, place in columns.place.items()},
        average=numbers["average"] if columns.whole else None,
        harmonic=numbers.get("harmonic") if columns.whole else None,
    )
