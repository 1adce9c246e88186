"""Some frames of a long video without decoding all that comes before them."""

from collections.abc import Iterator, Mapping

import numpy as np

from zsstad_core.errors import DataError
from zsstad_core.video import Frame, VideoSource, decode

_AT_ONCE = 250  # frames that are sooner decoded than a place is sought and proven
_WITHOUT_TIMES = {"avi"}  # containers that keep no presentation times: what is found cannot be told from its neighbour


def seek_frames(source: VideoSource, wanted: Mapping[int, float]) -> Iterator[Frame]:
    """The wanted frames (number -> seconds, as the index has them), in order, as `video.decode` gives them.

    Of a video that is long before the first of them, decoding begins at the last keyframe but one before it: pictures
    may draw on what lies before the keyframe next to them, in streams of open groups of pictures. A frame is known by
    its time. Where one is not found by it, all is decoded from the start.

    A stream whose pictures draw on more than the two groups of pictures before them would give other pixels. Held by
    tests: H.264 with B-frames, with open groups, with one keyframe, refreshed bit by bit; MPEG-4. Raises as
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
    """The wanted frames by number; None where one was not found, or times do not tell frames apart."""
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
                if frame.time < before:  # what these draw on may not have been decoded
                    continue
                if frame.is_corrupt:
                    raise DataError(f"{source.path}: a frame at {frame.time:g} s is damaged; fetch the file again")
                if frame.time in number_at:
                    rgb = to_rgb.reformat(frame, format="rgb24").to_ndarray()  # [H, W, 3]
                    found[number_at[frame.time]] = np.ascontiguousarray(np.rot90(rgb, round(frame.rotation / 90)))
                if frame.time > last or len(found) == len(wanted):
                    break
    except av.error.FFmpegError:
        return None  # decoding from the start says what is wrong, and where
    return found if len(found) == len(wanted) else None


def _keyframe_before(container: "object", stream: "object", moment: int) -> int | None:
    """Time (in the stream's units) of the keyframe at or before a moment; None where there is none."""
    container.seek(moment, stream=stream, backward=True)  # type: ignore[attr-defined]
    packet = next((packet for packet in container.demux(stream) if packet.pts is not None), None)  # type: ignore[attr-defined]
    if packet is None or not packet.is_keyframe or packet.pts > moment:
        return None
    return int(packet.pts)
