"""What is no film is not looked at: covers, and texts that point to other files."""

from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av.stream import Disposition

from tests.made_videos import grey
from tests.video.made_files import FRAMES, plain
from zsstad_core.ask.refusals import refuse_without_pictures
from zsstad_core.errors import DataError
from zsstad_core.video import VideoSource, decode, times
from zsstad_core.video.film import open_film

LISTS = {
    "ffconcat": "ffconcat version 1.0\nfile other.mkv\n",
    "playlist": "#EXTM3U\n#EXT-X-VERSION:3\n#EXTINF:1,\nother.mkv\n#EXT-X-ENDLIST\n",
    "session": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=No\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n",
    "dash": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"><Period><AdaptationSet>'
    '<Representation id="1"><BaseURL>other.mkv</BaseURL></Representation></AdaptationSet></Period></MPD>',
}


@pytest.mark.fault(55)
@pytest.mark.parametrize("kind", LISTS)
@pytest.mark.parametrize("suffix", ["mp4", "mkv", "m3u8", "ffconcat"])
def test_a_text_that_points_to_another_file_is_refused_whatever_its_name(
    kind: str, suffix: str, tmp_path: Path
) -> None:
    plain(tmp_path / "other.mkv")
    path = tmp_path / f"list.{suffix}"
    path.write_text(LISTS[kind])
    source = VideoSource("list", path)
    for refuses in (lambda: list(decode(source)), lambda: refuse_without_pictures([source])):
        with pytest.raises(DataError, match=rf"list\.{suffix}: is a text that points to other files"):
            refuses()


def test_a_file_that_is_named_as_a_row_of_pictures_is_not_read_as_one(tmp_path: Path) -> None:
    plain(tmp_path / "a.mp4").rename(tmp_path / "clip%03d.mp4")
    assert len(list(times(VideoSource("a", tmp_path / "clip%03d.mp4")))) == FRAMES
    plain(tmp_path / "a.mjpeg", "mjpeg", "yuvj420p").rename(tmp_path / "clip001.jpg")
    plain(tmp_path / "b.mjpeg", "mjpeg", "yuvj420p").rename(tmp_path / "clip%03d.jpg")
    with pytest.raises(DataError, match=r"clip%03d\.jpg: does not decode at frame 0"):
        list(times(VideoSource("a", tmp_path / "clip%03d.jpg")))


@pytest.mark.fault(53)
def test_a_song_with_a_cover_is_no_video(tmp_path: Path) -> None:
    path = tmp_path / "song.m4a"
    with av.open(str(path), "w", format="mp4") as container:
        tone: Any = container.add_stream("aac", rate=8000)
        cover: Any = container.add_stream("mjpeg", rate=1)
        cover.height, cover.width, cover.pix_fmt = 32, 32, "yuvj420p"
        cover.disposition = Disposition.attached_pic
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 8000), np.float32), format="fltp", layout="mono")
        sound.sample_rate = 8000
        container.mux(cover.encode(av.VideoFrame.from_ndarray(grey(1, 32, 32), format="rgb24")))
        container.mux(tone.encode(sound))
        container.mux(cover.encode())
        container.mux(tone.encode())
    for refuses in (
        lambda: list(decode(VideoSource("a", path))),
        lambda: refuse_without_pictures([VideoSource("a", path)]),
    ):
        with pytest.raises(DataError, match=r"song\.m4a: has no video stream except a cover picture"):
            refuses()


def test_one_stream_is_taken_without_reading_the_file_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = plain(tmp_path / "a.mkv")
    opened, av_open = [], av.open
    monkeypatch.setattr(av, "open", lambda *words, **more: opened.append(words) or av_open(*words, **more))
    with open_film(path) as (_, stream):
        assert stream.index == 0
    assert len(opened) == 1


@pytest.mark.parametrize("name", ["cover_udta_first.mp4", "thumb_first.mkv"])
def test_the_clips_with_a_picture_before_the_film(name: str, realdata: Path) -> None:
    path = realdata / "hard_inputs" / "02-cover-before-film" / name
    if not path.is_file():
        pytest.skip(f"needs {path}")
    seen = list(times(VideoSource("a", path)))
    assert (len(seen), seen[0][1:]) == (36, (240, 320))
