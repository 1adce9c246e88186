"""Decode some frames of a long video without decoding all frames before them."""

from collections.abc import Iterator, Mapping

import numpy as np

from zsstad_core.errors import DataError
from zsstad_core.video import Frame, VideoSource, decode

_AT_ONCE = 250  # so many frames are decoded faster than a place is sought and checked
_WITHOUT_TIMES = {"avi"}  # containers that keep no presentation times: a frame cannot be told from its neighbour


def seek_frames(source: VideoSource, wanted: Mapping[int, float]) -> Iterator[Frame]:
    """The wanted frames (number -> seconds, as in the index), in order, as `video.decode` gives them.

    If the first wanted frame comes late in the video, decoding begins at the second-last keyframe before it: in streams
    with open groups of pictures, a picture may refer to pictures before its nearest keyframe. A frame is recognised by
    its time. If a wanted frame is not found, the video is decoded from the start.

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
    if len(number_at) < len(wanted):
        return None
    to_rgb = av.video.reformatter.VideoReformatter()
    found: dict[int, np.ndarray] = {}
    try:
        with av.open(str(source.path.absolute())) as container:
            stream = container.streams.video[0]
            if _WITHOUT_TIMES & set(container.format.name.split(",")) or stream.time_base is None:
                return None
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
                    rgb = to_rgb.reformat(frame, format="rgb24").to_ndarray()  # [H, W, 3]
                    found[number_at[frame.time]] = np.ascontiguousarray(np.rot90(rgb, round(frame.rotation / 90)))
                if frame.time > last or len(found) == len(wanted):
                    break
    except av.error.FFmpegError:
        return None  # decoding from the start reports what is wrong, and where
    return found if len(found) == len(wanted) else None


def _keyframe_before(container: "object", stream: "object", moment: int) -> int | None:
    """Time (in the stream's units) of the keyframe at or before a moment; None if there is none."""
    container.seek(moment, stream=stream, backward=True)  # type: ignore[attr-defined]
    packet = next((packet for packet in container.demux(stream) if packet.pts is not None), None)  # type: ignore[attr-defined]
    if packet is None or not packet.is_keyframe or packet.pts > moment:
        return None
    return int(packet.pts)
