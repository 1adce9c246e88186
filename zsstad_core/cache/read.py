"""Read a complete artifact: its tables as one table, its tokens as one array, only for the wanted videos."""

from collections.abc import Collection

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from zsstad_core import tables
from zsstad_core.cache.artifact import Artifact
from zsstad_core.cache.tokens import read_tokens


def read_artifact_table(artifact: Artifact, name: str) -> pd.DataFrame:
    """Table `name` of all units, sorted."""
    parts = []
    for unit, wanted in artifact.parts():
        rows = tables.read_table(unit.file(f"{name}.parquet"), name)
        parts.append(rows[rows["video_id"].isin(wanted)] if wanted != ("",) else rows)
    return tables.concat(name, parts)


def read_artifact_tokens(
    artifact: Artifact, name: str, videos: Collection[str] | None = None
) -> tuple[pd.DataFrame, NDArray[np.generic]]:
    """Rows (table `name`, sorted) and their tokens [rows, ...], of some videos, or of all wanted videos (None).

    Units that hold none of the videos are not read.
    """
    rows_of, tokens_of = [], []
    for unit, wanted in artifact.parts():
        chosen = [video for video in wanted if videos is None or video in videos]
        if not chosen:
            continue
        rows = tables.read_table(unit.file(f"{name}.parquet"), name)
        keep = rows["video_id"].isin(chosen).to_numpy()
        rows_of.append(rows[keep])
        tokens_of.append(read_tokens(unit)[keep])
    if not rows_of:
        return tables.table(name), np.empty((0, 0), np.float16)
    rows = pd.concat(rows_of, ignore_index=True)
    keys = [column for column in ("video_id", "frame", "box") if column in rows]
    order = rows.sort_values(keys, kind="stable").index.to_numpy()  # units come by their names, not by their videos
    return rows.iloc[order].reset_index(drop=True), np.concatenate(tokens_of)[order]
