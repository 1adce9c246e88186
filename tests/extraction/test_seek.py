"""A frame found by seeking is, to the bit, the frame that stands there."""

from pathlib import Path

import numpy as np
import pytest

from tests.made_videos import write_video
from zsstad_core.extraction import seek
from zsstad_core.video import VideoSource, decode

FRAMES = 420
STREAMS = {
    "h264, B-frames": ("libx264", "mp4", {"g": "30", "bf": "3"}),
    "h264, open groups": ("libx264", "mkv", {"g": "30", "bf": "3", "x264-params": "open-gop=1:scenecut=0"}),
    "h264, one keyframe": ("libx264", "mp4", {"g": "9999", "x264-params": "scenecut=0"}),
    "h264, refreshed bit by bit": ("libx264", "mkv", {"g": "60", "x264-params": "intra-refresh=1:scenecut=0"}),
    "mpeg4 in mp4": ("mpeg4", "mp4", {"g": "25", "bf": "2"}),
    "mpeg4 in avi": ("mpeg4", "avi", {"g": "25", "bf": "2"}),
}


def pictures() -> list[np.ndarray]:
    """Noise that moves and changes: every frame is unlike every other, and draws on those around it."""
    rng = np.random.default_rng(0)
    ground = rng.integers(0, 256, (64, 64 + FRAMES, 3), dtype=np.uint8)
    frames = [ground[:, n : n + 64].copy() for n in range(FRAMES)]
    for n, frame in enumerate(frames):
        frame[:16, :16] = (n % 251, 255 - n % 251, n // 251 * 100)
    return frames


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("seek")


@pytest.mark.parametrize("name", STREAMS)
def test_frames_from_the_middle_are_those_of_decoding_all(name: str, folder: Path):
    codec, suffix, options = STREAMS[name]
    path = write_video(folder / f"{name.replace(' ', '_')}.{suffix}", pictures(), codec, options=options)
    source = VideoSource("video", path)
    every = {number: (seconds, image) for number, seconds, image in decode(source)}
    assert len(every) == FRAMES
    for wanted in ([260, 261, 262], [300], [359, 360, 361], [255, 419], [3, 400]):
        found = list(seek.seek_frames(source, {number: every[number][0] for number in wanted}))
        assert [number for number, _, _ in found] == wanted
        for number, seconds, image in found:
            assert seconds == every[number][0]
            assert np.array_equal(image, every[number][1]), number


def test_a_place_is_really_sought(folder: Path, monkeypatch: pytest.MonkeyPatch):
    path = write_video(folder / "sought.mp4", pictures(), "libx264", options={"g": "30", "bf": "3"})
    source = VideoSource("video", path)
    times = {number: seconds for number, seconds, _ in decode(source)}
    monkeypatch.setattr(seek, "decode", None)  # which is what it falls back to
    assert [number for number, _, _ in seek.seek_frames(source, {400: times[400]})] == [400]


def test_times_that_the_video_does_not_have_are_not_taken_for_frames(folder: Path):
    path = write_video(folder / "other.mp4", pictures(), "libx264", options={"g": "30"})
    source = VideoSource("video", path)
    every = {number: image for number, _, image in decode(source)}
    ((number, _, image),) = seek.seek_frames(source, {400: 13.3331})
    assert number == 400
    assert np.array_equal(image, every[400])
