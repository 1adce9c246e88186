"""Frames of a video file: what a user would lose if a frame were missed, moved, turned, or invented."""

import csv
import hashlib
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest

from tests.made_videos import grey, number_of, write_folder, write_video
from zsstad_core.errors import DataError, MissingFileError
from zsstad_core.video import VideoSource, decode, decoder_versions, digest

NOISE = [np.random.default_rng(i).integers(0, 256, (96, 128, 3), np.uint8) for i in range(12)]


@pytest.mark.parametrize(
    ("name", "codec", "options"),
    [("clip.avi", "mpeg4", {}), ("clip.mp4", "libx264", {"bf": "3"}), ("clip.mkv", "libx264", {"bf": "0"})],
)
def test_every_frame_comes_once_and_in_order(tmp_path: Path, name: str, codec: str, options: dict[str, str]):
    path = write_video(tmp_path / name, [grey(i) for i in range(14)], codec, rate=25, options=options)
    frames = list(decode(VideoSource("clip", path)))
    assert [number for number, _, _ in frames] == list(range(14))
    assert [number_of(rgb) for _, _, rgb in frames] == list(range(14))
    np.testing.assert_allclose(np.diff([seconds for _, seconds, _ in frames]), 1 / 25, atol=1e-6)
    assert all(rgb.dtype == np.uint8 and rgb.shape == (48, 64, 3) and rgb.flags.c_contiguous for _, _, rgb in frames)


@pytest.mark.fault(28)
def test_uneven_times_and_a_late_start_are_the_files_own(tmp_path: Path):
    pts = [500, 533, 700, 733, 1900]
    path = write_video(tmp_path / "clip.mkv", [grey(i) for i in range(5)], "libx264", pts=pts, options={"bf": "0"})
    assert [seconds for _, seconds, _ in decode(VideoSource("clip", path))] == pytest.approx([p / 1000 for p in pts])


def test_a_file_without_times_gets_them_from_its_rate(tmp_path: Path):
    path = write_video(tmp_path / "clip.h264", [grey(i) for i in range(6)], "libx264", rate=20, options={"bf": "2"})
    frames = list(decode(VideoSource("clip", path)))
    assert [seconds for _, seconds, _ in frames] == pytest.approx([i / 20 for i in range(6)])
    assert [number_of(rgb) for _, _, rgb in frames] == list(range(6))


def test_colours_are_not_swapped(tmp_path: Path):
    orange = np.broadcast_to(np.array([255, 128, 0], np.uint8), (48, 64, 3))
    path = write_video(tmp_path / "clip.mp4", [orange] * 3, "libx264")
    for _, _, rgb in decode(VideoSource("clip", path)):
        np.testing.assert_allclose(rgb.reshape(-1, 3).mean(0), [255, 128, 0], atol=6)


@pytest.mark.fault(29)
@pytest.mark.parametrize("pix_fmt", ["gray", "yuv420p10le", "yuv444p"])
@pytest.mark.parametrize("shape", [(48, 64), (45, 61)])
def test_grey_ten_bit_and_odd_sized_pictures_become_rgb(tmp_path: Path, pix_fmt: str, shape: tuple[int, int]):
    path = write_video(tmp_path / "clip.mkv", [grey(i, *shape) for i in range(4)], "ffv1", pix_fmt=pix_fmt)
    frames = [rgb for _, _, rgb in decode(VideoSource("clip", path))]
    assert [number_of(rgb) for rgb in frames] == list(range(4))
    assert {rgb.shape for rgb in frames} == {(*shape, 3)}


@pytest.mark.fault(29)
@pytest.mark.parametrize(("degrees", "white"), [(0, (0, 0)), (90, (-1, 0)), (-90, (0, -1)), (180, (-1, -1))])
def test_a_turned_phone_video_stands_upright(tmp_path: Path, degrees: int, white: tuple[int, int]):
    picture = np.zeros((48, 64, 3), np.uint8)
    picture[:24, :32] = 255  # the quarter at the top left, which a turn counter-clockwise takes to the bottom left
    path = write_video(tmp_path / "clip.mp4", [picture] * 3, "libx264", rotation=degrees)
    _, _, rgb = next(iter(decode(VideoSource("clip", path))))
    assert rgb.shape == ((64, 48, 3) if degrees in (90, -90) else (48, 64, 3))
    corners = {corner: int(rgb[corner][0]) > 128 for corner in [(0, 0), (0, -1), (-1, 0), (-1, -1)]}
    assert corners == {corner: corner == white for corner in corners}


@pytest.mark.fault(30)
def test_a_clip_of_one_frame_is_a_clip(tmp_path: Path):
    path = write_video(tmp_path / "clip.avi", [grey(3)])
    assert [(number, number_of(rgb)) for number, _, rgb in decode(VideoSource("clip", path))] == [(0, 3)]


