"""Write the video with the answer drawn into it: an MP4 that plays everywhere.

The file is H.264 in yuv420p with even sides, BT.709, with its index in front (faststart). It holds every frame that
decodes, upright and at the time that `video.decode` gives it, so that a variable frame rate stays variable. MP4 knows
no time below zero: where the first frame comes earlier, the file begins with it at 0. AAC and MP3 sound, which every
player knows, is copied packet by packet; other sound becomes AAC.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from zsstad_core.ask.drawing import Mark, Pixels, draw
from zsstad_core.ask.sound import Sound
from zsstad_core.cache.export import whole_file
from zsstad_core.errors import DataError, UserError
from zsstad_core.progress import PATIENCE_S, Progress
from zsstad_core.video import VideoSource
from zsstad_core.video.film import clock_of, guessed_rate, open_film
from zsstad_core.video.orientation import Orientation, orientation_of

_QUALITY = {"crf": "20", "preset": "fast"}
_TICKS = 1_000_000_000  # ticks a second; MP4 has no finer clock


def write_annotated(
    source: VideoSource, drawn: Mapping[int, Sequence[Mark]], path: Path, note: str = ""
) -> tuple[int, list[str]]:
    """Write the video with the marks of each frame; returns the number of frames, and remarks: a line for
    times that are not those of the file, and a line for each loss of sound.

    drawn: marks by frame number. note: a text at the bottom of every frame. The file appears whole or not at all;
    where it cannot be written with the sound, it is written without. Raises DataError if the video does not decode (any
    more), or cannot be encoded.
    """
    import av

    failures: list[Exception] = []
    for with_sound in (True, False):
        try:
            frames, remarks = _write(source, drawn, path, note, with_sound)
        except UserError:
            raise
        except (av.error.FFmpegError, ValueError) as error:  # PyAV's own refusals are plain ValueErrors
            failures.append(error)
            continue
        lost = [f"the sound is left out: it cannot be written ({_reason(failures[0])})"] if failures else []
        return frames, [*remarks, *lost]
    reason = _reason(failures[-1])
    raise DataError(f"{source.path}: cannot be annotated: {reason}; is the file still the same?") from failures[-1]


def _write(
    source: VideoSource, drawn: Mapping[int, Sequence[Mark]], path: Path, note: str, with_sound: bool
) -> tuple[int, list[str]]:
    import av

    with whole_file(path) as temporary, open_film(source.path) as (read, pictures):
        options = {"movflags": "+faststart"}
        with av.open(str(temporary), "w", format="mp4", options=options) as written:
            return _copy(read, pictures, written, drawn, note, with_sound)


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)


def _copy(
    read: Any, pictures: Any, written: Any, drawn: Mapping[int, Sequence[Mark]], note: str, with_sound: bool
) -> tuple[int, list[str]]:
    streams = read.streams.audio if with_sound else ()
    heard = [stream for stream in streams if stream.codec_context is not None]
    lost = [f"sound {stream.index}: no decoder" for stream in streams if stream.codec_context is None]
    film: _Film | None = None
    sounds: dict[int, Sound] = {}
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
                film = _Film(pictures, written, frame, note)
                sounds = {stream.index: Sound(stream, written, film.start) for stream in heard}
                for packet_before in early:
                    sounds[packet_before.stream.index].take(packet_before)
            film.take(frame, drawn)
            progress.advance(1)
    if film is None:
        raise DataError(f"{read.name}: holds no frame that decodes; fetch the file again or remove it")
    film.end()
    for sound in sounds.values():
        sound.end()
    lost += [f"sound {number}: {remark}" for number, sound in sounds.items() for remark in sound.remarks()]
    return film.frames, [*film.remarks(), *lost]


class _Film:
    """The stream of pictures: draws on them and encodes them.

    start: seconds at which the first frame stands, if that is below zero, else 0; all times are counted from there.
    """

    def __init__(self, read: Any, written: Any, first: Any, note: str) -> None:
        self._note = note
        self._path, self._written, self._times = Path(read.container.name), written, clock_of(read)
        self.start = min(first.time or 0.0, 0.0)
        rate = guessed_rate(read)
        self._ticks = _fine_enough(first.time_base, self._times.step)
        shown = orientation_of(first, self._path, 0)
        height, width = draw(_upright(first, shown), ()).shape[:2]
        stream = written.add_stream("libx264", rate=rate, options=_QUALITY)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        context = stream.codec_context
        context.time_base = self._ticks
        context.gop_size = max(1, round(2 * rate))  # two seconds, so that a player seeks fast
        context.colorspace = context.color_primaries = context.color_trc = 1  # BT.709
        context.color_range = 1  # video levels
        if ratio := read.sample_aspect_ratio:
            context.sample_aspect_ratio = 1 / ratio if shown.transposed else ratio
        self._stream, self.frames = stream, 0

    def take(self, frame: Any, drawn: Mapping[int, Sequence[Mark]]) -> None:
        import av

        pixels = draw(
            _upright(frame, orientation_of(frame, self._path, self.frames)), drawn.get(self.frames, ()), self._note
        )
        picture = av.VideoFrame.from_ndarray(pixels, format="rgb24")
        picture = picture.reformat(format="yuv420p", dst_colorspace="ITU709", dst_color_range="MPEG")
        seconds = self._times.time(self.frames, frame.time) - self.start
        picture.time_base, picture.pts = self._ticks, round(Fraction(seconds) / self._ticks)
        self._written.mux(self._stream.encode(picture))
        self.frames += 1

    def end(self) -> None:
        self._written.mux(self._stream.encode())

    def remarks(self) -> list[str]:
        """A line for each way in which the times are not those of the file."""
        below = f"its clock begins at {self.start:.3f} s; here all times are counted from its first frame"
        return [*([below] if self.start else []), *filter(None, [self._times.remark()])]


def _upright(frame: Any, shown: Orientation) -> Pixels:
    return shown.show(frame.to_ndarray(format="rgb24"))  # [H, W, 3]


def _fine_enough(time_base: Fraction | None, step: float) -> Fraction:
    """The tick of the file, or a part of it: short enough that times which the clock had to make up differ."""
    ticks = time_base or Fraction(1, 90_000)
    if ticks.denominator > _TICKS:
        return Fraction(1, 90_000)
    while ticks * 10 > step:
        ticks /= 10
    return ticks
