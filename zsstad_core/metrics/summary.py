"""The three numbers of a zero-shot benchmark: mean AP of the unseen and the seen classes, and their harmonic mean."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import pandas as pd

from zsstad_core.errors import DataError


class Groups(Protocol):
    """Class names in two groups; a `LabelSplit` is one."""

    @property
    def seen(self) -> Sequence[str]: ...

    @property
    def unseen(self) -> Sequence[str]: ...


@dataclass(frozen=True)
class Summary:
    """Mean APs, 0 to 1; NaN if a group has no class with ground truth. Printed in percent."""

    unseen: float
    seen: float
    harmonic: float
    without_groundtruth: tuple[str, ...]  # classes of either group that are in no mean

    def to_json(self) -> dict[str, Any]:
        """Plain data for JSON; None where a mean is NaN."""
        means = {name: json_number(getattr(self, name)) for name in ("unseen", "seen", "harmonic")}
        return means | {"without_groundtruth": list(self.without_groundtruth)}

    def __str__(self) -> str:
        return f"unseen {percent(self.unseen)}  seen {percent(self.seen)}  H {percent(self.harmonic)}"


def summarise(per_class: pd.DataFrame, split: Groups) -> Summary:
    """The summary of `frame_ap`'s table over the groups of `split`.

    A class without ground truth is in no mean; a class with ground truth and no detection counts as 0. Raises DataError
    if a class of the split was not evaluated.
    """
    names = [*split.unseen, *split.seen]
    absent = [name for name in names if name not in per_class.index]
    if absent:
        raise DataError(f"frame AP: class {absent[0]} of the label split was not evaluated; evaluate all its classes")
    ap = per_class["ap"]
    unseen, seen = float(ap.loc[list(split.unseen)].mean()), float(ap.loc[list(split.seen)].mean())
    left_out = tuple(name for name in names if math.isnan(ap.loc[name]))
    return Summary(unseen, seen, harmonic_mean(unseen, seen), left_out)


def harmonic_mean(a: float, b: float) -> float:
    """2ab / (a + b); 0 if either is 0, NaN if either is NaN."""
    if math.isnan(a) or math.isnan(b):
        return float("nan")
    return 0.0 if a == 0 or b == 0 else 2 * a * b / (a + b)


def percent(fraction: float | None) -> str:
    """A fraction as the papers print it: 0.9473 is 94.73; NaN and None are a dash."""
    return "-" if fraction is None or math.isnan(fraction) else f"{100 * fraction:.2f}"


def json_number(value: float) -> float | None:
    """A number for JSON; NaN, which JSON does not have, becomes None."""
    return None if math.isnan(value) else float(value)
