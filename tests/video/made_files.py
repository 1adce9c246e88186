"""Small video files of every kind, for the tests of `zsstad_core.video`: containers, orientations, streams, clocks."""

import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.stream import Disposition
from numpy.typing import NDArray

from tests.made_videos import grey, write_video

FRAMES = 12
RATE = 25
TURNS = {
    "as stored": (1, 0, 0, 1),
    "mirrored": (-1, 0, 0, 1),
    "flipped": (1, 0, 0, -1),
    "half turn": (-1, 0, 0, -1),
    "transposed": (0, 1, 1, 0),
    "quarter turn": (0, 1, -1, 0),
    "three quarters": (0, -1, 1, 0),
    "transposed the other way": (0, -1, -1, 0),
}
"""a, b, c, d of the display matrix: the pixel at (x, y) is shown at (a x + c y, b x + d y)."""


def greys(count: int = FRAMES, first: int = 0, height: int = 48, width: int = 64) -> list[NDArray[np.uint8]]:
    return [grey(first + number, height, width) for number in range(count)]


def plain(path: Path, codec: str = "libx264", pix_fmt: str = "yuv420p", **options: str) -> Path:
    """Twelve frames at 25 a second, of 64 x 48."""
    return write_video(path, greys(), codec, RATE, pix_fmt, options=options)


def turned(
    path: Path, matrix: Sequence[float], frames: Sequence[NDArray[np.uint8]] | None = None, **options: str
) -> Path:
    """An MP4 or MOV file with this display matrix (a, b, c, d), lossless."""
    write_video(path, frames or greys(), "libx264", RATE, "yuv444p", options={"qp": "0", "bf": "0", **options})
    content = bytearray(path.read_bytes())
    at = content.index(b"tkhd") + 4
    at += 4 + (32 if content[at] else 20) + 16
    a, b, c, d = (round(value * 65536) for value in matrix)
    assert struct.unpack_from(">9i", content, at)[8] == 1 << 30
    struct.pack_into(">5i", content, at, a, b, 0, c, d)
    path.write_bytes(content)
    return path


def with_times(path: Path, times: Sequence[int]) -> Path:
    """A Matroska file of FFV1, in which each picture decodes alone, with any times in milliseconds: also such as no
    writer would write. Each block's time is written over."""
    write_video(path, greys(len(times)), "ffv1", RATE)
    with av.open(str(path)) as container:
        packets = [bytes(packet) for packet in container.demux(video=0) if packet.size]
    content = bytearray(path.read_bytes())
    for packet, time in zip(packets, times, strict=True):
        at = content.index(
            packet
        )  # before the picture: two bytes of time, counted from the cluster's, and one of flags
        struct.pack_into(">h", content, at - 3, time)
    path.write_bytes(content)
    return path


def joined(path: Path, *parts: Path) -> Path:
    """The files one after the other, byte by byte, as `cat` joins them."""
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    return path


def part(path: Path, start_ms: int, first: int = 0, codec: str = "libx264") -> Path:
    """Twelve frames at 25 a second from a time on, for joining; `first`: which grey the first has."""
    pts = [start_ms + 40 * number for number in range(FRAMES)]
    options = {"bf": "0"} if codec == "libx264" else {}
    path.parent.mkdir(parents=True, exist_ok=True)
    return write_video(path, greys(FRAMES, first), codec, RATE, pts=pts, options=options)


def with_streams(path: Path, *streams: tuple[int, tuple[int, int], str]) -> Path:
    """A file with several streams of pictures: for each the number of frames, (height, width), and "default", "cover",
    or "". The film's frames have the greys from 0, those of a stream with one frame are white."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        opened = []
        for frames, (height, width), kind in streams:
            still = frames == 1
            stream: Any = container.add_stream("mjpeg" if still else "libx264", rate=RATE)
            stream.height, stream.width, stream.pix_fmt = height, width, "yuvj420p" if still else "yuv420p"
            if not still:
                stream.options = {"bf": "0"}
            flag = {"default": Disposition.default, "cover": Disposition.attached_pic}.get(kind, Disposition(0))
            stream.disposition = flag
            opened.append((stream, frames, height, width))
        for number in range(max(frames for frames, *_ in streams)):
            for stream, frames, height, width in opened:
                if number < frames:
                    rgb = grey(number, height, width) if frames > 1 else np.full((height, width, 3), 255, np.uint8)
                    frame = av.VideoFrame.from_ndarray(rgb, format="rgb24")
                    container.mux(stream.encode(frame))
        for stream, *_ in opened:
            container.mux(stream.encode())
    return path


def cover_first(path: Path) -> Path:
    """An MP4 file whose cover stands before the film, as the format allows: FFmpeg lists it as the first stream."""
    with_streams(path, (1, (32, 32), "cover"), (FRAMES, (48, 64), "default"))
    content = path.read_bytes()
    begin = content.index(b"moov") - 4
    boxes, at, end = [], begin + 8, begin + int.from_bytes(content[begin : begin + 4])
    while at < end:
        size = int.from_bytes(content[at : at + 4])
        boxes.append(content[at : at + size])
        at += size
    boxes.sort(key=lambda box: box[4:8] != b"udta")
    path.write_bytes(content[: begin + 8] + b"".join(boxes) + content[end:])
    with av.open(str(path)) as container:
        assert container.streams.video[0].width == 32
    return path
