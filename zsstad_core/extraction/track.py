"""The track stage's unit: tracks of detected persons."""

from collections.abc import Sequence

import pandas as pd

from zsstad_core.cache.artifact import Artifact, Group
from zsstad_core.cache.stages import Stage
from zsstad_core.extraction.token_boxes import on_real_frames
from zsstad_core.frozen.detector.frame_boxes import PERSON
from zsstad_core.progress import Clock
from zsstad_core.settings.results import Tracks
from zsstad_core.tracks import link_persons
from zsstad_core.work import Compute, Content


def track(boxes: pd.DataFrame, frames: pd.DataFrame, settings: Tracks) -> Compute:
    """A function that makes table tracks of a group. boxes: table boxes. frames: table frames, of the frames that were
    searched for persons; boxes of a file on other frames are left out."""
    persons = on_real_frames(boxes[boxes["what"] == PERSON], frames).assign(box_score=lambda rows: rows["score"])

    def compute(group: Group, artifacts: Sequence[Artifact], clock: Clock) -> dict[Stage, Content]:
        with clock.on("track"):
            own, searched = (rows[rows["video_id"].isin(group.members)] for rows in (persons, frames))
            tracks = link_persons(own, searched, settings.lost_after, settings.high_score)
        return {artifact.stage: Content({"tracks": tracks}) for artifact in artifacts}

    return compute
