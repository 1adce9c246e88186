"""The annotated video has every frame of the video at its own time, its sound, and plays everywhere."""

from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from tests.ask.made import pictures, write_film
from tests.made_videos import write_video
from zsstad_core.ask.annotated import write_annotated
from zsstad_core.ask.drawing import COLOURS, Mark, draw, zoom_of
from zsstad_core.errors import DataError
from zsstad_core.video import VideoSource, decode, times

EVENLY = [40 * number for number in range(30)]


def annotated(video: Path, drawn: dict[int, list[Mark]] | None = None) -> Path:
    out = video.parent / "out" / "answer.mp4"
    frames, lost = write_annotated(VideoSource("a", video), drawn or {}, out)
    assert lost == []
    assert frames == len(clock(out)) == len(clock(video))
    return out


def clock(video: Path) -> list[float]:
    """The time of each frame that decodes."""
    return [seconds for seconds, _, _ in times(VideoSource("a", video))]


def sound_of(video: Path) -> tuple[str, float, float]:
    """Codec of the sound, its length in seconds, and how loud it is."""
    with av.open(str(video)) as container:
        (stream,) = container.streams.audio
        frames = [frame.to_ndarray().astype(np.float64) for frame in container.decode(stream)]
        samples = sum(frame.shape[-1] // (1 if len(frame) > 1 else stream.channels) for frame in frames)
        loud = float(np.abs(np.concatenate([frame.ravel() for frame in frames])).mean())
        return stream.codec_context.codec.canonical_name, samples / stream.rate, loud


def packets_of(video: Path, kind: str) -> list[bytes]:
    with av.open(str(video)) as container:
        return [bytes(packet) for packet in container.demux(**{kind: 0}) if packet.size]


def test_it_is_h264_in_yuv420p_with_its_index_in_front(tmp_path: Path) -> None:
    out = annotated(write_film(tmp_path / "a.mp4", pictures(30), EVENLY))
    with av.open(str(out)) as container:
        context = container.streams.video[0].codec_context
        assert (context.codec.canonical_name, context.pix_fmt) == ("h264", "yuv420p")
        assert container.format.name.startswith("mov,mp4")
    content = out.read_bytes()
    assert 0 < content.index(b"moov") < content.index(b"mdat")


def test_every_frame_keeps_its_time_also_at_a_variable_rate(tmp_path: Path) -> None:
    uneven = np.cumsum([0, *[20, 120, 33, 7] * 7]).tolist()
    video = write_film(tmp_path / "a.mp4", pictures(29), uneven)
    assert clock(annotated(video)) == pytest.approx([time / 1000 for time in uneven], abs=1e-6)


@pytest.mark.parametrize("name", ["a.avi", "a.mkv", "a.mov", "a.webm"])
def test_frames_and_times_are_those_of_the_video_in_every_container(tmp_path: Path, name: str) -> None:
    codec = {"a.webm": "libvpx-vp9", "a.avi": "mpeg4"}.get(name, "libx264")
    video = write_video(tmp_path / name, pictures(20), codec)
    assert clock(annotated(video)) == pytest.approx(clock(video), abs=1e-3)


def test_times_that_stand_swapped_lose_no_frame(tmp_path: Path) -> None:
    """AVI keeps no presentation times, so those of B-frames come out of order."""
    video = write_video(tmp_path / "a.avi", pictures(24), options={"bf": "2"})
    out = clock(annotated(video))
    assert (np.diff(out) > 0).all()


@pytest.mark.parametrize(("name", "codec"), [("a.mp4", "aac"), ("a.mkv", "libmp3lame")])
def test_sound_that_every_player_knows_is_copied_packet_by_packet(tmp_path: Path, name: str, codec: str) -> None:
    video = write_film(tmp_path / name, pictures(30), EVENLY, codec)
    out = annotated(video)
    assert packets_of(out, "audio") == packets_of(video, "audio")
    assert sound_of(out)[0] == {"aac": "aac", "libmp3lame": "mp3"}[codec]
    assert sound_of(out)[1] == pytest.approx(1.16, abs=0.06)


@pytest.mark.parametrize(("name", "codec"), [("a.mkv", "flac"), ("a.avi", "pcm_s16le"), ("a.mkv", "ac3")])
def test_other_sound_becomes_aac_of_the_same_length(tmp_path: Path, name: str, codec: str) -> None:
    video = write_film(tmp_path / name, pictures(30), EVENLY, codec, "mpeg4" if name == "a.avi" else "libx264")
    kind, seconds, loud = sound_of(annotated(video))
    assert kind == "aac"
    assert seconds == pytest.approx(sound_of(video)[1], abs=0.06)
    assert loud > 0.05  # of 1: it is the tone, not silence


def test_a_video_without_sound_has_none_afterwards(tmp_path: Path) -> None:
    out = annotated(write_film(tmp_path / "a.mp4", pictures(5), EVENLY[:5], None))
    with av.open(str(out)) as container:
        assert len(container.streams.audio) == 0


@pytest.mark.parametrize(("height", "width"), [(97, 129), (361, 481)])
def test_odd_sides_become_even_without_moving_a_pixel(tmp_path: Path, height: int, width: int) -> None:
    video = write_film(tmp_path / "a.mkv", pictures(4, height, width), EVENLY[:4], None)
    zoom = zoom_of(height)
    (*_, (_, _, rgb)) = decode(VideoSource("a", annotated(video)))
    high, wide = (side * zoom + side * zoom % 2 for side in (height, width))
    assert rgb.shape == (high, wide, 3)
    square = np.argwhere(rgb[..., 0].astype(int) - rgb[..., 2] > 100)
    assert square.min(0).tolist() == pytest.approx([10 * zoom, 10 * zoom], abs=zoom + 1)


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_phone_held_upright_stays_upright(tmp_path: Path, turn: int) -> None:
    video = write_film(tmp_path / "a.mp4", pictures(4), EVENLY[:4], None, rotation=turn)
    (*_, (_, _, seen)) = decode(VideoSource("a", video))
    out = annotated(video)
    with av.open(str(out)) as container:
        assert next(container.decode(video=0)).rotation == 0
    (*_, (_, _, rgb)) = decode(VideoSource("a", out))
    zoom = zoom_of(seen.shape[0])
    assert rgb.shape == (seen.shape[0] * zoom, seen.shape[1] * zoom, 3)
    assert np.abs(rgb[::zoom, ::zoom].astype(int) - seen).mean() < 12


def test_colours_stay_what_they_were(tmp_path: Path) -> None:
    video = write_film(tmp_path / "a.mp4", [np.full((360, 480, 3), (200, 40, 90), np.uint8)] * 5, EVENLY[:5], None)
    (*_, (_, _, seen)) = decode(VideoSource("a", video))
    with av.open(str(annotated(video))) as container:
        *_, frame = container.decode(video=0)
        shown: Any = frame.reformat(format="rgb24", src_colorspace="ITU709").to_ndarray()
        assert (frame.colorspace, frame.color_range) == (1, 1)
    assert np.abs(shown.astype(int) - seen).max() <= 6


def test_a_box_is_drawn_on_its_frame_and_on_no_other(tmp_path: Path) -> None:
    video = write_film(tmp_path / "a.mp4", pictures(6, 360, 480), EVENLY[:6], None)
    mark = Mark((200, 150, 300, 330), 2, "2 juggle a ball 0.83")
    shown = {number: rgb for number, _, rgb in decode(VideoSource("a", annotated(video, {3: [mark]})))}
    plain = {number: rgb for number, _, rgb in decode(VideoSource("a", video))}
    for number, rgb in shown.items():
        line = np.abs(rgb[200:300, 200].astype(int) - COLOURS[1]).mean()
        assert (line < 40) == (number == 3)
        if number != 3:
            assert np.abs(rgb.astype(int) - plain[number]).max() < 60


def test_letters_stay_inside_the_picture_whatever_the_label_and_the_place() -> None:
    frame = np.zeros((360, 200, 3), np.uint8)
    long = "7 " + "a very long description of what somebody may be doing " * 3 + "0.51"
    drawn = draw(
        frame,
        [Mark((150, 0, 199, 40), 1, long), Mark((-5, -5, 3, 3), -1, "wave 0.5"), Mark((0, 350, 9, 360), 3, "x 1")],
    )
    assert drawn.shape == frame.shape
    assert (drawn[:60] != 0).any()


def test_persons_who_stand_close_keep_their_letters_apart() -> None:
    """The last of boxes on each other hides the lines of the others; what is left of their colours are letters."""
    frame = np.zeros((400, 640, 3), np.uint8)
    alone = (draw(frame, [Mark((200, 100, 300, 350), 1, "1 wave 0.50")])[:100] == COLOURS[0]).all(-1).sum()
    drawn = draw(frame, [Mark((200, 100, 300, 350), n, f"{n} wave 0.50") for n in (1, 2, 3, 4)])
    for n in (1, 2, 3, 4):
        assert (drawn == COLOURS[n - 1]).all(-1).sum() > 0.8 * alone > 500


def test_a_file_that_is_cut_off_leaves_no_half_video(tmp_path: Path) -> None:
    video = tmp_path / "a.mp4"
    video.write_bytes(b"no video at all")
    out = tmp_path / "out" / "a.mp4"
    with pytest.raises(DataError, match=r"a\.mp4: cannot be annotated"):
        write_annotated(VideoSource("a", video), {}, out)
    assert not out.exists()
