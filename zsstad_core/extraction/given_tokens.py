"""The encode stage's unit from files: tokens that were made elsewhere, one for each frame or box of the plan."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from zsstad_core.cache.artifact import Artifact, Group
from zsstad_core.cache.stages import Stage
from zsstad_core.cache.token_kinds import TokenKind
from zsstad_core.datasets.token_files import TokenFile
from zsstad_core.errors import DataError
from zsstad_core.progress import Clock
from zsstad_core.tables import BOX
from zsstad_core.work import Compute, Content

_TOLERANCE = 0.5  # pixels

type Slices = dict[str, slice]  # rows of a file by video


def given_tokens(
    files: Mapping[TokenKind, TokenFile], rows: Mapping[TokenKind, pd.DataFrame], artifacts: Sequence[Artifact]
) -> Compute:
    """A function that reads the tokens of a group from files. files, rows (table frames or boxes): one for each kind of
    `artifacts`.

    Every file is compared with the rows of all videos of its artifact, and all its tokens are checked, before anything
    is written. Raises DataError naming the file and the row that is wrong, or the row without a token.
    """
    by_kind = {artifact.stage.tokens: artifact for artifact in artifacts if artifact.stage.tokens}
    wanted = {kind: rows[kind][rows[kind]["video_id"].isin(artifact.members)] for kind, artifact in by_kind.items()}
    slices = {kind: match(files[kind], wanted[kind], artifact.members) for kind, artifact in by_kind.items()}

    def compute(group: Group, lacking: Sequence[Artifact], clock: Clock) -> dict[Stage, Content]:
        contents = {}
        for stage, kind in ((artifact.stage, artifact.stage.tokens) for artifact in lacking):
            assert kind is not None
            own = wanted[kind][wanted[kind]["video_id"].isin(group.members)].reset_index(drop=True)
            file = files[kind]
            with clock.on("read"):
                empty = file.read(0, 0)
                places = [slices[kind][video] for video in own["video_id"].unique()]
                tokens = np.concatenate([empty, *(file.read(place.start, place.stop) for place in places)])
            contents[stage] = Content({kind.table: own}, tokens, made_with=made_with(file))
        return contents

    return compute


def made_with(file: TokenFile) -> dict[str, str]:
    """The encoder that results name: the file's own description, or that the file has none."""
    return {"encoder": f"tokens from a file ({file.encoder or 'which does not say what made it'})"}


def match(file: TokenFile, rows: pd.DataFrame, videos: Collection[str]) -> Slices:
    """For each video the slice of the file's rows that holds it.

    Raises DataError unless the file's rows are sorted by video_id, frame, box; its rows for `videos` are exactly
    `rows`, with boxes that agree to half a pixel; and all tokens are finite. Rows of other videos are left out.
    """
    key = [name for name in ("video_id", "frame", "box") if name in rows]
    columns = {name: file.column(name, "text" if name == "video_id" else "whole") for name in key}
    columns |= {name: file.column(name, "number") for name in BOX if name in rows}
    found = pd.DataFrame(columns).astype({"video_id": "str"})
    _refuse_unsorted(file, found[key])

    own = found[found["video_id"].isin(videos)].reset_index(names="row")
    both = own.merge(rows, on=key, how="outer", suffixes=("", "_plan"), indicator="side")
    lacking, foreign = both[both["side"] == "right_only"], both[both["side"] == "left_only"]
    thing = "box" if "box" in key else "frame"
    if len(lacking):
        raise DataError(
            f"{file.path}: has no token of {_name(lacking.iloc[0])} ({len(lacking)} of {len(rows)} rows are not "
            f"there); every {thing} of the plan needs one"
        )
    if len(foreign):
        raise DataError(
            f"{file.path}: tokens[{int(foreign['row'].iloc[0])}] is of {_name(foreign.iloc[0])}, which the plan has no "
            f"{thing} of ({len(foreign)} such rows); make it for the plan's {thing}s"
        )
    if "box" in key and len(both):
        _refuse_other_boxes(file, both)
    if (row := file.first_not_finite()) is not None:
        raise DataError(f"{file.path}: tokens[{row}] ({_name(found.iloc[row])}) is NaN or infinite; make it again")
    return {
        str(video): slice(int(numbers.min()), int(numbers.max()) + 1)
        for video, numbers in own.groupby("video_id", sort=False)["row"]
    }


def _refuse_unsorted(file: TokenFile, keys: pd.DataFrame) -> None:
    """Raise DataError if a key is not greater than the key before it."""
    later = np.zeros(max(0, len(keys) - 1), np.bool_)
    same = ~later
    for name in keys:
        values = keys[name].to_numpy()
        later |= same & (values[1:] > values[:-1]).astype(np.bool_)
        same &= (values[1:] == values[:-1]).astype(np.bool_)
    if not later.all():
        row = int(np.flatnonzero(~later)[0])
        raise DataError(
            f"{file.path}: tokens[{row + 1}] ({_name(keys.iloc[row + 1])}) stands after {_name(keys.iloc[row])}; "
            f"rows must be sorted by {', '.join(map(str, keys))}, each once"
        )


def _refuse_other_boxes(file: TokenFile, both: pd.DataFrame) -> None:
    theirs = both[list(BOX)].to_numpy(np.float64)  # [rows, 4]
    plans = both[[f"{side}_plan" for side in BOX]].to_numpy(np.float64)
    bad = ~(np.abs(theirs - plans) <= _TOLERANCE).all(1)
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise DataError(
            f"{file.path}: {_name(both.iloc[row])} is [{_four(theirs[row])}], in the plan [{_four(plans[row])}] "
            f"({int(bad.sum())} such boxes); they must agree to {_TOLERANCE} pixels: are these tokens of other boxes?"
        )


def _name(row: "pd.Series[Any]") -> str:
    return " ".join([str(row["video_id"]), *(f"{part} {row[part]}" for part in ("frame", "box") if part in row)])


def _four(box: np.ndarray) -> str:
    return ", ".join(f"{side:.6g}" for side in box)
