"""Decode some frames of a long video without decoding all frames before them."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zsstad_core.errors import DataError
from zsstad_core.video import Frame, VideoSource, decode
from zsstad_core.video.film import open_film
from zsstad_core.video.orientation import orientation_of

_AT_ONCE = 250  # so many frames are decoded faster than a place is sought and checked
_WITHOUT_TIMES = {"avi"}  # containers that keep no presentation times: a frame cannot be told from its neighbour


def seek_frames(source: VideoSource, wanted: Mapping[int, float]) -> Iterator[Frame]:
    """The wanted frames (number -> seconds, as in the index), in order, as `video.decode` gives them.

    If the first wanted frame comes late in the video, decoding begins at the second-last keyframe before it: in streams
    with open groups of pictures, a picture may refer to pictures before its nearest keyframe. A frame is recognised by
    its time, after the packets of the whole file have shown that no other frame has this time. If a wanted frame is not
    found, or times do not tell frames apart, the video is decoded from the start.

    A stream whose pictures refer back further than two groups of pictures would give other pixels. Tests cover H.264
    with B-frames, with open groups, with a single keyframe and with gradual refresh; and MPEG-4. Raises as
    `video.decode`.
    """
    if not wanted:
        return
    found = None
    if min(wanted) > _AT_ONCE and not source.path.is_dir():
        found = _seek(source, wanted)
    if found is None:
        yield from decode(source, wanted.keys())
    else:
        yield from ((number, wanted[number], found[number]) for number in sorted(found))


def _seek(source: VideoSource, wanted: Mapping[int, float]) -> dict[int, np.ndarray] | None:
    """The wanted frames by number; None if a frame was not found, or times do not tell frames apart."""
    import av

    number_at = {seconds: number for number, seconds in wanted.items()}
    first, last = min(number_at), max(number_at)
    to_rgb = av.video.reformatter.VideoReformatter()
    found: dict[int, np.ndarray] = {}
    try:
        if not _are_its_times(source.path, wanted):
            return None
        with open_film(source.path) as (container, stream):
            if (begin := _keyframe_before(container, stream, int(first / stream.time_base))) is None:
                return None
            if (earlier := _keyframe_before(container, stream, begin - 1)) is None:
                return None
            container.seek(earlier, stream=stream, backward=True)
            before = begin * float(stream.time_base)
            for frame in container.decode(stream):
                if frame.time is None:
                    return None
                if frame.time < before:  # the pictures that this frame refers to may not have been decoded
                    continue
                if frame.is_corrupt:
                    raise DataError(f"{source.path}: a frame at {frame.time:g} s is damaged; fetch the file again")
                if frame.time in number_at:
                    number = number_at[frame.time]
                    rgb = to_rgb.reformat(frame, format="rgb24").to_ndarray()  # [H, W, 3]
                    found[number] = orientation_of(frame, source.path, number).show(rgb)
                if frame.time > last or len(found) == len(wanted):
                    break
    except av.error.FFmpegError:
        return None  # decoding from the start reports what is wrong, and where
    return found if len(found) == len(wanted) else None


def _are_its_times(path: Path, wanted: Mapping[int, float]) -> bool:
    """Whether each wanted time is that of the frame with this number, and of no other: `video.decode` gives other times
    than the file where those of the file do not rise (`zsstad_core.video.clock`)."""
    stat = path.stat()
    time_F = _times_of_packets(path, stat.st_size, stat.st_mtime_ns)
    return all(number < len(time_F) and time_F[number] == seconds for number, seconds in wanted.items())


@lru_cache(maxsize=256)
def _times_of_packets(path: Path, size: int, modified_ns: int) -> NDArray[np.float64]:
    """The times of all pictures of a file in rising order, float64 [F]; [0] if a picture has none or two have the same.

    Nothing is decoded. size, modified_ns: of the file, so that a file that changed is read again.
    """
    none = np.empty(0)
    with open_film(path) as (container, stream):
        if _WITHOUT_TIMES & set(container.format.name.split(",")) or stream.time_base is None:
            return none
        packets = [packet.pts for packet in container.demux(stream) if packet.size and not packet.is_discard]
        if None in packets or len(set(packets)) < len(packets):
            return none
        return np.array([float(pts * stream.time_base) for pts in sorted(packets)])


def _keyframe_before(container: Any, stream: Any, moment: int) -> int | None:
    """Time (in the stream's units) of the keyframe at or before a moment; None if there is none."""
    container.seek(moment, stream=stream, backward=True)
    packet = next((packet for packet in container.demux(stream) if packet.pts is not None), None)
    if packet is None or not packet.is_keyframe or packet.pts > moment:
        return None
    return int(packet.pts)
