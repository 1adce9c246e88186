"""The detections of a frame, and the selection of the ones that are kept.

Shapes: N detections of one frame.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from zsstad_core.settings.frozen import Detector as DetectorSettings

PERSON = "person"


@dataclass(frozen=True)
class FrameBoxes:
    """All detections of one frame, as the model gives them."""

    xyxy: np.ndarray  # [N, 4] float32; x1, y1, x2, y2 in pixels of the frame
    score: np.ndarray  # [N] float32
    label: np.ndarray  # [N] int64; index into the detector's classes


@dataclass(frozen=True)
class Kept:
    """The boxes of one frame that are kept, and how many more would have been without the limits.

    rows: columns of table "boxes" (without video_id and frame). persons_cut, objects_cut: detections above the score
    threshold that the limits of persons and objects a frame left out.
    """

    rows: dict[str, np.ndarray]  # box int32, x1 y1 x2 y2 score float32, what str; each [kept]
    persons_cut: int
    objects_cut: int


def keep(boxes: FrameBoxes, classes: Sequence[str], settings: DetectorSettings) -> Kept:
    """Choose persons, then objects: those at or above their score threshold, best first, up to their limit a frame.

    Equal scores stay in the detector's order. A box without area (or with a NaN) is dropped before the limits apply.
    """
    x1, y1, x2, y2 = boxes.xyxy.T
    falling = np.argsort(-boxes.score, kind="stable")
    falling = falling[((x2 > x1) & (y2 > y1))[falling]]
    what = np.asarray(classes)[boxes.label]  # [N]
    is_person = what[falling] == PERSON
    score = boxes.score[falling]
    persons = falling[is_person & (score >= settings.person_score)]
    objects = falling[~is_person & (score >= settings.object_score)]
    chosen = np.concatenate([persons[: settings.persons_per_frame], objects[: settings.objects_per_frame]])
    return Kept(
        rows={
            "box": np.arange(len(chosen), dtype=np.int32),
            **dict(zip(("x1", "y1", "x2", "y2"), boxes.xyxy[chosen].T, strict=True)),
            "score": boxes.score[chosen],
            "what": what[chosen],
        },
        persons_cut=max(0, len(persons) - settings.persons_per_frame),
        objects_cut=max(0, len(objects) - settings.objects_per_frame),
    )
