"""Columns of tables as arrays: classes and frames as numbers, the rows of each class; and checks of tables.

Each distinct name is compared once, not once per row: a table of millions of rows should hold names as categoricals.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from zsstad_core.errors import DataError
from zsstad_core.tables import BOX

type Ints = NDArray[np.int64]
type Floats = NDArray[np.float64]

COUNTS = ["ap", "groundtruth", "detections", "true_positives"]

_UNKNOWN = -1


def codes(values: "pd.Series[str]", names: "pd.Index[str]") -> NDArray[np.int32]:
    """The index of each value in `names`, -1 if it is not in them: int32 [rows]."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        number_of_value, distinct = values.cat.codes.to_numpy(), values.cat.categories
    else:
        number_of_value, distinct = pd.factorize(values)
    code_of_number = np.append(names.get_indexer(pd.Index(distinct)), _UNKNOWN).astype(np.int32)
    found: NDArray[np.int32] = code_of_number[number_of_value]
    return found


def frame_keys(table: pd.DataFrame, videos: "pd.Index[str]") -> Ints:
    """A number for the frame of each row, int64 [rows], the same in all tables; negative for other videos."""
    keys: Ints = (codes(table["video_id"], videos).astype(np.int64) << 32) + table["frame"].to_numpy(np.int64)
    return keys


def video_names(*tables: pd.DataFrame) -> "pd.Index[str]":
    """The videos of some tables, each once, in order of appearance."""
    return pd.Index(pd.unique(pd.concat([pd.Series(table["video_id"].unique()) for table in tables]).astype(object)))


def rows_of_each_class(code: NDArray[np.int32], classes: int) -> Iterator[Ints]:
    """The rows of class 0, 1, ..., each rising; rows of code -1 belong to no class."""
    narrow = code.astype(np.int16) if classes < 2**15 else code  # int16 is sorted by counting
    order = np.argsort(narrow, kind="stable")
    bounds = np.searchsorted(narrow[order], np.arange(classes + 1))
    for number in range(classes):
        yield order[bounds[number] : bounds[number + 1]]


def boxes_of(table: pd.DataFrame, rows: Ints) -> Floats:
    """The boxes of some rows: float64 [rows, 4]."""
    return np.stack([table[side].to_numpy()[rows] for side in BOX], axis=1).astype(np.float64)


def add_recall(per_class: pd.DataFrame) -> pd.DataFrame:
    """The counts of each class with a column recall, NaN for a class without ground truth."""
    recall = per_class["true_positives"] / per_class["groundtruth"].where(per_class["groundtruth"] > 0)
    return per_class.assign(recall=recall)


def refuse_invalid(groundtruth: pd.DataFrame, detections: pd.DataFrame, classes: Sequence[str], iou: float) -> None:
    """Raise DataError if a class is named twice, `iou` is not an overlap, or a score is not finite."""
    twice = [name for name in dict.fromkeys(classes) if list(classes).count(name) > 1]
    if twice:
        raise DataError(f"classes to evaluate: {twice[0]} is named twice; name each class once")
    if not 0 < iou <= 1:
        raise DataError(f"the smallest overlap is {iou}; it must be above 0 and at most 1")
    infinite = ~np.isfinite(detections["score"].to_numpy(np.float64))
    if infinite.any():
        row = detections.iloc[int(np.flatnonzero(infinite)[0])]
        raise DataError(
            f"detections: {_where(row)} {row.class_name}: score is {row.score}; "
            "it must be finite (a head that diverged in training gives such scores)"
        )


def refuse_repeated_groundtruth(groundtruth: pd.DataFrame) -> None:
    """Raise DataError if an annotated person has a class twice in a frame."""
    repeated = groundtruth.duplicated(["video_id", "frame", "box", "class_name"]).to_numpy()
    if repeated.any():
        row = groundtruth.iloc[int(np.flatnonzero(repeated)[0])]
        raise DataError(
            f"ground truth: {_where(row)} has class {row.class_name} twice; annotate each class of a person once"
        )


def _where(row: "pd.Series[str]") -> str:
    return f"{row.video_id} frame {row.frame}" + (f" box {row.box}" if "box" in row else "")
