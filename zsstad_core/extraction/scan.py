"""The units of index, what really decodes, and of groundtruth, what is annotated on the decoded frames."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from zsstad_core import tables
from zsstad_core.cache.artifact import Artifact, Group
from zsstad_core.cache.stages import Stage
from zsstad_core.errors import DataError, UserError, VideosFailedError
from zsstad_core.extraction.picture_size import in_pixels_of_video
from zsstad_core.keyframes import ChosenFrames, Keyframes
from zsstad_core.progress import Clock
from zsstad_core.unplaced import place_on_frames
from zsstad_core.video import VideoSource, decode, times
from zsstad_core.work import Compute, Content


def scan(sources: Mapping[str, VideoSource], keyframes: Keyframes | None = None) -> Compute:
    """A function that makes tables videos and frames of a group, from one decoding pass over each clip; with
    `keyframes` also table keyframes, and in table frames only the wanted frames.

    Raises VideosFailedError with every clip that does not decode, after all clips have been tried.
    """

    def compute(group: Group, artifacts: Sequence[Artifact], clock: Clock) -> dict[Stage, Content]:
        videos, frames, keys = [], [], []
        failed: dict[str, str] = {}
        for video_id, digest in group.members.items():
            try:
                with clock.on("decode"):
                    pts_F, height, width = _decoded_times(sources[video_id], keyframes)
                    chosen = _choose_frames(sources[video_id], pts_F, keyframes) if keyframes else None
            except UserError as error:
                failed[video_id] = str(error)
                continue
            length = pts_F.max() - pts_F.min()
            videos.append((video_id, digest, width, height, len(pts_F), (len(pts_F) - 1) / length if length else 0.0))
            number = np.arange(len(pts_F)) if chosen is None else chosen.frames
            frames.append(pd.DataFrame({"video_id": video_id, "frame": number, "pts": pts_F[number]}))
            if chosen is not None:
                rows = {"video_id": video_id, "frame": chosen.keyframes, "second": chosen.seconds}
                keys.append(pd.DataFrame(rows))
        if failed:
            raise VideosFailedError(failed)
        found = {
            "videos": tables.table("videos", pd.DataFrame(videos, columns=list(tables.COLUMNS["videos"]))),
            "frames": tables.concat("frames", frames),
        }
        if keyframes is not None:
            found["keyframes"] = tables.concat("keyframes", keys)
        return {artifact.stage: Content(found) for artifact in artifacts}

    return compute


def _decoded_times(source: VideoSource, keyframes: Keyframes | None) -> tuple[np.ndarray, int, int]:
    """Times in seconds of all frames (float64 [F]; with keyframes, up to the last that could be wanted), height, width.

    In a folder whose frames are all wanted every picture is decoded, because its times do not show that it decodes.
    """
    frames = [*(_looked_at(source) if keyframes is None else keyframes.until_last_needed(times(source)))]
    _, height, width = frames[0] if frames else (0.0, 0, 0)
    return np.array([seconds for seconds, _, _ in frames], np.float64), height, width


def _looked_at(source: VideoSource) -> Iterator[tuple[float, int, int]]:
    if not source.path.is_dir():
        return times(source)
    return ((seconds, *image.shape[:2]) for _, seconds, image in decode(source))


def _choose_frames(source: VideoSource, pts_F: np.ndarray, keyframes: Keyframes) -> ChosenFrames:
    """The wanted frames of a video. Raises DataError if it has no keyframe, is longer than its keyframes allow, or a
    wanted picture of a folder does not decode."""
    chosen = keyframes.choose(pts_F)
    if not len(chosen.keyframes):
        lasts = f"lasts from {pts_F.min():g} to {pts_F.max():g} s" if len(pts_F) else "begins later"
        raise DataError(
            f"{source.path}: {lasts}, with second {keyframes.start:g} at 0, and so shows none of the seconds "
            f"{keyframes.first} to {keyframes.last}; check where the videos start (the dataset's setting `start`)"
        )
    if keyframes.lasts_too_long(pts_F):
        raise DataError(
            f"{source.path}: goes on for more than a minute after second {keyframes.last}, with second "
            f"{keyframes.start:g} at 0; is it the whole film? Then set `start` of the dataset to 0; else cut it"
        )
    if source.path.is_dir():
        for _ in decode(source, frozenset(chosen.frames.tolist())):
            pass
    return chosen


def annotate(
    groundtruth: pd.DataFrame,
    videos: pd.DataFrame,
    keyframes: pd.DataFrame | None = None,
    annotated_size: tuple[float, float] | None = None,
) -> Compute:
    """A function that makes table groundtruth of a group; `decoded` says whether the video has the annotated frame.

    With table `keyframes` the annotation is in seconds and fractions: `zsstad_core.unplaced.place_on_frames` converts
    it. annotated_size: width and height of the pictures on which the boxes were drawn (`Dataset.annotated_size`).
    Raises DataError if a box lies outside its picture.
    """
    if keyframes is not None:
        rows = place_on_frames(groundtruth, videos, keyframes)
    else:
        count = videos.set_index("video_id")["frames"]
        count = groundtruth["video_id"].map(count).fillna(0).astype("int64")  # of type text if nothing is annotated
        rows = groundtruth.assign(decoded=groundtruth["frame"] < count)
        rows = in_pixels_of_video(rows, videos, annotated_size)

    def compute(group: Group, artifacts: Sequence[Artifact], clock: Clock) -> dict[Stage, Content]:
        content = Content({"groundtruth": rows[rows["video_id"].isin(group.members)]})
        return {artifact.stage: content for artifact in artifacts}

    return compute
