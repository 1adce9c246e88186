"""The real J-HMDB: the counts that the papers' protocol rests on."""

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.datasets.made_jhmdb import open_jhmdb
from zsstad_core.datasets.jhmdb import CLASSES, Jhmdb
from zsstad_core.splits import load_split


def real(realdata: Path, **changed: Any) -> Jhmdb:
    return open_jhmdb(realdata, videos="videos/jhmdb", groundtruth="annotations/jhmdb/JHMDB-GT.pkl", **changed)


@pytest.fixture(scope="module")
def jhmdb(realdata: Path) -> Jhmdb:
    return real(realdata)


@pytest.mark.parametrize(("official_split", "sizes"), [(1, (660, 268)), (2, (658, 270)), (3, (663, 265))])
def test_every_clip_has_its_official_part(realdata: Path, official_split: int, sizes: tuple[int, int]):
    official = real(realdata, official_split=official_split).official_split()
    with (realdata / "annotations/jhmdb/videos_928.csv").open(encoding="utf-8") as stream:
        assert official == {row["video"]: row[f"split{official_split}"] for row in csv.DictReader(stream)}
    parts = list(official.values())
    assert (parts.count("train"), parts.count("test")) == sizes


def test_every_clip_is_on_disk_or_missing(jhmdb: Jhmdb):
    assert (len(jhmdb.videos()), len(jhmdb.missing()), jhmdb.unlisted()) == (457, 471, [])
    test = {name for name, part in jhmdb.official_split().items() if part == "test"}
    assert test <= {source.video_id for source in jhmdb.videos()}


def test_ground_truth_has_every_annotated_frame_inside_the_picture(jhmdb: Jhmdb):
    rows = jhmdb.groundtruth()
    assert len(rows) == 31_852
    assert rows.video_id.map(jhmdb.official_split()).eq("test").sum() == 9_139
    assert not rows.duplicated(["video_id", "frame"]).any()
    assert (rows.frame.min(), rows.frame.max()) == (0, 39)
    # Both ends of the 320x240 frame occur: pixels are counted from 0, and the last is included.
    np.testing.assert_array_equal(rows[["x1", "y1", "x2", "y2"]].min(), [0, 0, 31, 72])
    np.testing.assert_array_equal(rows[["x1", "y1", "x2", "y2"]].max(), [285, 184, 319, 239])


@pytest.mark.parametrize(
    ("split", "train", "test"),
    [
        (1, (464, 15_590), (78, 2_651)),
        (2, (486, 17_190), (73, 2_444)),
        (3, (468, 16_224), (78, 2_590)),
        (4, (474, 16_045), (76, 2_731)),
    ],
)
def test_label_splits_leave_the_published_videos_and_frames(jhmdb: Jhmdb, split: int, train, test):
    labels = load_split("jhmdb", split, CLASSES)
    rows = jhmdb.groundtruth()
    part = rows.video_id.map(jhmdb.official_split())
    seen_train = rows[(part == "train") & rows.class_name.isin(labels.seen)]
    unseen_test = rows[(part == "test") & rows.class_name.isin(labels.unseen)]
    assert (seen_train.video_id.nunique(), len(seen_train)) == train
    assert (unseen_test.video_id.nunique(), len(unseen_test)) == test


def test_a_small_run_has_clips_of_every_class_and_part(realdata: Path):
    small = real(realdata, clips_per_class=2)
    assert len(small.videos()) == 21 * 2 * 2
    assert small.missing() == []
    assert set(small.groundtruth().video_id) == {source.video_id for source in small.videos()}
