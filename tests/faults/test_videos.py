"""Broken and odd videos, each made with PyAV and broken for real: set aside with the reason, or read by rule."""

import itertools
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.conftest import ROOT
from tests.made_videos import grey, number_of, write_folder, write_video
from zsstad_core.cache import set_aside
from zsstad_core.cache.artifact import Artifact
from zsstad_core.cache.read import read_artifact_table
from zsstad_core.cache.stages import INDEX
from zsstad_core.errors import DataError
from zsstad_core.extraction.scan import scan
from zsstad_core.video import VideoSource, decode, digest
from zsstad_core.work import Work, run

NOISE = [np.random.default_rng(i).integers(0, 256, (96, 128, 3), np.uint8) for i in range(12)]


def indexed(folder: Path, paths: Sequence[Path]) -> tuple[Artifact, dict[str, str]]:
    """What the stage index makes of videos, and of those it has set aside the reasons."""
    sources = {path.stem: VideoSource(path.stem, path) for path in paths}
    members = {name: digest(source) if source.path.exists() else "gone" for name, source in sources.items()}
    artifact = Artifact(folder / "cache", INDEX, {}, members)
    run(Work("index", [artifact], lambda: scan(sources), allowed=1))
    reasons = {name: failure.reason for name, failure in set_aside.recorded_failures(artifact.root, members).items()}
    return artifact.without(reasons), reasons


def cut(path: Path, share: float) -> Path:
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    return path


