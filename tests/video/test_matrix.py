"""Small files of every kind: how many frames each has, of which size, from when to when, and in which order."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.made_videos import number_of, write_video
from tests.video.made_files import (
    FRAMES,
    RATE,
    TURNS,
    cover_first,
    greys,
    joined,
    part,
    plain,
    turned,
    with_streams,
    with_times,
)
from zsstad_core.video import VideoSource, decode, times

SMALL, LARGE, ONE = (48, 64), (96, 128), (32, 32)
TICK = 2**33 / 90_000  # seconds after which the clock of MPEG-TS begins again at 0

type Row = tuple[str, Callable[[Path], Path], int, tuple[int, int], float, float]


def container(name: str, codec: str, first: float = 0.0, pix_fmt: str = "yuv420p", **options: str) -> Row:
    def make(folder: Path) -> Path:
        return plain(folder / name, codec, pix_fmt, **options)

    return f"{name}, {codec}", make, FRAMES, SMALL, first, first + 0.44


def shown(name: str, suffix: str) -> Row:
    size = SMALL if TURNS[name][0] else SMALL[::-1]
    return f"{name}, {suffix}", lambda folder: turned(folder / f"a.{suffix}", TURNS[name]), FRAMES, size, 0.0, 0.44


def streams(name: str, kinds: tuple, frames: int, size: tuple[int, int], what: str) -> Row:
    return f"{name}: {what}", lambda folder: with_streams(folder / name, *kinds), frames, size, 0.0, 0.04 * (frames - 1)


def clock(what: str, milliseconds: list[int], first: float, last: float) -> Row:
    return what, lambda folder: with_times(folder / "a.mkv", milliseconds), len(milliseconds), SMALL, first, last


def two_parts(suffix: str, start: int, start_after: int, first: float, last: float) -> Row:
    def make(folder: Path) -> Path:
        parts = [part(folder / f"{number}.{suffix}", at) for number, at in enumerate((start, start_after))]
        return joined(folder / f"a.{suffix}", *parts)

    return f"two {suffix} from {start} and from {start_after} ms", make, 2 * FRAMES, SMALL, first, last


def wrapping(seconds: float) -> Row:
    """A recording whose clock begins again after so many seconds."""
    start = round(1000 * (TICK - seconds))
    first = start / 1000 - TICK  # FFmpeg counts what comes before the wrap from below zero
    return f"wraps after {seconds} s", lambda folder: part(folder / "a.ts", start), FRAMES, SMALL, first, first + 0.44


def wrapping_late(folder: Path) -> Path:
    """The clock begins again more than a minute after the first frame."""
    start = round(1000 * TICK) - 100_000
    pts = [start, *(start + 99_980 + 40 * number for number in range(4))]
    return write_video(folder / "a.ts", greys(5), "libx264", RATE, pts=pts, options={"bf": "0"})


ROWS: list[Row] = [
    container("a.mp4", "libx264"),
    container("b.mp4", "libx264", bf="0"),
    container("fragmented.mp4", "libx264", movflags="frag_keyframe+empty_moov"),
    container("a.mov", "libx264"),
    container("a.m4v", "mpeg4"),
    container("a.3gp", "mpeg4"),
    container("a.f4v", "libx264", bf="0"),
    container("a.mkv", "libx264"),
    container("b.mkv", "ffv1"),
    container("c.mkv", "libvpx"),
    container("a.webm", "libvpx-vp9"),
    container("a.avi", "mpeg4"),
    container("b.avi", "mjpeg", pix_fmt="yuvj420p"),
    container("c.avi", "mpeg4", 0.04, bf="2"),
    container("a.ts", "libx264", bf="0"),
    container("b.ts", "mpeg2video", 0.04),
    container("a.m2ts", "libx264", bf="0"),
    container("a.mts", "libx264", bf="0"),
    container("a.mpg", "mpeg1video", 0.54),
    container("a.vob", "mpeg2video", 0.54),
    container("a.flv", "flv1"),
    container("a.wmv", "wmv2"),
    container("a.asf", "msmpeg4"),
    container("a.nut", "libx264", bf="0"),
    container("a.mxf", "mpeg2video"),
    container("a.h264", "libx264", bf="2"),
    container("a.mjpeg", "mjpeg", pix_fmt="yuvj420p"),
    container("a.rm", "rv10"),
    container("a.gif", "gif", pix_fmt="rgb8"),
    container("a.y4m", "wrapped_avframe"),
    *(shown(name, "mp4") for name in TURNS),
    *(shown(name, "mov") for name in ("flipped", "transposed")),
    streams("a.mp4", ((1, ONE, "cover"), (12, SMALL, "default")), 12, SMALL, "a cover"),
    ("a cover before the film", lambda folder: cover_first(folder / "a.mp4"), 12, SMALL, 0.0, 0.44),
    streams("b.mp4", ((12, SMALL, "default"), (1, LARGE, "cover")), 12, SMALL, "a cover after the film"),
    streams("c.mp4", ((1, LARGE, "default"), (12, SMALL, "default")), 12, SMALL, "a still without a mark"),
    streams("d.mp4", ((12, SMALL, "default"), (12, LARGE, "default")), 12, LARGE, "two films"),
    streams("a.mkv", ((1, LARGE, "default"), (12, SMALL, "default")), 12, SMALL, "a still, marked as the film is"),
    streams("b.mkv", ((12, LARGE, ""), (12, SMALL, "default")), 12, SMALL, "the default film is the smaller one"),
    streams("c.mkv", ((12, SMALL, "default"), (12, LARGE, "")), 12, SMALL, "the default film is the first"),
    streams("d.mkv", ((1, SMALL, ""), (1, LARGE, "")), 1, LARGE, "stills and nothing else"),
    streams("e.mkv", ((1, SMALL, "default"),), 1, SMALL, "a still and nothing else"),
    streams("a.ts", ((12, SMALL, ""), (12, LARGE, "")), 12, LARGE, "two films, neither is the default"),
    streams("a.nut", ((12, LARGE, ""), (12, SMALL, "")), 12, LARGE, "two films, the first is the larger one"),
    clock("begins late, uneven", [500, 533, 700, 733, 1900], 0.5, 1.9),
    clock("rests for half a minute", [0, 40, 80, 30_000, 30_040], 0.0, 30.04),
    clock("stands still all the time", [0] * 12, 0.0, 0.44),
    clock("stands still for one frame of two", [80 * (number // 2) for number in range(12)], 0.0, 0.44),
    clock("stands still, then is right again", [0, *[40] * 12, 600], 0.0, 0.6),
    clock("starts again", [5000, 5040, 5080, 1000, 1040, 1100], 5.0, 5.22),
    clock("stutters", [0, 40, 80, 60, 120, 160, 240], 0.0, 0.24),
    clock("has neighbours swapped", [0, 80, 40, 160, 120, 240, 200], 0.0, 0.28),
    clock("begins below zero", [-80, -40, 0, 40, 80], -0.08, 0.08),
    two_parts("ts", 0, 0, 0.0, 0.92),
    two_parts("ts", 20_000, 0, 20.0, 20.92),
    two_parts("ts", 100_000, 0, 100.0, 100.92),  # FFmpeg takes it for a wrap: 26.5 hours later
    two_parts("ts", 0, 20_000, 0.0, 20.44),
    two_parts("mkv", 0, 0, 0.0, 0.92),
    wrapping(0.2),
    wrapping(30.0),
    ("wraps late", wrapping_late, 5, SMALL, TICK - 100.0, TICK + 0.1),
]


def test_there_are_many_rows_and_each_has_a_name_of_its_own() -> None:
    assert len({name for name, *_ in ROWS}) == len(ROWS) >= 60


@pytest.mark.fault(53)
@pytest.mark.parametrize(("name", "make", "count", "size", "first", "last"), ROWS, ids=[row[0] for row in ROWS])
def test_frames_size_and_times(
    name: str,
    make: Callable[[Path], Path],
    count: int,
    size: tuple[int, int],
    first: float,
    last: float,
    tmp_path: Path,
) -> None:
    source = VideoSource("clip", make(tmp_path))
    frames = list(decode(source))
    seconds = np.array([time for _, time, _ in frames])
    assert [number for number, _, _ in frames] == list(range(count))
    assert {rgb.shape for _, _, rgb in frames} == {(*size, 3)}
    assert [seconds[0], seconds[-1]] == pytest.approx([first, last], abs=0.0011)
    assert (np.diff(seconds) > 0.001).all()
    assert list(times(source)) == [(time, *size) for time in seconds]
    if count > 1:
        order = [*range(FRAMES)] * 2 if count == 2 * FRAMES else [*range(count)]
        assert [number_of(rgb) for _, _, rgb in frames] == order
