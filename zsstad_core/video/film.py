"""Open a video file, and choose the stream that is the film.

A file may hold several streams of pictures: the film, a cover, a still that stands for it, a smaller copy.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

from zsstad_core.errors import DataError
from zsstad_core.video.clock import Clock

_POINTING = {"concat", "dash", "hls", "image2", "imf", "lavfi", "rtp", "rtsp", "sap", "sdp", "webm_dash_manifest"}
"""FFmpeg's formats whose pictures are in other files or on the network, which no digest of the file tells of."""

_LISTS = (b"ffconcat", b"#EXTM3U", b"v=0", b"<?xml", b"<MPD", b"<smil", b"[playlist]", b"[InternetShortcut]")
"""How such texts begin."""

_ENOUGH = 250  # packets of a stream, after which a stream that has had one is no film
_ANY_RATE = Fraction(25)
_FASTEST = 1000  # frames a second; more is the tick of a clock and not the rate of a film


@contextmanager
def open_film(path: Path) -> Iterator[tuple[Any, Any]]:
    """The open file (`av.container.InputContainer`), and its stream that is the film.

    Covers, thumbnails and stills are no film, unless there is nothing but a still. Where several streams move, the film
    is the one that the file marks as default. If it marks several or none, it is the one with the most pixels, and then
    the first.

    Raises DataError if there is no such stream, or the file is a text that points to other files; and
    `av.error.FFmpegError` if the file does not open.
    """
    import av

    try:
        container = av.open(str(path.absolute()), options=_within_the_file())
    except av.error.FFmpegError as error:
        if _is_list(path):
            raise DataError(
                f"{path}: is a text that points to other files, whose content is then nowhere noted; name the videos "
                "themselves, or join them into one file"
            ) from error
        raise
    with container:
        yield container, _film(path, container)


def guessed_rate(stream: Any) -> Fraction:
    """Frames a second that FFmpeg guesses for a stream; 25 if it guesses nothing."""
    rate: Fraction = stream.guessed_rate or stream.average_rate or _ANY_RATE
    return rate


def clock_of(stream: Any) -> Clock:
    """A clock for the frames of a stream, which takes its mean rate for the length of a step."""
    rates = [rate for rate in (stream.average_rate, stream.guessed_rate) if rate and rate <= _FASTEST]
    return Clock(next(iter(rates), _ANY_RATE), guessed_rate(stream))


def _within_the_file() -> dict[str, str]:
    import av

    return {"format_whitelist": ",".join(sorted(av.formats_available - _POINTING))}


def _is_list(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(64).removeprefix(b"\xef\xbb\xbf").lstrip().startswith(_LISTS)
    except OSError:
        return False


def _film(path: Path, container: Any) -> Any:
    from av.stream import Disposition

    no_film = Disposition.attached_pic | Disposition.timed_thumbnails | Disposition.still_image
    streams = [stream for stream in container.streams.video if not stream.disposition & no_film]
    if not streams:
        cover = " except a cover picture" if container.streams.video else ""
        raise DataError(f"{path}: has no video stream{cover}; remove it or fetch it again")
    if len(streams) == 1:
        return streams[0]
    streams = [stream for stream in streams if stream.codec_context is not None] or streams
    moving = _moving(path, streams)
    streams = [stream for stream in streams if stream.index in moving] or streams
    return max(streams, key=lambda one: (bool(one.disposition & Disposition.default), _pixels(one), -one.index))


def _moving(path: Path, streams: list[Any]) -> set[int]:
    """The indexes of the streams that have more than one picture, by what the file says or else by its packets."""
    import av

    packets = Counter({stream.index: stream.frames for stream in streams})
    if not all(packets.values()):
        packets.clear()
        with av.open(str(path.absolute()), options=_within_the_file()) as container:  # so that nothing has to be sought
            for packet in container.demux([container.streams[stream.index] for stream in streams]):
                packets[packet.stream_index] += bool(packet.size)
                if packets[packet.stream_index] >= _ENOUGH:
                    break
    return {index for index, count in packets.items() if count > 1}


def _pixels(stream: Any) -> int:
    context = stream.codec_context
    return 0 if context is None else context.width * context.height
