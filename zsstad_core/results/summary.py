"""The numbers of a table from the numbers of its runs: averages over splits, harmonic means, deviation over seeds."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from zsstad_core.metrics.summary import harmonic_mean


@dataclass(frozen=True)
class Number:
    """The mean over seeds, as a fraction, NaN if undefined; the sample deviation, NaN for a single seed."""

    mean: float
    deviation: float

    def to_json(self) -> dict[str, float | None]:
        return {name: None if np.isnan(value) else value for name, value in vars(self).items()}

    def __str__(self) -> str:
        if np.isnan(self.mean):
            return "-"
        return f"{100 * self.mean:.2f}" + ("" if np.isnan(self.deviation) else f" ± {100 * self.deviation:.2f}")


@dataclass(frozen=True)
class Row:
    """The row of a head with one kind of boxes: unseen, seen, harmonic of each split, and their averages and H.

    H is the harmonic mean of the unseen and the seen average (as the papers take it), not the mean of `harmonic`.
    """

    head: str
    boxes: str
    unseen: dict[str, Number]
    seen: dict[str, Number]
    harmonic: dict[str, Number]
    average_unseen: Number
    average_seen: Number
    harmonic_of_averages: Number

    def to_json(self) -> dict[str, Any]:
        return {
            name: value.to_json()
            if isinstance(value, Number)
            else {split: number.to_json() for split, number in value.items()}
            if isinstance(value, dict)
            else value
            for name, value in vars(self).items()
        }


def rows_of(results: pd.DataFrame) -> list[Row]:
    """Rows by head and boxes, heads and splits in the order of `results` (`runs.results_of`).

    If one split has no number, the average has none either, since it would be an average over other splits.
    """
    return [
        _row(str(head), str(boxes), of_head)
        for (head, boxes), of_head in results.groupby(["head", "boxes"], sort=False)
    ]


def _row(head: str, boxes: str, results: pd.DataFrame) -> Row:
    splits = list(results["split"].unique())
    # A head without training has one seed, None.
    seeds = results["seed"].astype(object).where(results["seed"].notna(), None)
    values = {
        name: results.assign(seed=seeds.map(str)).pivot_table(
            index="seed", columns="split", values=name, dropna=False, aggfunc=lambda cell: cell.iloc[0]
        )[splits]
        for name in ("unseen", "seen", "harmonic")
    }  # [seeds, splits] each
    unseen, seen = (values[name].to_numpy(np.float64).mean(1) for name in ("unseen", "seen"))
    return Row(
        head,
        boxes,
        **{name: {split: _number(table[split]) for split in splits} for name, table in values.items()},
        average_unseen=_number(unseen),
        average_seen=_number(seen),
        harmonic_of_averages=_number([harmonic_mean(*pair) for pair in zip(unseen, seen, strict=True)]),
    )


def _number(values: "Sequence[float] | np.ndarray[Any, Any] | pd.Series[float]") -> Number:
    array = np.asarray(values, np.float64)
    return Number(float(array.mean()), float(array.std(ddof=1)) if len(array) > 1 else float("nan"))
