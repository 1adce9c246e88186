"""Only wanted frames are drawn: they are the same frames, and nothing else is decoded for nothing."""

from pathlib import Path

import numpy as np
import pytest

from tests.made_videos import grey, number_of, write_folder, write_video
from zsstad_core.errors import DataError
from zsstad_core.video import VideoSource, decode, folder, times
from zsstad_core.video.orientation import Orientation

NOISE = [np.random.default_rng(i).integers(0, 256, (48, 64, 3), np.uint8) for i in range(40)]


@pytest.fixture(params=["clip.mkv", "clip.avi", "folder"])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> VideoSource:
    if request.param == "folder":
        return VideoSource("clip", write_folder(tmp_path / "clip", NOISE))
    codec, options = ("libx264", {"bf": "3", "g": "12"}) if request.param == "clip.mkv" else ("mpeg4", {"bf": "2"})
    return VideoSource("clip", write_video(tmp_path / request.param, NOISE, codec, options=options))


@pytest.mark.parametrize("wanted", [{0}, {39}, {5, 13, 14, 27}, {17, 1000}])
def test_a_wanted_frame_is_to_the_bit_what_it_is_among_all(source: VideoSource, wanted: set[int]):
    everything = list(decode(source))
    some = list(decode(source, wanted))
    assert [number for number, _, _ in some] == sorted(wanted & set(range(40)))
    for number, seconds, rgb in some:
        assert seconds == everything[number][1]
        np.testing.assert_array_equal(rgb, everything[number][2])


def test_times_are_those_of_the_frames(source: VideoSource):
    assert list(times(source)) == [(seconds, *rgb.shape[:2]) for _, seconds, rgb in decode(source)]


def test_a_turned_video_has_the_size_that_it_is_seen_with(tmp_path: Path):
    path = write_video(tmp_path / "clip.mp4", [grey(0), grey(1)], "libx264", rotation=90)
    assert [size for _, *size in times(VideoSource("clip", path))] == [[64, 48]] * 2


def test_what_comes_after_the_last_wanted_frame_is_not_read(tmp_path: Path):
    path = write_folder(tmp_path / "clip", [grey(i) for i in range(5)])
    (path / "00004.png").write_bytes(b"damaged")
    assert [number_of(rgb) for _, _, rgb in decode(VideoSource("clip", path), {1, 2})] == [1, 2]
    with pytest.raises(DataError, match=r"00004\.png: frame 3 does not decode"):
        list(decode(VideoSource("clip", path), {1, 3}))


def test_where_nothing_is_wanted_nothing_is_opened(tmp_path: Path):
    assert list(decode(VideoSource("clip", tmp_path / "nowhere.mkv"), frozenset())) == []


def test_only_wanted_frames_are_drawn(source: VideoSource, monkeypatch: pytest.MonkeyPatch):
    drawn = []
    show, picture = Orientation.show, folder._picture
    monkeypatch.setattr(Orientation, "show", lambda shown, rgb: drawn.append(1) or show(shown, rgb))
    monkeypatch.setattr(folder, "_picture", lambda file, number: drawn.append(1) or picture(file, number))
    assert len(list(decode(source, {3, 30}))) == 2
    assert len(drawn) <= 3  # the first frame of a folder is opened for its size


@pytest.mark.fault(29)
def test_a_wanted_frame_of_another_size_is_refused(tmp_path: Path):
    path = write_folder(tmp_path / "clip", [grey(0), grey(1), grey(2, height=24, width=32)])
    with pytest.raises(DataError, match="frame 2 is 32x24, the first is 64x48"):
        list(decode(VideoSource("clip", path), {2}))


def test_frames_have_the_name_that_the_source_gives(tmp_path: Path):
    write_folder(tmp_path / "clip", [grey(i) for i in range(3)], "clip_{:06d}.jpg")
    (tmp_path / "clip" / "other_000004.jpg").touch()
    named = VideoSource("clip", tmp_path / "clip", 25.0, r"clip_(\d+)\.jpg")
    assert [(number, seconds, number_of(rgb)) for number, seconds, rgb in decode(named)] == [
        (i, i / 25, i) for i in range(3)
    ]
    (tmp_path / "clip" / "clip_000002.jpg").unlink()
    with pytest.raises(DataError, match=r"frame clip_000002\.jpg is missing \(the next is clip_000003\.jpg\)"):
        list(times(named))
    with pytest.raises(DataError, match=r"holds no frames; expected abc-_00001\.jpg, abc-_00002\.jpg"):
        list(times(VideoSource("abc-", tmp_path / "clip", 25.0, r"abc\-_(\d+)\.jpg")))
