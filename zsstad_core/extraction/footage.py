"""Frames of a group's clips, where a clip that does not decode says which one it is."""

from collections.abc import Iterator

from zsstad_core.errors import UserError, VideosFailedError
from zsstad_core.video import Frame, VideoSource, decode


def decoded(source: VideoSource) -> Iterator[Frame]:
    """`video.decode`. Raises VideosFailedError where the clip is missing or damaged."""
    try:
        yield from decode(source)
    except UserError as error:
        raise VideosFailedError({source.video_id: str(error)}) from error
