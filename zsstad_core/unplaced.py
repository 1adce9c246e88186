"""Annotation of seconds that waits for its frames: the one convention by which a row says that it has none yet.

A dataset that annotates one frame a second (AVA) names seconds, and boxes as fractions of the frame. Which frame a
second is, and how large that is, is known only when the video was decoded. So rows of table groundtruth are of two
sorts, told apart row by row by the column `frame`:

| | frame | box | decoded |
|---|---|---|---|
| placed | a frame's number, from 0 | pixels of that frame | true |
| unplaced | UNPLACED + second | fractions of the frame, from 0 to 1 | false |
| unplaced, but the video is there | UNPLACED + second | pixels of the video | false |

Before the index is made all rows are unplaced (though `decoded` is true, as in every dataset's own table).
`place_on_frames` makes the others out of them; what stays unplaced are seconds that the video has no keyframe of, and
videos that are not there. No video has UNPLACED frames: at 60 a second that is half a year.
"""

from typing import TYPE_CHECKING

import numpy as np

from zsstad_core.keyframes import NOWHERE

if TYPE_CHECKING:
    import pandas as pd

UNPLACED = 1_000_000_000


def unplaced(second: "pd.Series[int]") -> "pd.Series[int]":
    """The column `frame` of rows that are annotated at these seconds, before their frames are known."""
    return second + UNPLACED


def place_on_frames(annotated: "pd.DataFrame", videos: "pd.DataFrame", keyframes: "pd.DataFrame") -> "pd.DataFrame":
    """Table groundtruth on the frames of the videos, in pixels, out of one whose rows are all unplaced.

    videos, keyframes: the tables of the index. Rows of videos that are not in the index stay as they are, with
    `decoded` false; so do the frame numbers of seconds that a video has no keyframe of, but their boxes become pixels.
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
    """The annotated second of each row (columns video_id, frame) of a table of boxes, int64; NOWHERE where it stands
    on a frame that is no keyframe."""
    second = rows[["video_id", "frame"]].merge(keyframes, on=["video_id", "frame"], how="left")["second"]
    second = second.fillna(NOWHERE).astype("int64").set_axis(rows.index)
    return second.where(rows["frame"] < UNPLACED, rows["frame"].astype("int64") - UNPLACED)


def frame_text(frame: int) -> str:
    """`frame 12`, or `second 902` of a row that is unplaced: for messages."""
    return f"second {frame - UNPLACED}" if frame >= UNPLACED else f"frame {frame}"
