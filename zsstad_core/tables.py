"""The tables that stages exchange: their columns, and how they are written to and read from Parquet.

Boxes are float32 `x1, y1, x2, y2` in pixels of the decoded frame; frame numbers start at 0. Other conventions are
converted where data comes in (`zsstad_core.datasets`), nowhere else. Every table is sorted by its first columns.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from zsstad_core.errors import CacheError, DataError

BOX = ["x1", "y1", "x2", "y2"]
_BOX_COLUMNS = dict.fromkeys(BOX, "float32")

COLUMNS: dict[str, dict[str, str]] = {
    # One row per video that decodes. `frames` counts the frames that decode, never those that the container claims; in
    # a dataset with keyframes only up to the last frame that could be wanted, since a film is longer. `digest` is the
    # SHA-256 of the file (for a folder of frames: of its sorted names and their digests).
    "videos": {
        "video_id": "str",
        "digest": "str",
        "width": "int32",
        "height": "int32",
        "frames": "int32",
        "fps": "float64",
    },
    # One row per frame that decodes; pts in seconds. In a dataset with keyframes: one row per wanted frame.
    "frames": {"video_id": "str", "frame": "int32", "pts": "float64"},
    # One row per keyframe, with the second that it is annotated as (`zsstad_core.keyframes`). Only in a dataset with
    # keyframes.
    "keyframes": {"video_id": "str", "frame": "int32", "second": "int32"},
    # One row per annotated (box, class). `box` numbers the persons of a frame and is the same for a person in all
    # frames of the video: the rows of a (video, box, class) are a tube. A person with several classes has several rows
    # with the same box; class_name "" is an unknown action (see `labelled`). `decoded` is false if the video has no
    # such frame. In a dataset with keyframes such a row is unplaced, as its `frame` tells, and its box may be in
    # fractions of the frame (`zsstad_core.unplaced`).
    "groundtruth": {
        "video_id": "str",
        "frame": "int32",
        "box": "int32",
        **_BOX_COLUMNS,
        "class_name": "str",
        "decoded": "bool",
    },
    # One row per detected box; `what` is "person" or the name of a COCO class, `box` numbers a frame's boxes, persons
    # first, then objects, each by falling score.
    "boxes": {"video_id": "str", "frame": "int32", "box": "int32", **_BOX_COLUMNS, "score": "float32", "what": "str"},
    # One row per box of a detected person: `track` numbers the persons of a video from 1 (`zsstad_core.tracks`), and is
    # UNTRACKED for a box that belongs to no track.
    "tracks": {"video_id": "str", "frame": "int32", "box": "int32", "track": "int32"},
    # One row per scored (box, class): score = probability x box_score, never rounded.
    "detections": {
        "video_id": "str",
        "frame": "int32",
        "box": "int32",
        **_BOX_COLUMNS,
        "class_name": "str",
        "score": "float64",
        "probability": "float64",
        "box_score": "float64",
    },
    # One row per row of detections, if `scoring.similarities` asks for it: the cosine similarity of the person's token
    # and the label's token, from which the probability was computed.
    "similarities": {
        "video_id": "str",
        "frame": "int32",
        "box": "int32",
        "class_name": "str",
        "similarity": "float64",
    },
}
_SORT = ["video_id", "frame", "box", "class_name"]


def table(name: str, rows: pd.DataFrame | dict[str, object] | None = None) -> pd.DataFrame:
    """`rows` as table `name`: exactly its columns, their types, sorted, a fresh index. None gives an empty table.

    Raises DataError where a column is missing or unknown, or a box is not finite or has no area.
    """
    columns = COLUMNS[name]
    frame = pd.DataFrame(rows if rows is not None else {column: [] for column in columns})
    if set(frame.columns) != set(columns):
        missing, unknown = set(columns) - set(frame.columns), set(frame.columns) - set(columns)
        raise DataError(f"table {name}: missing columns {sorted(missing)}, unknown columns {sorted(unknown)}")
    frame = frame[list(columns)].astype(columns)
    if "x1" in columns:
        refuse_bad_boxes(frame, f"table {name}")
    return frame.sort_values([c for c in _SORT if c in columns], kind="stable", ignore_index=True)


def labelled(groundtruth: pd.DataFrame) -> pd.DataFrame:
    """The rows of table groundtruth whose action is known."""
    return groundtruth[groundtruth["class_name"] != ""]


def refuse_bad_boxes(frame: pd.DataFrame, where: str) -> None:
    """Raise DataError naming the first box that is not finite or has no area."""
    xyxy = frame[BOX].to_numpy(np.float64)  # [rows, 4]
    bad = ~np.isfinite(xyxy).all(1) | (xyxy[:, 2] <= xyxy[:, 0]) | (xyxy[:, 3] <= xyxy[:, 1])
    if bad.any():
        row = frame.iloc[int(np.flatnonzero(bad)[0])]
        hint = "" if not np.isfinite(row[BOX].to_numpy(np.float64)).all() else "; are these x, y, width, height?"
        raise DataError(
            f"{where}: {row.video_id} frame {row.frame}: box {[float(row[c]) for c in BOX]} "
            f"must be finite with x1 < x2 and y1 < y2 ({int(bad.sum())} such boxes{hint})"
        )


def concat(name: str, parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """The rows of several tables `name` as one table, sorted."""
    return table(name, pd.concat(parts, ignore_index=True)) if parts else table(name)


def write_table(path: Path, name: str, frame: pd.DataFrame) -> None:
    """Write table `name` as Parquet; the same rows give the same bytes.

    Raises CacheError if the file does not read back as it was written.
    """
    arrow = pa.Table.from_pandas(table(name, frame), preserve_index=False).replace_schema_metadata({"table": name})
    pq.write_table(arrow, path, compression="zstd")
    if not pq.read_table(path).equals(arrow):
        raise CacheError(f"{path}: reads back as something else than was written; check the disk")


def read_table(path: Path, name: str, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """Read table `name` from Parquet, all columns or some. Raises CacheError where the file holds another table."""
    try:
        arrow = pq.read_table(path, columns=list(columns) if columns else None)
    except (OSError, pa.ArrowInvalid) as error:
        raise CacheError(f"{path}: not a readable Parquet file ({error}); run the stage that made it again") from error
    wanted = list(columns) if columns else list(COLUMNS[name])
    if arrow.column_names != wanted:
        raise CacheError(
            f"{path}: has columns {arrow.column_names}, table {name} has {wanted}; remove it and run again"
        )
    rows: pd.DataFrame = arrow.to_pandas().astype({column: COLUMNS[name][column] for column in wanted})
    return rows
