"""The detect stage's unit: person and object boxes of every frame, or of every keyframe."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import batched

import numpy as np
import pandas as pd

from zsstad_core import tables
from zsstad_core.cache.artifact import Artifact, Group
from zsstad_core.cache.stages import Stage
from zsstad_core.extraction.footage import Wanted, decode_clip
from zsstad_core.frozen.detector.contract import Detector
from zsstad_core.frozen.detector.frame_boxes import keep
from zsstad_core.progress import Clock
from zsstad_core.read_ahead import prefetch
from zsstad_core.settings.frozen import Detector as DetectorSettings
from zsstad_core.video import VideoSource
from zsstad_core.work import Compute, Content

Frame = tuple[str, int, np.ndarray]  # video_id, frame number, RGB uint8 [H, W, 3]


def detect(
    sources: Mapping[str, VideoSource],
    detector: Detector,
    settings: DetectorSettings,
    wanted: Wanted | None = None,
) -> Compute:
    """A function that makes table boxes of a group, on all frames or on the wanted frames; frames are batched across
    clips, and decoding runs ahead of the detector."""

    def frames(group: Group) -> Iterator[Frame]:
        for video_id in group.members:
            for number, _, image in decode_clip(sources[video_id], wanted):
                yield video_id, number, image

    def compute(group: Group, artifacts: Sequence[Artifact], clock: Clock) -> dict[Stage, Content]:
        found: list[pd.DataFrame] = []
        cut = 0
        batches = prefetch(batched(frames(group), settings.batch))
        while True:
            with clock.on("decode"):
                batch = next(batches, None)
            if batch is None:
                break
            with clock.on("detect"):
                results = detector([image for _, _, image in batch])
            for (video_id, number, _), boxes in zip(batch, results, strict=True):
                kept = keep(boxes, detector.classes, settings)
                cut += kept.persons_cut + kept.objects_cut
                found.append(pd.DataFrame({"video_id": video_id, "frame": number, **kept.rows}))
        content = Content(
            {"boxes": tables.concat("boxes", found)},
            made_with={"weights": detector.weights},
            notes={"boxes over the caps of a frame": cut},
        )
        return {artifact.stage: content for artifact in artifacts}

    return compute


def from_file(boxes: pd.DataFrame, videos: pd.DataFrame, made_with: Mapping[str, str]) -> Compute:
    """A function that makes table boxes of a group from a file's boxes, clipped to the frame; boxes wholly outside are
    left out.

    Boxes on frames that the video does not have are kept: the author of the file had those frames. A method that reads
    no tokens can score them.
    """
    video = videos.set_index("video_id").loc[boxes["video_id"]]  # one row per box
    boxes = boxes.copy()
    boxes[["x1", "x2"]] = boxes[["x1", "x2"]].to_numpy().clip(0, video[["width"]].to_numpy(np.float32))
    boxes[["y1", "y2"]] = boxes[["y1", "y2"]].to_numpy().clip(0, video[["height"]].to_numpy(np.float32))
    boxes = boxes[(boxes["x1"] < boxes["x2"]) & (boxes["y1"] < boxes["y2"])]

    def compute(group: Group, artifacts: Sequence[Artifact], clock: Clock) -> dict[Stage, Content]:
        content = Content({"boxes": boxes[boxes["video_id"].isin(group.members)]}, made_with=made_with)
        return {artifact.stage: content for artifact in artifacts}

    return compute
