"""Folders of numbered frames: nothing is skipped in silence."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.made_videos import grey, number_of, write_folder
from zsstad_core.errors import DataError
from zsstad_core.video import VideoSource, decode, digest


def numbers(path: Path) -> list[int]:
    return [number_of(rgb) for _, _, rgb in decode(VideoSource("clip", path))]


def test_frames_are_in_order_of_number_not_of_name(tmp_path: Path):
    assert numbers(write_folder(tmp_path / "clip", [grey(i) for i in range(12)], "{}.png")) == list(range(12))


def test_hidden_and_other_files_are_not_frames(tmp_path: Path):
    path = write_folder(tmp_path / "clip", [grey(0), grey(1)])
    before = digest(VideoSource("clip", path))
    for name in ("._00003.png", ".DS_Store", "Thumbs.db", "00003.png.part", "flow_00003.png"):
        (path / name).write_bytes(b"not a frame")
    assert numbers(path) == [0, 1]
    assert digest(VideoSource("clip", path)) == before


def test_a_gap_in_the_numbering_is_named(tmp_path: Path):
    path = write_folder(tmp_path / "clip", [grey(i) for i in range(5)])
    (path / "00003.png").unlink()
    with pytest.raises(DataError, match=r"clip: frame 00003\.png is missing \(the next is 00004\.png\)"):
        numbers(path)


def test_frames_from_zero_are_refused_rather_than_shifted(tmp_path: Path):
    path = write_folder(tmp_path / "clip", [grey(i) for i in range(3)])
    (path / "00001.png").rename(path / "00000.png")
    with pytest.raises(DataError, match=r"00000\.png: does not fit: frames are numbered from 1"):
        numbers(path)


def test_two_files_of_one_number_are_refused(tmp_path: Path):
    path = write_folder(tmp_path / "clip", [grey(i) for i in range(3)])
    (path / "2.png").write_bytes((path / "00002.png").read_bytes())
    with pytest.raises(DataError, match=r"2\.png: does not fit: 00002\.png has the same number"):
        numbers(path)


def test_an_empty_folder_says_what_was_expected(tmp_path: Path):
    with pytest.raises(DataError, match=r"holds no frames; expected 00001\.png"):
        numbers(tmp_path)


def test_frames_of_two_sizes_are_refused(tmp_path: Path):
    path = write_folder(tmp_path / "clip", [grey(0), grey(1), grey(2, height=24, width=32)])
    with pytest.raises(DataError, match="frame 2 is 32x24, the first is 64x48"):
        numbers(path)


def test_a_frame_cut_short_is_named(tmp_path: Path):
    noise = np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8)
    path = write_folder(tmp_path / "clip", [noise] * 3)
    file = path / "00002.png"
    file.write_bytes(file.read_bytes()[:2000])
    with pytest.raises(DataError, match=r"00002\.png: frame 1 does not decode: "):
        numbers(path)


def test_a_picture_that_is_no_png_is_named(tmp_path: Path):
    path = write_folder(tmp_path / "clip", [grey(0), grey(1)])
    Image.fromarray(grey(1)).save(path / "00002.png", format="JPEG")
    with pytest.raises(DataError, match=r"00002\.png: frame 1 does not decode: "):
        numbers(path)


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "LA"])
def test_pictures_of_other_modes_become_rgb(tmp_path: Path, mode: str):
    path = write_folder(tmp_path / "clip", [grey(0)])
    Image.fromarray(grey(1)).convert(mode).save(path / "00002.png")
    assert numbers(path) == [0, 1]


def test_sixteen_bit_pictures_are_refused_rather_than_clipped(tmp_path: Path):
    path = write_folder(tmp_path / "clip", [grey(0)])
    Image.fromarray(np.full((48, 64), 40_000, np.uint16)).save(path / "00002.png")
    with pytest.raises(DataError, match=r"00002\.png: pixels are of mode I"):
        numbers(path)


def test_a_change_of_one_frame_changes_the_digest(tmp_path: Path):
    frames = [grey(0), grey(1)]
    before = digest(VideoSource("clip", write_folder(tmp_path / "a", frames)))
    assert digest(VideoSource("clip", write_folder(tmp_path / "b", frames))) == before
    assert digest(VideoSource("clip", write_folder(tmp_path / "c", frames[::-1]))) != before
