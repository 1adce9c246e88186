"""The sound of the annotated video: copied where every player knows it, otherwise encoded again."""

from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING, Any

from zsstad_core.formatting import count_text
from zsstad_core.video.clock import Clock

if TYPE_CHECKING:
    import av

_COPIED = {"aac", "mp3"}
_FAST_SOUND = 48_000  # samples a second; higher rates are for studios, and AAC encoders go up to 96,000 only
_LAYOUTS = {1: "mono", 2: "stereo", 6: "5.1", 8: "7.1"}  # by number of channels; AVI and WAV name no layout
_SAMPLES = 1024  # of a packet, if the codec does not say


class Sound:
    """A stream of sound, which is copied or encoded again. Its times go on as those of pictures do. A packet that
    does not decode, or that cannot be written, is left out and counted.

    start: seconds at which the film begins, which become 0. Raises FFmpegError or ValueError for sound that the file
    cannot hold.
    """

    def __init__(self, read: Any, written: Any, start: float) -> None:
        self._written, self._start, self._taken = written, start, 0
        self._lost = self._unwritten = 0
        context = read.codec_context
        rate = Fraction(context.sample_rate or _FAST_SOUND, context.frame_size or _SAMPLES)
        self._times = Clock(rate, rate)
        self._copies = context.codec.canonical_name in _COPIED
        if self._copies:
            self._stream = written.add_stream_from_template(read)
        else:
            layout = _LAYOUTS.get(context.layout.nb_channels, "stereo")
            self._stream = written.add_stream("aac", rate=min(context.sample_rate, _FAST_SOUND), layout=layout)

    def take(self, packet: Any) -> None:
        """Write a packet of the stream that is read."""
        if not self._copies:
            for frame in self._decoded(packet):
                if frame.pts is not None:
                    frame.pts = self._in_time(frame.pts, frame.time_base)
                self._write(partial(self._stream.encode, frame))
        elif packet.dts is not None:  # the packet at the end is empty
            moved = self._in_time(packet.dts, packet.time_base) - packet.dts
            packet.dts, packet.pts = packet.dts + moved, (packet.dts if packet.pts is None else packet.pts) + moved
            packet.stream = self._stream
            self._write(lambda: packet)

    def end(self) -> None:
        """Write what an encoder still holds."""
        if not self._copies:
            self._write(self._stream.encode)

    def remarks(self) -> list[str]:
        """A line for each loss, and one for times that are not those of the file."""
        left_out = {"which do not decode": self._lost, "which cannot be written": self._unwritten}
        lines = [f"{count_text(count, 'packet')} left out, {why}" for why, count in left_out.items() if count]
        changed = self._times.remark()
        return [*lines, *([changed.replace("frame", "packet")] if changed else [])]

    def _write(self, packets: "Callable[[], av.Packet | list[av.Packet]]") -> None:
        """Write what `packets` gives. A failed write to the disk is no matter of one packet, and is raised."""
        import av

        try:
            self._written.mux(packets())
        except OSError:
            raise
        except (av.error.FFmpegError, ValueError):
            self._unwritten += 1

    def _in_time(self, ticks: int, tick: Fraction) -> int:
        seconds = self._times.time(self._taken, float(ticks * tick)) - self._start
        self._taken += 1
        return round(Fraction(seconds) / tick)

    def _decoded(self, packet: Any) -> "Iterator[av.AudioFrame]":
        import av

        try:
            yield from packet.decode()
        except av.error.FFmpegError:
            self._lost += 1
