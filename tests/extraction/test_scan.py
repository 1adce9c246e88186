"""The index holds what decodes; the ground truth knows which of its frames that is."""

from pathlib import Path

import numpy as np
import pytest

from tests.extraction.fakes import computed, grey_clips
from tests.made_videos import grey, write_video
from zsstad_core.cache.stages import GROUNDTRUTH, INDEX
from zsstad_core.errors import DataError
from zsstad_core.extraction.scan import annotate, scan
from zsstad_core.tables import table
from zsstad_core.video import VideoSource


def test_frames_are_counted_by_decoding_and_keep_their_times(tmp_path: Path):
    pts = [40, 80, 160, 200]  # milliseconds, with a tick left out
    path = write_video(tmp_path / "a.mkv", [grey(n) for n in range(4)], codec="ffv1", pix_fmt="bgr0", pts=pts)
    content = computed(scan({"wave/a": VideoSource("wave/a", path)}), {"wave/a": path}, INDEX)[INDEX]
    (row,) = content.tables["videos"].itertuples(index=False)
    assert (row.video_id, row.digest, row.width, row.height, row.frames) == ("wave/a", "digest of wave/a", 64, 48, 4)
    assert row.fps == pytest.approx(3 / 0.160)
    frames = content.tables["frames"]
    assert list(frames["frame"]) == [0, 1, 2, 3]
    np.testing.assert_allclose(frames["pts"], np.array(pts) / 1000)


@pytest.mark.fault(30)
def test_a_clip_of_one_frame_has_no_rate(tmp_path: Path):
    sources = grey_clips(tmp_path, {"wave/a": [1]})
    content = computed(scan(sources), sources, INDEX)[INDEX]
    assert content.tables["videos"][["frames", "fps"]].values.tolist() == [[1, 0]]


def test_clips_of_a_group_stand_sorted(tmp_path: Path):
    sources = grey_clips(tmp_path, {"wave/b": [1, 2], "catch/z": [1], "wave/a": [1, 2, 3]})
    content = computed(scan(sources), sources, INDEX)[INDEX]
    assert content.tables["videos"][["video_id", "frames"]].values.tolist() == [
        ["catch/z", 1],
        ["wave/a", 3],
        ["wave/b", 2],
    ]
    assert list(content.tables["frames"]["video_id"]) == ["catch/z"] + ["wave/a"] * 3 + ["wave/b"] * 2


def test_a_clip_that_does_not_decode_is_named_and_not_left_out(tmp_path: Path):
    sources = grey_clips(tmp_path, {"wave/a": [1], "wave/b": [1]})
    (tmp_path / "wave/b/00001.png").write_bytes(b"not a picture")
    with pytest.raises(DataError, match=r"wave/b/00001\.png"):
        computed(scan(sources), sources, INDEX)


def groundtruth(rows: list[tuple[str, int]]):
    video_id, frame = zip(*rows, strict=True)
    box = {"box": 0, "x1": 1.0, "y1": 2.0, "x2": 3.0, "y2": 4.0}
    return table("groundtruth", {"video_id": video_id, "frame": frame, **box, "class_name": "wave", "decoded": True})


def test_an_annotated_frame_that_the_clip_lacks_is_kept_and_marked(tmp_path: Path):
    sources = grey_clips(tmp_path, {"wave/a": [1, 2], "wave/b": [1]})
    videos = computed(scan(sources), sources, INDEX)[INDEX].tables["videos"]
    rows = groundtruth([("wave/a", 0), ("wave/a", 1), ("wave/a", 2), ("wave/b", 0), ("wave/b", 1), ("wave/gone", 0)])
    content = computed(annotate(rows, videos), sources, GROUNDTRUTH)[GROUNDTRUTH]
    found = content.tables["groundtruth"][["video_id", "frame", "decoded"]].values.tolist()
    assert found == [
        ["wave/a", 0, True],
        ["wave/a", 1, True],
        ["wave/a", 2, False],
        ["wave/b", 0, True],
        ["wave/b", 1, False],
    ]


def test_a_unit_holds_the_annotation_of_its_own_clips_only(tmp_path: Path):
    sources = grey_clips(tmp_path, {"wave/a": [1], "wave/b": [1]})
    videos = computed(scan(sources), sources, INDEX)[INDEX].tables["videos"]
    rows = groundtruth([("wave/a", 0), ("wave/b", 0)])
    own = computed(annotate(rows, videos), {"wave/b": sources["wave/b"]}, GROUNDTRUTH)[GROUNDTRUTH]
    assert list(own.tables["groundtruth"]["video_id"]) == ["wave/b"]
