"""Write the video with the answer drawn into it: an MP4 that plays everywhere.

The file is H.264 in yuv420p with even sides, BT.709, with its index in front (faststart). It holds every frame that
decodes, upright and at its time, so that a variable frame rate stays variable. AAC and MP3 sound, which every player
knows, is copied packet by packet; other sound becomes AAC.
"""

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from zsstad_core.ask.drawing import Mark, Pixels, draw
from zsstad_core.cache.export import whole_file
from zsstad_core.errors import DataError
from zsstad_core.progress import PATIENCE_S, Progress
from zsstad_core.video import VideoSource

if TYPE_CHECKING:
    import av

_COPIED = {"aac", "mp3"}
_QUALITY = {"crf": "20", "preset": "fast"}
_FAST_SOUND = 48_000  # samples a second; higher rates are for studios, and AAC encoders go up to 96,000 only
_LAYOUTS = {1: "mono", 2: "stereo", 6: "5.1", 8: "7.1"}  # by number of channels; AVI and WAV name no layout
_TICKS = 1_000_000_000  # ticks a second; MP4 has no finer clock


def write_annotated(source: VideoSource, drawn: Mapping[int, Sequence[Mark]], path: Path) -> tuple[int, list[str]]:
    """Write the video with the marks of each frame; returns the number of frames, and a line for each loss of sound.

    drawn: marks by frame number. The file appears whole or not at all. Raises DataError if the video does not decode
    (any more).
    """
    import av

    try:
        with whole_file(path) as temporary, av.open(str(source.path.absolute())) as read:
            options = {"movflags": "+faststart"}
            with av.open(str(temporary), "w", format="mp4", options=options) as written:
                return _copy(read, written, drawn)
    except av.error.FFmpegError as error:
        raise DataError(f"{source.path}: cannot be annotated: {error.strerror}; is the file still the same?") from error


def _copy(read: Any, written: Any, drawn: Mapping[int, Sequence[Mark]]) -> tuple[int, list[str]]:
    pictures = read.streams.video[0]
    heard = [stream for stream in read.streams.audio if stream.codec_context is not None]
    lost = [f"sound {stream.index}: no decoder" for stream in read.streams.audio if stream.codec_context is None]
    film: _Film | None = None
    sounds: dict[int, _Sound] = {}
    early = []  # sound before the first picture; nothing can be written before the picture's size is known
    progress = Progress(f"drawing {Path(read.name).name}", pictures.frames, "frames", PATIENCE_S)  # 0: it does not say
    for packet in read.demux([pictures, *heard]):
        if packet.stream.index != pictures.index:
            if film is None:
                early.append(packet)
            else:
                sounds[packet.stream.index].take(packet)
            continue
        for frame in packet.decode():
            if film is None:
                film = _Film(pictures, written, frame)
                sounds = {stream.index: _Sound(stream, written) for stream in heard}
                for packet_before in early:
                    sounds[packet_before.stream.index].take(packet_before)
            film.take(frame, drawn)
            progress.advance(1)
    if film is None:
        raise DataError(f"{read.name}: holds no frame that decodes; fetch the file again or remove it")
    film.end()
    for sound in sounds.values():
        sound.end()
    lost += [f"sound {number}: {sound.lost} packets do not decode" for number, sound in sounds.items() if sound.lost]
    return film.frames, lost


class _Film:
    """The stream of pictures: draws on them and encodes them."""

    def __init__(self, read: Any, written: Any, first: Any) -> None:
        self._read, self._written = read, written
        self._clock = first.time_base or Fraction(1, 90_000)
        if self._clock.denominator > _TICKS:
            self._clock = Fraction(1, 90_000)
        self._rate = read.guessed_rate or read.average_rate or Fraction(25)
        self._quarters = round(first.rotation / 90)
        height, width = draw(self._upright(first), ()).shape[:2]
        stream = written.add_stream("libx264", rate=self._rate, options=_QUALITY)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        context = stream.codec_context
        context.time_base = self._clock
        context.gop_size = max(1, round(2 * self._rate))  # two seconds, so that a player seeks fast
        context.colorspace = context.color_primaries = context.color_trc = 1  # BT.709
        context.color_range = 1  # video levels
        if ratio := read.sample_aspect_ratio:
            context.sample_aspect_ratio = 1 / ratio if self._quarters % 2 else ratio
        self._stream, self.frames = stream, 0
        self._last: int | None = None

    def take(self, frame: Any, drawn: Mapping[int, Sequence[Mark]]) -> None:
        import av

        pixels = draw(self._upright(frame), drawn.get(self.frames, ()))
        picture = av.VideoFrame.from_ndarray(pixels, format="rgb24")
        picture = picture.reformat(format="yuv420p", dst_colorspace="ITU709", dst_color_range="MPEG")
        picture.time_base, picture.pts = self._clock, self._time_of(frame)
        self._written.mux(self._stream.encode(picture))
        self.frames += 1

    def end(self) -> None:
        self._written.mux(self._stream.encode())

    def _upright(self, frame: Any) -> Pixels:
        rgb = frame.to_ndarray(format="rgb24")  # [H, W, 3]
        return np.ascontiguousarray(np.rot90(rgb, self._quarters))

    def _time_of(self, frame: Any) -> int:
        """The time of a frame in ticks of the clock, at least one tick after the frame before."""
        seconds = frame.pts * frame.time_base if frame.pts is not None else self.frames / Fraction(self._rate)
        ticks: int = round(seconds / self._clock)
        self._last = last = ticks if self._last is None else max(ticks, self._last + 1)
        return last


class _Sound:
    """A stream of sound, which is copied or encoded again."""

    def __init__(self, read: Any, written: Any) -> None:
        self.read, self._written, self.lost = read, written, 0
        self._copies = read.codec_context.codec.canonical_name in _COPIED
        if self._copies:
            self._stream = written.add_stream_from_template(read)
        else:
            rate = min(read.codec_context.sample_rate, _FAST_SOUND)
            layout = _LAYOUTS.get(read.codec_context.layout.nb_channels, "stereo")
            self._stream = written.add_stream("aac", rate=rate, layout=layout)

    def take(self, packet: Any) -> None:
        if self._copies:
            if packet.dts is not None:  # the packet at the end is empty
                packet.stream = self._stream
                self._written.mux(packet)
            return
        for frame in self._decoded(packet):
            self._written.mux(self._stream.encode(frame))

    def end(self) -> None:
        if not self._copies:
            self._written.mux(self._stream.encode())

    def _decoded(self, packet: Any) -> "Iterator[av.AudioFrame]":
        import av

        try:
            yield from packet.decode()
        except av.error.FFmpegError:
            self.lost += 1