@pytest.mark.fault(25)
@pytest.mark.parametrize("content", [b"", b"not a video " * 500])
def test_a_file_that_is_no_video_is_named_with_the_decoders_words(tmp_path: Path, content: bytes):
    path = tmp_path / "clip.avi"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"clip\.avi: does not decode at frame 0: Invalid data found"):
        list(decode(VideoSource("clip", path)))


def test_a_file_of_sound_only_is_refused(tmp_path: Path):
    path = tmp_path / "clip.mka"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000)
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), format="s16", layout="mono")
        sound.sample_rate = 8000
        container.mux(stream.encode(sound))
        container.mux(stream.encode())
    with pytest.raises(DataError, match=r"clip\.mka: has no video stream"):
        list(decode(VideoSource("clip", path)))


def test_a_missing_video_is_named(tmp_path: Path):
    source = VideoSource("clip", tmp_path / "clip.avi")
    with pytest.raises(MissingFileError, match=r"clip\.avi: no such video"):
        list(decode(source))
    with pytest.raises(MissingFileError, match=r"clip\.avi: no such video"):
        digest(source)


@pytest.mark.fault(26)
@pytest.mark.parametrize(("name", "codec"), [("clip.avi", "mpeg4"), ("clip.mp4", "libx264")])
@pytest.mark.parametrize("damage", ["zeros", "random"])
def test_a_damaged_frame_is_named_not_invented(tmp_path: Path, name: str, codec: str, damage: str):
    path = write_video(tmp_path / name, NOISE, codec)
    sound = [rgb for _, _, rgb in decode(VideoSource("clip", path))]
    content = bytearray(path.read_bytes())
    middle = slice(len(content) // 2, len(content) // 2 + 3000)
    content[middle] = bytes(3000) if damage == "zeros" else np.random.default_rng(0).bytes(3000)
    path.write_bytes(content)

    seen = []
    with pytest.raises(DataError, match=rf"{name}: (frame \d+ is damaged|does not decode at frame \d+)") as caught:
        seen.extend(rgb for _, _, rgb in decode(VideoSource("clip", path)))
    assert f"frame {len(seen)}" in str(caught.value)
    assert 0 < len(seen) < len(sound)
    assert all(np.array_equal(a, b) for a, b in zip(seen, sound, strict=False))


def test_a_download_cut_short_is_noticed(tmp_path: Path):
    path = write_video(tmp_path / "clip.avi", NOISE)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(DataError, match=r"clip\.avi: frame \d+ is damaged"):
        list(decode(VideoSource("clip", path)))


def test_a_change_of_the_file_changes_its_digest(tmp_path: Path):
    path = write_video(tmp_path / "clip.avi", [grey(0)])
    before = digest(VideoSource("clip", path))
    assert before == hashlib.sha256(path.read_bytes()).hexdigest()
    assert digest(VideoSource("other name", path)) == before
    path.write_bytes(path.read_bytes() + b"\0")
    assert digest(VideoSource("clip", path)) != before


def test_a_plan_can_ask_for_decoders_without_loading_them():
    code = (
        "import sys; from zsstad_core.video import decoder_versions; print(decoder_versions());"
        "print(sorted({'av', 'PIL', 'pandas', 'torch'} & set(sys.modules)))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.splitlines() == [str(decoder_versions()), "[]"]
    assert decoder_versions()["av"] == av.__version__


SHORTER_THAN_THEIR_GROUND_TRUTH = [
    "clap/The_Slow_Clap_clap_u_cm_np1_fr_med_4",
    "clap/The_Slow_Clap_clap_u_nm_np1_fr_bad_20",
    "stand/BIG_FISH_stand_u_nm_np1_fr_med_27",
]


@pytest.mark.fault(27)
def test_real_clips_hold_what_decodes_not_what_they_claim(realdata: Path):
    with (realdata / "annotations/jhmdb/videos_928.csv").open(encoding="utf-8") as stream:
        known = {row["video"]: row for row in csv.DictReader(stream) if row["in_realdata_subset"] == "1"}
    for video_id in [*SHORTER_THAN_THEIR_GROUND_TRUTH, *list(known)[::60]]:
        source = VideoSource(video_id, realdata / "videos/jhmdb" / f"{video_id}.avi")
        times = [seconds for _, seconds, _ in decode(source)]
        row = known[video_id]
        assert len(times) == int(row["decoded_frames"]) < int(row["container_frames"])
        assert times[0] == 0
        assert (np.diff(times) > 0).all()
        assert digest(source) == row["sha256"]


def test_a_folder_of_png_gives_the_pixels_themselves(tmp_path: Path):
    path = write_folder(tmp_path / "clip", NOISE)
    frames = list(decode(VideoSource("clip", path, fps=30.0)))
    assert [(number, seconds) for number, seconds, _ in frames] == [(i, i / 30) for i in range(12)]
    assert all(np.array_equal(rgb, noise) for (_, _, rgb), noise in zip(frames, NOISE, strict=True))
