"""Every one of the eight orientations is seen as players show it, wherever a picture is read or written."""

from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tests.video.made_files import TURNS, turned
from zsstad_core.ask.annotated import write_annotated
from zsstad_core.ask.drawing import zoom_of
from zsstad_core.errors import DataError
from zsstad_core.extraction import seek
from zsstad_core.video import VideoSource, decode, times

FILTERS = {
    "as stored": [],
    "mirrored": [("hflip", "")],
    "flipped": [("vflip", "")],
    "half turn": [("hflip", ""), ("vflip", "")],
    "transposed": [("transpose", "cclock_flip")],
    "quarter turn": [("transpose", "clock")],
    "three quarters": [("transpose", "cclock")],
    "transposed the other way": [("transpose", "clock_flip")],
}
"""The filters that the program ffmpeg puts in front of everything else for each display matrix."""

EXIF = {
    "as stored": 1,
    "mirrored": 2,
    "half turn": 3,
    "flipped": 4,
    "transposed": 5,
    "quarter turn": 6,
    "transposed the other way": 7,
    "three quarters": 8,
}


def unlike(height: int = 48, width: int = 64) -> NDArray[np.uint8]:
    """A picture whose quarters all differ, with letters' worth of edges."""
    rgb = np.full((height, width, 3), 60, np.uint8)
    rgb[: height // 2, : width // 2] = (250, 30, 20)
    rgb[: height // 2, width // 2 :] = (20, 240, 40)
    rgb[height // 2 :, : width // 2] = (30, 20, 230)
    rgb[4:20, 6:12] = 255
    return rgb


def stored(path: Path) -> NDArray[np.uint8]:
    with av.open(str(path)) as container:
        return next(container.decode(video=0)).to_ndarray(format="rgb24")


def as_ffmpeg_shows(path: Path, name: str) -> NDArray[np.uint8]:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        graph = av.filter.Graph()
        links = [
            graph.add_buffer(template=stream),
            *(graph.add(*one) for one in FILTERS[name]),
            graph.add("buffersink"),
        ]
        graph.link_nodes(*links).configure()
        graph.vpush(next(container.decode(stream)))
        return graph.vpull().to_ndarray(format="rgb24")


def as_the_matrix_says(rgb: NDArray[np.uint8], name: str) -> NDArray[np.uint8]:
    """Each pixel, one after the other, where the display matrix puts it."""
    a, b, c, d = TURNS[name]
    height, width = rgb.shape[:2]
    place = {(a * x + c * y, b * x + d * y): rgb[y, x] for y in range(height) for x in range(width)}
    left, top = min(x for x, _ in place), min(y for _, y in place)
    seen = np.zeros((height, width, 3) if a else (width, height, 3), np.uint8)
    for (x, y), pixel in place.items():
        seen[y - top, x - left] = pixel
    return seen


@pytest.mark.fault(29)
@pytest.mark.parametrize("name", TURNS)
def test_all_eight_are_seen_as_ffmpeg_and_the_matrix_say(name: str, tmp_path: Path) -> None:
    path = turned(tmp_path / "a.mp4", TURNS[name], [unlike()] * 2)
    _, (_, _, rgb) = decode(VideoSource("a", path))
    np.testing.assert_array_equal(rgb, as_ffmpeg_shows(path, name))
    np.testing.assert_array_equal(rgb, as_the_matrix_says(stored(path), name))
    assert [size for _, *size in times(VideoSource("a", path))] == [[*rgb.shape[:2]]] * 2


@pytest.mark.parametrize("name", TURNS)
def test_the_annotated_video_stands_as_the_frames_do(name: str, tmp_path: Path) -> None:
    path = turned(tmp_path / "a.mp4", TURNS[name], [unlike()] * 3)
    *_, (_, _, seen) = decode(VideoSource("a", path))
    out = tmp_path / "out" / "a.mp4"
    assert write_annotated(VideoSource("a", path), {}, out) == (3, [])
    shown, zoom = stored(out), zoom_of(seen.shape[0])
    assert shown.shape == (seen.shape[0] * zoom, seen.shape[1] * zoom, 3)
    assert np.abs(shown[::zoom, ::zoom].astype(int) - seen).mean() < 16


@pytest.mark.parametrize("name", ["flipped", "transposed the other way"])
def test_a_frame_that_is_sought_stands_as_the_others(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pictures = [np.roll(unlike(), number, axis=1) for number in range(30)]
    path = turned(tmp_path / "a.mp4", TURNS[name], pictures, g="5")
    frames = {number: (seconds, rgb) for number, seconds, rgb in decode(VideoSource("a", path))}
    monkeypatch.setattr(seek, "_AT_ONCE", 10)
    monkeypatch.setattr(seek, "decode", None)  # so that it has to seek
    ((_, _, rgb),) = seek.seek_frames(VideoSource("a", path), {21: frames[21][0]})
    np.testing.assert_array_equal(rgb, frames[21][1])


@pytest.mark.parametrize("name", TURNS)
def test_frames_of_a_folder_stand_as_their_exif_says(name: str, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = EXIF[name]
    for suffix in ("png", "jpg"):
        folder = tmp_path / suffix
        folder.mkdir()
        Image.fromarray(unlike()).save(folder / f"00001.{suffix}", exif=exif, quality=95)
        with Image.open(folder / f"00001.{suffix}") as image:
            stored_rgb = np.array(image.convert("RGB"))
        ((_, _, rgb),) = decode(VideoSource("a", folder, frame_name=rf"(\d+)\.{suffix}"))
        np.testing.assert_array_equal(rgb, as_the_matrix_says(stored_rgb, name))


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
def test_an_exif_that_is_damaged_is_no_reason_to_fail(tmp_path: Path) -> None:
    Image.fromarray(unlike()).save(tmp_path / "00001.jpg", exif=b"Exif\0\0II*\0\xff\xff\xff\xff" + bytes(9))
    ((_, _, rgb),) = decode(VideoSource("a", tmp_path, frame_name=r"(\d+)\.jpg"))
    assert rgb.shape == (48, 64, 3)


@pytest.mark.parametrize("matrix", [(0, 0, 0, 0), (1, 0, 0, 0)])
def test_a_matrix_that_shows_nothing_is_ignored_as_ffmpeg_does(matrix: tuple[int, ...], tmp_path: Path) -> None:
    path = turned(tmp_path / "a.mp4", matrix, [unlike()])
    ((_, _, rgb),) = decode(VideoSource("a", path))
    np.testing.assert_array_equal(rgb, stored(path))


@pytest.mark.parametrize("matrix", [(2, 0, 0, 2), (1, 0.01, -0.01, 1), (0.5, 0, 0, 1)])
def test_a_scale_or_a_hundredth_of_a_turn_changes_nothing(matrix: tuple[float, ...], tmp_path: Path) -> None:
    path = turned(tmp_path / "a.mp4", matrix, [unlike()])
    ((_, _, rgb),) = decode(VideoSource("a", path))
    np.testing.assert_array_equal(rgb, stored(path))


@pytest.mark.fault(29)
def test_any_other_angle_is_refused_with_the_way_out(tmp_path: Path) -> None:
    path = turned(tmp_path / "a.mp4", (0.866, 0.5, -0.5, 0.866), [unlike()])
    with pytest.raises(DataError, match=r"a\.mp4: frame 0 is to be shown turned by -?30 degrees .*ffmpeg -i OLD NEW"):
        list(decode(VideoSource("a", path)))


def test_the_mirrored_clip_stands_as_ffmpeg_shows_it(realdata: Path) -> None:
    path = realdata / "hard_inputs" / "01-mirrored-display-matrix" / "hflip.mp4"
    if not path.is_file():
        pytest.skip(f"needs {path}")
    _, _, rgb = next(iter(decode(VideoSource("a", path))))
    np.testing.assert_array_equal(rgb, as_ffmpeg_shows(path, "mirrored"))
