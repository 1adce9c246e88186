"""Unplaced rows: annotation in seconds whose frames are not known yet, and how the column `frame` marks them.

A dataset that annotates one frame a second (AVA) names seconds, and boxes as fractions of the frame. The frame of a
second, and its size, are known only when the video has been decoded. So table groundtruth has two sorts of rows, which
the column `frame` tells apart:

| | frame | box | decoded |
|---|---|---|---|
| placed | a frame's number, from 0 | pixels of that frame | true |
| unplaced | UNPLACED + second | fractions of the frame, from 0 to 1 | false |
| unplaced, but the video is there | UNPLACED + second | pixels of the video | false |

Before the index is made, all rows are unplaced (though `decoded` is true, as in the table of every dataset).
`place_on_frames` places them; a row stays unplaced if the video is not there or has no keyframe for its second. No
video has UNPLACED frames: at 60 frames a second it would last half a year.
"""

from typing import TYPE_CHECKING

import numpy as np

from zsstad_core.keyframes import NOWHERE

if TYPE_CHECKING:
    import pandas as pd

UNPLACED = 1_000_000_000


def unplaced(second: "pd.Series[int]") -> "pd.Series[int]":
    """The column `frame` for rows that are annotated at these seconds, before their frames are known."""
    return second + UNPLACED


def place_on_frames(annotated: "pd.DataFrame", videos: "pd.DataFrame", keyframes: "pd.DataFrame") -> "pd.DataFrame":
    """Place a table groundtruth, whose rows are all unplaced, on the frames of the videos, with boxes in pixels.

    videos, keyframes: the tables of the index. Rows of videos that are not in the index stay as they are, with
    `decoded` false. A second without a keyframe keeps its frame number, and its boxes become pixels.
    """
    from zsstad_core.tables import BOX, table

    second = annotated["frame"] - UNPLACED
    rows = annotated.assign(second=second.astype("int32"))
    rows = rows.merge(keyframes, on=["video_id", "second"], how="left", suffixes=("", "_found"), validate="many_to_one")
    decoded = rows["frame_found"].notna()
    frame = rows["frame_found"].where(decoded, rows["frame"]).astype("int32")
    size = videos.set_index("video_id")[["width", "height"]].reindex(rows["video_id"]).fillna(1.0).to_numpy(np.float64)
    boxes = rows[BOX].to_numpy(np.float64) * np.tile(size, 2)  # [rows, 4]
    pixels = dict(zip(BOX, boxes.T, strict=True))
    columns = ["video_id", "box", "class_name"]
    return table("groundtruth", {**rows[columns], "frame": frame, **pixels, "decoded": decoded})


def second_of(rows: "pd.DataFrame", keyframes: "pd.DataFrame") -> "pd.Series[int]":
    """The annotated second of each row (columns video_id, frame) of a table of boxes, int64; NOWHERE if the frame
    is no keyframe."""
    second = rows[["video_id", "frame"]].merge(keyframes, on=["video_id", "frame"], how="left")["second"]
    second = second.fillna(NOWHERE).astype("int64").set_axis(rows.index)
    return second.where(rows["frame"] < UNPLACED, rows["frame"].astype("int64") - UNPLACED)


def frame_text(frame: int) -> str:
    """The frame in words, for messages: `frame 12`, or, for an unplaced row, `second 902`."""
    return f"second {frame - UNPLACED}" if frame >= UNPLACED else f"frame {frame}"
