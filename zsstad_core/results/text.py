"""A table as text: Markdown that can be read as plain text, and the same as plain data for JSON."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import pandas as pd

from zsstad_core.formatting import padded_columns
from zsstad_core.results.published import Published
from zsstad_core.results.summary import Number, Row

type Cells = Sequence[str]


def as_json(about: Mapping[str, Any], rows: Sequence[Row], others: Sequence[Published], runs: pd.DataFrame) -> Any:
    """The whole table: measured rows as fractions, published rows in percent, and the keys of every run."""
    plain = runs.astype(object).where(runs.notna(), None).to_dict("records")
    return {
        **about,
        "rows": [row.to_json() for row in rows],
        "published (percent)": [asdict(other) for other in others],
        "runs": plain,
    }


def as_markdown(about: Mapping[str, Any], rows: Sequence[Row], others: Sequence[Published]) -> str:
    """The tables, in percent: unseen classes as in the papers, seen classes, H of each split, ground-truth boxes."""
    splits = list(rows[0].unseen)
    notes = {source: f"[{number}]" for number, source in enumerate(dict.fromkeys(other.source for other in others), 1)}
    blocks = [
        ("Unseen classes", _unseen_table(rows, others, splits, notes)),
        ("Unseen classes, ground-truth boxes", _groundtruth_boxes_table(rows, others, splits, notes)),
        ("Seen classes", _seen_table(rows, others, splits, notes)),
        ("Harmonic mean of unseen and seen, each split by itself", _harmonic_table(rows, splits)),
    ]
    lines = [f"# {about['title']}", "", *(f"{line}  " for line in about["notes"])]
    for title, table in blocks:
        if any(cell not in ("-", "") for row in table[1:] for cell in row[1:]):
            lines += ["", f"## {title}", "", *markdown_table(table)]
    if notes:
        lines += ["", "Published:", "", *(f"- {number} {source}" for source, number in notes.items())]
    return "\n".join([*lines, ""])


def runs_as_markdown(runs: pd.DataFrame) -> str:
    """Every run with its numbers, and the keys of the artifacts that they come from."""
    table: list[Cells] = [("head", "split", "boxes", "seed", "unseen", "seen", "H", "train", "score", "evaluate")]
    for run in runs.to_dict("records"):
        seed = "" if pd.isna(run["seed"]) else str(run["seed"])
        numbers = (str(Number(float(run[name]), float("nan"))) for name in ("unseen", "seen", "harmonic"))
        names = (str(run[name]) for name in ("head", "split", "boxes"))
        table.append((*names, seed, *numbers, *(str(run[stage]) for stage in ("train", "score", "evaluate"))))
    return "\n".join(["## Runs", "", *markdown_table(table), ""])


def markdown_table(table: Sequence[Cells]) -> list[str]:
    """A Markdown table with padded columns: the first to the left, the others to the right."""
    header, *rows = padded_columns(table, "<" + ">" * (len(table[0]) - 1))
    first, *others = ("-" * (len(cell) + 1) for cell in header)
    rule = f"|{'|'.join([first + '-', *(dashes + ':' for dashes in others)])}|"
    return [_line(header), rule, *map(_line, rows)]


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _unseen_table(
    rows: Sequence[Row], others: Sequence[Published], splits: Sequence[str], notes: Mapping[str, str]
) -> list[Cells]:
    header = ("", *_columns(splits), "avg", "H", "avg*", "H*")
    cells = {
        row.head: (*map(str, row.unseen.values()), str(row.average_unseen), str(row.harmonic_of_averages))
        for row in rows
        if row.boxes == "detected"
    }
    starred = {
        row.head: (str(row.average_unseen), str(row.harmonic_of_averages)) for row in rows if row.boxes == "groundtruth"
    }
    boxed = {(other.method, other.source): other for other in others if other.boxes == "groundtruth"}
    published: list[tuple[Published, Cells]] = []
    for other in others:
        if other.boxes == "detected" and other.group == "unseen":
            star = boxed.get((other.method, other.source))
            last = (_percent(star.average), _percent(star.harmonic)) if star else ("-", "-")
            published.append(
                (other, (*_values(other, splits), _percent(other.average), _percent(other.harmonic), *last))
            )
    ours = {head: (*own, *starred[head]) for head, own in cells.items()}
    return [header, *_interleave(ours, published, notes)]


def _groundtruth_boxes_table(
    rows: Sequence[Row], others: Sequence[Published], splits: Sequence[str], notes: Mapping[str, str]
) -> list[Cells]:
    ours = {
        row.head: (*map(str, row.unseen.values()), str(row.average_unseen), str(row.harmonic_of_averages))
        for row in rows
        if row.boxes == "groundtruth"
    }
    published = [
        (other, (*_values(other, splits), _percent(other.average), _percent(other.harmonic)))
        for other in others
        if other.boxes == "groundtruth"
    ]
    return [("", *_columns(splits), "avg*", "H*"), *_interleave(ours, published, notes)]


def _seen_table(
    rows: Sequence[Row], others: Sequence[Published], splits: Sequence[str], notes: Mapping[str, str]
) -> list[Cells]:
    starred = {row.head: str(row.average_seen) for row in rows if row.boxes == "groundtruth"}
    ours = {
        row.head: (*map(str, row.seen.values()), str(row.average_seen), starred[row.head])
        for row in rows
        if row.boxes == "detected"
    }
    published = [
        (other, (*_values(other, splits), _percent(other.average), "-")) for other in others if other.group == "seen"
    ]
    return [("", *_columns(splits), "avg", "avg*"), *_interleave(ours, published, notes)]


def _harmonic_table(rows: Sequence[Row], splits: Sequence[str]) -> list[Cells]:
    own = [(f"{row.head}{'*' if row.boxes == 'groundtruth' else ''}", *map(str, row.harmonic.values())) for row in rows]
    return [("", *_columns(splits)), *own]


def _interleave(
    ours: Mapping[str, Cells], published: Sequence[tuple[Published, Cells]], notes: Mapping[str, str]
) -> Iterable[Cells]:
    """Each measured row, with the published rows of its method under it; then the published rows of other methods."""
    for head, cells in ours.items():
        yield (f"**{head}**", *cells)
        yield from ((f"{other.method} {notes[other.source]}", *own) for other, own in published if other.head == head)
    yield from ((f"{other.method} {notes[other.source]}", *own) for other, own in published if other.head not in ours)


def _columns(splits: Sequence[str]) -> list[str]:
    return [f"split {split}" if split.isdigit() else split for split in splits]


def _values(other: Published, splits: Sequence[str]) -> list[str]:
    return [_percent(other.values.get(split)) for split in splits]


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
