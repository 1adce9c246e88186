"""Choose the boxes that become tokens, by token kind."""

from collections.abc import Sequence

import pandas as pd

from zsstad_core import tables
from zsstad_core.cache.token_kinds import TokenKind
from zsstad_core.frozen.detector.frame_boxes import PERSON


def boxes_of(
    kinds: Sequence[TokenKind], detected: pd.DataFrame | None, annotated: pd.DataFrame | None
) -> dict[TokenKind, pd.DataFrame]:
    """Table boxes of each kind whose tokens are of boxes. `detected` is table boxes, `annotated` table groundtruth."""
    boxes: dict[TokenKind, pd.DataFrame] = {}
    for kind in kinds:
        match kind.rows:
            case "person" if detected is not None:
                boxes[kind] = detected[detected["what"] == PERSON]
            case "object" if detected is not None:
                boxes[kind] = detected[detected["what"] != PERSON]
            case "groundtruth" if annotated is not None:
                boxes[kind] = annotated_persons(annotated)
    return boxes


def annotated_persons(annotated: pd.DataFrame) -> pd.DataFrame:
    """Table boxes of the annotated persons on frames that exist: one row per person, whatever its classes, score 1."""
    persons = annotated[annotated["decoded"]].drop_duplicates(["video_id", "frame", "box"])
    columns = ["video_id", "frame", "box", *tables.BOX]
    return tables.table("boxes", persons[columns].assign(score=1.0, what=PERSON))


def on_real_frames(boxes: pd.DataFrame, frames: pd.DataFrame) -> pd.DataFrame:
    """The boxes whose frames are in the table `frames` (columns video_id, frame); a file of boxes may name others."""
    key = ["video_id", "frame"]
    return boxes[pd.MultiIndex.from_frame(boxes[key]).isin(pd.MultiIndex.from_frame(frames[key]))]
