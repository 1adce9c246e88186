"""The annotated video of a film whose clock is odd: every frame is there, for its time, with the sound."""

from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest

from tests.ask.made import pictures, write_film
from tests.made_videos import write_video
from tests.video.made_files import cover_first, joined, part, with_streams, with_times
from zsstad_core.ask.annotated import write_annotated
from zsstad_core.video import VideoSource, times

EVENLY = [40 * number for number in range(30)]


def durations(video: Path) -> tuple[list[float], list[float]]:
    """The time and the duration of each picture of an MP4 file, in the order in which they are shown."""
    with av.open(str(video)) as container:
        (stream,) = container.streams.video
        shown = sorted((packet.pts, packet.duration) for packet in container.demux(stream) if packet.size)
        tick = float(stream.time_base or 0)
        starts = [(pts or 0) * tick for pts, _ in shown]
        return starts, [*np.diff(starts).tolist(), (shown[-1][1] or 0) * tick]


def film_in_two_parts(folder: Path, sound: str | None) -> Path:
    name = f"film-{sound}.ts"
    write_film(folder / name, pictures(30), EVENLY, sound)
    return joined(folder / "joined.ts", folder / name, folder / name)


ODD: dict[str, Callable[[Path], Path]] = {
    "starts again": lambda folder: film_in_two_parts(folder, None),
    "starts again soon": lambda folder: joined(
        folder / "a.ts", part(folder / "0.ts", 0), part(folder / "1.ts", 200), part(folder / "2.ts", 100)
    ),
    "wraps": lambda folder: part(folder / "a.ts", round(2**33 / 90) - 200),
    "begins below zero": lambda folder: with_times(folder / "a.mkv", [-2000, -1960, -1500, -100, 40, 80]),
    "stands still": lambda folder: with_times(folder / "a.mkv", [0] * 12),
    "stands still for one frame of two": lambda folder: with_times(
        folder / "a.mkv", [80 * (n // 2) for n in range(12)]
    ),
    "has neighbours swapped": lambda folder: write_video(
        folder / "a.avi", pictures(24), "libx264", options={"bf": "2"}
    ),
}


@pytest.mark.fault(54)
@pytest.mark.parametrize("name", ODD)
def test_every_frame_is_shown_for_its_time(name: str, tmp_path: Path) -> None:
    video = ODD[name](tmp_path)
    seconds = np.array([time for time, _, _ in times(VideoSource("a", video))])
    out = tmp_path / "out" / "a.mp4"
    frames, remarks = write_annotated(VideoSource("a", video), {}, out)
    starts, lasts = durations(out)
    assert frames == len(seconds) == len(starts)
    assert starts == pytest.approx((seconds - min(seconds[0], 0)).tolist(), abs=0.002)
    assert min(lasts) > 0.01
    assert len(remarks) == 1
    assert ("clock begins at" if name in ("wraps", "begins below zero") else "times go on") in remarks[0]


@pytest.mark.parametrize("sound", ["aac", "libmp3lame", "ac3"])
def test_two_recordings_that_were_joined_keep_all_pictures_and_their_sound(sound: str, tmp_path: Path) -> None:
    video = film_in_two_parts(tmp_path, sound)
    out = tmp_path / "out" / "a.mp4"
    frames, remarks = write_annotated(VideoSource("a", video), {}, out)
    assert frames == 60
    assert "frame 30" in remarks[0]
    starts, lasts = durations(out)
    assert starts[-1] + lasts[-1] - starts[0] == pytest.approx(2.4, abs=0.01)
    with av.open(str(out)) as container:
        (heard,) = container.streams.audio
        length = sum(frame.samples for frame in container.decode(heard)) / heard.rate
    assert length == pytest.approx(2.4, abs=0.2)


def test_sound_of_a_film_that_begins_below_zero_moves_with_it(tmp_path: Path) -> None:
    video = tmp_path / "a.ts"
    usual = write_film(tmp_path / "usual.ts", pictures(30), EVENLY)
    with av.open(str(usual)) as read, av.open(str(video), "w") as written:
        streams = {stream.index: written.add_stream_from_template(stream) for stream in read.streams}
        for packet in read.demux():
            if packet.pts is not None and packet.dts is not None:
                earlier = 2**33 - 45_000  # half a second before the clock of MPEG-TS wraps around
                packet.stream, packet.pts, packet.dts = (
                    streams[packet.stream.index],
                    packet.pts + earlier,
                    packet.dts + earlier,
                )
                written.mux(packet)
    out = tmp_path / "out" / "a.mp4"
    frames, (remark,) = write_annotated(VideoSource("a", video), {}, out)
    first = next(times(VideoSource("a", video)))[0]
    assert frames == 30
    assert first < -0.1
    assert remark == f"its clock begins at {first:.3f} s; here all times are counted from its first frame"
    with av.open(str(video)) as before, av.open(str(out)) as after:
        began, begins = (float(next(one.decode(audio=0)).time or 0) for one in (before, after))
    assert begins == pytest.approx(began - first, abs=0.03)


@pytest.mark.parametrize(
    "make",
    [
        lambda folder: cover_first(folder / "a.mp4"),
        lambda folder: with_streams(folder / "a.mkv", (1, (96, 128), "default"), (12, (48, 64), "default")),
    ],
)
def test_the_film_is_annotated_and_not_its_cover(make: Callable[[Path], Path], tmp_path: Path) -> None:
    out = tmp_path / "out" / "a.mp4"
    assert write_annotated(VideoSource("a", make(tmp_path)), {}, out) == (12, [])
    assert len(durations(out)[0]) == 12


def test_the_joined_clip_with_sound_gets_its_answer(realdata: Path, tmp_path: Path) -> None:
    video = realdata / "hard_inputs" / "03-ts-joined-times-restart" / "concat_aac.ts"
    if not video.is_file():
        pytest.skip(f"needs {video}")
    frames, _ = write_annotated(VideoSource("a", video), {}, tmp_path / "a.mp4")
    starts, lasts = durations(tmp_path / "a.mp4")
    assert frames == len(starts) == 30
    assert min(lasts) > 0.03
