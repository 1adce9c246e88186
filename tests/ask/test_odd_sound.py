"""Sound that cannot be copied or encoded costs itself alone: every picture is in the annotated video."""

from pathlib import Path

import av
import pytest

from tests.ask.made import pictures, write_film
from tests.video.made_files import joined
from zsstad_core.ask.annotated import write_annotated
from zsstad_core.video import VideoSource

EVENLY = [40 * number for number in range(30)]


def with_damaged_packets(path: Path, damaged: range) -> Path:
    """An MPEG-TS file with AAC, in which these packets of sound say that they hold two blocks and a checksum, which
    FFmpeg refuses to copy into MP4."""
    usual = write_film(path.with_suffix(".usual.ts"), pictures(30), EVENLY)
    with av.open(str(usual)) as read, av.open(str(path), "w") as written:
        streams = {stream.index: written.add_stream_from_template(stream) for stream in read.streams}
        number = 0
        for packet in read.demux():
            if packet.dts is None:
                continue
            new = packet
            if packet.stream.type == "audio":
                content = bytearray(packet)
                if number in damaged:
                    content[1] &= 0xFE
                    content[6] |= 1
                number += 1
                new = av.Packet(bytes(content))
                new.pts, new.dts, new.time_base = packet.pts, packet.dts, packet.time_base
            new.stream = streams[packet.stream.index]
            written.mux(new)
    return path


def streams_of(video: Path) -> tuple[int, int]:
    """How many frames of pictures, and how many packets of sound, a file has."""
    with av.open(str(video)) as container:
        frames = sum(1 for _ in container.decode(video=0))
    with av.open(str(video)) as container:
        heard = container.streams.audio
        return frames, sum(1 for packet in container.demux(heard) if packet.size) if heard else 0


@pytest.mark.fault(66)
def test_packets_that_cannot_be_copied_are_left_out_and_counted(tmp_path: Path) -> None:
    video = with_damaged_packets(tmp_path / "a.ts", range(10, 13))
    frames, remarks = write_annotated(VideoSource("a", video), {}, tmp_path / "a.mp4")
    assert frames == 30
    assert remarks == ["sound 1: 3 packets left out, which cannot be written"]
    assert streams_of(tmp_path / "a.mp4") == (30, streams_of(video)[1] - 3)


def test_sound_of_which_no_packet_can_be_copied_costs_no_picture(tmp_path: Path) -> None:
    video = with_damaged_packets(tmp_path / "a.ts", range(1000))
    frames, remarks = write_annotated(VideoSource("a", video), {}, tmp_path / "a.mp4")
    assert frames == 30
    assert "cannot be written" in remarks[-1]
    assert streams_of(tmp_path / "a.mp4")[0] == 30


def test_sound_that_turns_from_one_channel_to_two_costs_no_picture(tmp_path: Path) -> None:
    parts = [
        write_film(tmp_path / f"{layout}.ts", pictures(30), EVENLY, "ac3", layout=layout)
        for layout in ("mono", "stereo")
    ]
    video = joined(tmp_path / "a.ts", *parts)
    frames, remarks = write_annotated(VideoSource("a", video), {}, tmp_path / "a.mp4")
    assert frames == 60
    assert any("packets left out, which cannot be written" in line for line in remarks)
    assert streams_of(tmp_path / "a.mp4")[0] == 60
