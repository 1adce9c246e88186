"""Unit of the index: what really decodes; and of the ground truth: what is annotated on it."""

from collections.abc import Mapping, Sequence

import pandas as pd

from zsstad_core import tables
from zsstad_core.cache.artifact import Artifact, Group
from zsstad_core.errors import VideosFailedError
from zsstad_core.extraction.footage import decoded
from zsstad_core.progress import Clock
from zsstad_core.video import VideoSource
from zsstad_core.work import Compute, Content


def scan(sources: Mapping[str, VideoSource]) -> Compute:
    """Tables videos and frames of a group, from one decoding pass over each clip.

    Raises VideosFailedError, when all have been tried, with every clip that does not decode.
    """

    def compute(group: Group, artifacts: Sequence[Artifact], clock: Clock) -> dict[str, Content]:
        videos, frames = [], []
        failed: dict[str, str] = {}
        for video_id, digest in group.members.items():
            try:
                with clock.on("decode"):
                    times, height, width = _decoded_times(sources[video_id])
            except VideosFailedError as error:
                failed |= error.reasons
                continue
            length = max(times) - min(times)
            videos.append((video_id, digest, width, height, len(times), (len(times) - 1) / length if length else 0.0))
            frames.append(pd.DataFrame({"video_id": video_id, "frame": range(len(times)), "pts": times}))
        if failed:
            raise VideosFailedError(failed)
        content = Content(
            {
                "videos": tables.table("videos", pd.DataFrame(videos, columns=list(tables.COLUMNS["videos"]))),
                "frames": tables.concat("frames", frames),
            }
        )
        return {artifact.stage: content for artifact in artifacts}

    return compute


def _decoded_times(source: VideoSource) -> tuple[list[float], int, int]:
    """Times in seconds of all frames, height and width."""
    times: list[float] = []
    height = width = 0
    for _, pts, image in decoded(source):
        height, width = image.shape[:2]
        times.append(pts)
    return times, height, width


def annotate(groundtruth: pd.DataFrame, videos: pd.DataFrame) -> Compute:
    """Table groundtruth of a group; `decoded` says whether the video has the annotated frame."""
    count = videos.set_index("video_id")["frames"]
    rows = groundtruth.assign(decoded=groundtruth["frame"] < groundtruth["video_id"].map(count).fillna(0))

    def compute(group: Group, artifacts: Sequence[Artifact], clock: Clock) -> dict[str, Content]:
        content = Content({"groundtruth": rows[rows["video_id"].isin(group.members)]})
        return {artifact.stage: content for artifact in artifacts}

    return compute
