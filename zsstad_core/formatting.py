"""Sizes, times, counts and tables as people read them."""

from collections.abc import Sequence


def size_text(size: float) -> str:
    """Bytes as `999 B`, `1.5 kB`, …: steps of a thousand."""
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"


def duration_text(seconds: float) -> str:
    """Seconds as `0.3 s`, `45 s`, `13 min`, `1.5 h`."""
    if seconds < 1:
        return f"{seconds:.1g} s"
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def count_text(count: int, noun: str) -> str:
    """`1 unit`, `2 units`."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def padded_columns(rows: Sequence[Sequence[str]], sides: str) -> list[list[str]]:
    """The cells of a table, padded so that the columns stand under each other.

    sides: "<" (text to the left) or ">" (to the right) for each column. Further columns are not padded.
    """
    widths = [max(len(row[column]) for row in rows) for column in range(len(sides))]
    return [
        [*(f"{cell:{side}{width}}" for cell, side, width in zip(row, sides, widths, strict=False)), *row[len(sides) :]]
        for row in rows
    ]