def corrupt_packets(path: Path, *numbers: int) -> Path:
    """Zeros in the middle of some packets, where the container says that they stand."""
    with av.open(str(path)) as container:
        packets = [(packet.pos, packet.size) for packet in container.demux(video=0) if packet.size]
    content = bytearray(path.read_bytes())
    for number in numbers:
        start, size = packets[number]
        assert start is not None
        content[start + size // 3 : start + size // 2] = bytes(size // 2 - size // 3)
    path.write_bytes(content)
    return path


@pytest.mark.fault(24)
@pytest.mark.fault(25)
@pytest.mark.fault(26)
@pytest.mark.fault(30)
def test_every_broken_video_is_set_aside_with_its_reason_and_the_others_are_done(tmp_path: Path) -> None:
    whole = write_video(tmp_path / "whole.mp4", NOISE, "libx264")
    no_moov = cut(write_video(tmp_path / "no_moov.mp4", NOISE, "libx264"), 0.7)  # it stands at the end
    middle = corrupt_packets(write_video(tmp_path / "middle.mp4", NOISE, "libx264", options={"bf": "0"}), 5)
    empty = write_frameless(tmp_path / "empty.avi")
    nothing = tmp_path / "nothing.avi"
    nothing.touch()
    artifact, reasons = indexed(tmp_path, [whole, no_moov, middle, empty, nothing, tmp_path / "gone.avi"])
    assert read_artifact_table(artifact, "videos")["video_id"].tolist() == ["whole"]
    words = "does not decode at frame 0: Invalid data found when processing input; fetch the file again"
    assert reasons == {
        "no_moov": f"{no_moov}: {words}",
        "nothing": f"{nothing}: {words}",
        "empty": f"{empty}: holds no frame that decodes; fetch the file again or remove it",
        "gone": f"{tmp_path}/gone.avi: no such video; fetch it or remove it from the dataset",
        "middle": reasons["middle"],
    }
    assert "middle.mp4: " in reasons["middle"]
    assert "at frame 5" in reasons["middle"] or "frame 5 is damaged" in reasons["middle"]


def write_frameless(path: Path) -> Path:
    """A header that promises a video, and no packet."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=30)
        stream.height, stream.width, stream.pix_fmt = 48, 64, "yuv420p"
        container.start_encoding()
    return path


@pytest.mark.fault(26)
@pytest.mark.parametrize(("name", "codec"), [("clip.avi", "mpeg4"), ("clip.mp4", "libx264")])
def test_a_corrupt_packet_is_never_skipped_so_that_later_frames_would_move(
    name: str, codec: str, tmp_path: Path
) -> None:
    path = write_video(tmp_path / name, NOISE, codec, options={"bf": "0"} if codec == "libx264" else {})
    sound = [rgb for _, _, rgb in decode(VideoSource("clip", path))]
    corrupt_packets(path, 4, 8)
    seen: list[NDArray[np.uint8]] = []
    with pytest.raises(DataError, match=r"frame 4"):
        seen.extend(rgb for _, _, rgb in decode(VideoSource("clip", path)))
    assert len(seen) == 4
    assert all(np.array_equal(one, other) for one, other in zip(seen, sound, strict=False))


@pytest.mark.fault(26)
@pytest.mark.parametrize("codec", ["libvpx", "libvpx-vp9"])
def test_where_the_codec_cannot_tell_frames_at_least_keep_their_numbers_and_times(codec: str, tmp_path: Path) -> None:
    """VP8 and VP9 decode anything into some picture, and say nothing of it."""
    path = write_video(tmp_path / "clip.webm", NOISE, codec)
    sound = list(decode(VideoSource("clip", path)))
    corrupt_packets(path, 4, 8)
    seen = list(decode(VideoSource("clip", path)))
    assert [(number, seconds) for number, seconds, _ in seen] == [(number, seconds) for number, seconds, _ in sound]
    assert all(np.array_equal(seen[number][2], sound[number][2]) for number in range(4))


@pytest.mark.fault(27)
def test_a_million_frames_that_are_not_there_are_not_waited_for(tmp_path: Path) -> None:
    path = write_video(tmp_path / "clip.avi", [grey(i) for i in range(5)])
    content = bytearray(path.read_bytes())
    for header, place in ((b"avih", 16), (b"strh", 32)):  # where AVI says how many frames there are
        at = content.index(header) + 8 + place
        assert int.from_bytes(content[at : at + 4], "little") == 5
        content[at : at + 4] = (1_000_000).to_bytes(4, "little")
    path.write_bytes(content)
    with av.open(str(path)) as container:
        assert container.streams.video[0].frames == 1_000_000
    artifact, _ = indexed(tmp_path, [path])
    assert read_artifact_table(artifact, "videos")["frames"].tolist() == [5]


@pytest.mark.fault(28)
def test_uneven_times_are_stored_frame_by_frame(tmp_path: Path) -> None:
    milliseconds = [500, 533, 700, 733, 1900]
    frames = [grey(i) for i in range(5)]
    path = write_video(tmp_path / "clip.mkv", frames, "libx264", pts=milliseconds, options={"bf": "0"})
    artifact, _ = indexed(tmp_path, [path])
    assert read_artifact_table(artifact, "frames")["pts"].tolist() == pytest.approx([m / 1000 for m in milliseconds])
    assert read_artifact_table(artifact, "videos")["fps"].tolist() == pytest.approx([4 / 1.4])


@pytest.mark.fault(29)
def test_interlaced_pictures_come_as_they_are_stored(tmp_path: Path) -> None:
    """Both fields in one picture, none made up between them."""
    path = tmp_path / "clip.mpg"
    write_video(path, [grey(i) for i in range(5)], "mpeg2video", options={"flags": "+ildct+ilme"})
    with av.open(str(path)) as container:
        assert next(container.decode(video=0)).interlaced_frame
    assert [number_of(rgb) for _, _, rgb in decode(VideoSource("clip", path))] == list(range(5))


@pytest.mark.fault(29)
@pytest.mark.parametrize(
    ("name", "codec", "pix_fmt"), [("clip.mkv", "ffv1", "bgra"), ("clip.webm", "libvpx-vp9", "yuva420p")]
)
def test_what_is_transparent_is_seen_as_it_is_stored(name: str, codec: str, pix_fmt: str, tmp_path: Path) -> None:
    path = tmp_path / name
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=30)
        stream.height, stream.width, stream.pix_fmt = 48, 64, pix_fmt
        for number in range(4):
            rgba = np.dstack([grey(number), np.full((48, 64), 60 * number, np.uint8)])
            container.mux(stream.encode(av.VideoFrame.from_ndarray(rgba, format="rgba")))
        container.mux(stream.encode())
    frames = [rgb for _, _, rgb in decode(VideoSource("clip", path))]
    assert [number_of(rgb) for rgb in frames] == list(range(4))
    assert {(rgb.dtype.name, rgb.shape) for rgb in frames} == {("uint8", (48, 64, 3))}


MEASURE = """
import resource, sys
from pathlib import Path
from zsstad_core.cache.artifact import Group
from zsstad_core.extraction.detect import detect
from zsstad_core.progress import Clock
from zsstad_core.settings.frozen import Detector
from zsstad_core.video import VideoSource
from tests.extraction.fakes import FakeDetector

def peak(path):
    compute = detect({"v": VideoSource("v", Path(path))}, FakeDetector(), Detector())
    compute(Group({"v": ""}, ("v",)), [], Clock())
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

print(*[peak(path) for path in sys.argv[1:]])
"""


@pytest.mark.fault(30)
def test_a_long_video_needs_no_more_memory_than_a_short_one(tmp_path: Path) -> None:
    """1500 frames of 640 x 480 are 1.4 GB; a batch of them and what is read ahead is a part of that."""
    picture = grey(1, 480, 640)
    short = write_video(tmp_path / "short.avi", [picture] * 200)
    long = write_video(tmp_path / "long.avi", list(itertools.repeat(picture, 1500)))
    words = [sys.executable, "-c", MEASURE, str(short), str(long)]
    said = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    of_short, of_long = map(float, said.split())
    assert of_long - of_short < 150, said  # MiB


@pytest.mark.fault(31)
def test_names_never_lead_out_of_the_cache_and_may_be_of_any_length(tmp_path: Path) -> None:
    names = ["../../out", "wave/" + "long" * 200, "wave/two words", "wave/写真", "wave/a", "catch/a", "/etc/passwd"]
    sources = {
        name: VideoSource(name, write_folder(tmp_path / str(number), [grey(number)]))
        for number, name in enumerate(names)
    }
    (sources["wave/a"].path / "00001.png").write_bytes(b"no picture")
    members = {name: digest(source) for name, source in sources.items()}
    artifact = Artifact(tmp_path / "up" / "cache", INDEX, {}, members, clips_per_unit=2)
    run(Work("index", [artifact], lambda: scan(sources), allowed=1))
    left = artifact.without(["wave/a"])
    assert set(read_artifact_table(left, "videos")["video_id"]) == set(names) - {"wave/a"}
    assert list(set_aside.recorded_failures(artifact.root, members)) == ["wave/a"]
    assert {path.name for path in (tmp_path / "up").iterdir()} == {"cache"}
    assert all(len(path.name) < 60 for path in (tmp_path / "up").rglob("*"))
