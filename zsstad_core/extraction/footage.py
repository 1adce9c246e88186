"""Frames of a group's clips, where a clip that does not decode says which one it is."""

from collections.abc import Iterator, Mapping

from zsstad_core.errors import DataError, UserError
from zsstad_core.video import Frame, VideoSource, decode


class VideosFailedError(DataError):
    """Clips that could not be read, each with the reason; the other clips of a group are none the worse."""

    def __init__(self, reasons: Mapping[str, str]) -> None:
        super().__init__("; ".join(reasons.values()))
        self.reasons = dict(reasons)


def decoded(source: VideoSource) -> Iterator[Frame]:
    """`video.decode`. Raises VideosFailedError where the clip is missing or damaged."""
    try:
        yield from decode(source)
    except UserError as error:
        raise VideosFailedError({source.video_id: str(error)}) from error
