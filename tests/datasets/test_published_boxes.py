"""ST-CLIP's detection file: its ids, its frames from 1, its text scores, its boxes without area."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from zsstad_core.datasets.box_files import BoxFile, read_boxes
from zsstad_core.datasets.jhmdb import CLASSES
from zsstad_core.datasets.jhmdb_pickle import JhmdbPickle
from zsstad_core.datasets.published_boxes import IMAGES, deciding_files
from zsstad_core.errors import DataError, MissingFileError

VIDEOS = ["catch/first", "wave/second"]


def detection(image: int, *box: int, score: str = "0.5") -> dict[str, Any]:
    return {"image_id": image, "category_id": 0, "bbox": list(box), "score": score}


def image(number: int, movie: str, timestamp: str) -> dict[str, Any]:
    return {"id": number, "movie": movie, "timestamp": timestamp, "width": 320, "height": 240}


def read(tmp_path: Path, detections: Any, images: Any = None) -> BoxFile:
    images = images or {"images": [image(10001, "first", "00001"), image(20007, "second", "00007")]}
    (tmp_path / IMAGES).write_text(json.dumps(images))
    (tmp_path / "boxes.json").write_text(json.dumps(detections))
    return read_boxes(tmp_path / "boxes.json", VIDEOS)


def test_boxes_find_their_video_and_frame(tmp_path: Path):
    boxes = read(tmp_path, [detection(20007, 1, 2, 3, 4), detection(10001, 5, 6, 7, 8, score="0.125")]).boxes
    assert boxes.drop(columns="box").values.tolist() == [
        ["catch/first", 0, 5, 6, 7, 8, 0.125, "person"],
        ["wave/second", 6, 1, 2, 3, 4, 0.5, "person"],
    ]


def test_boxes_without_area_and_of_other_videos_are_counted(tmp_path: Path):
    images = {"images": [image(10001, "first", "00001"), image(30001, "third", "00001")]}
    flat = detection(10001, 5, 6, 7, 6)
    got = read(tmp_path, [detection(10001, 5, 6, 7, 8)] * 19 + [flat, detection(30001, 1, 2, 3, 4)], images)
    assert (len(got.boxes), got.dropped, got.unmatched) == (19, 1, 1)


def test_boxes_with_width_and_height_are_not_taken_for_corners(tmp_path: Path):
    with pytest.raises(DataError, match=r"20 of 30 boxes have no area.*are these x, y, width, height"):
        read(tmp_path, [detection(10001, 115, 27, 102, 212)] * 20 + [detection(10001, 15, 27, 102, 212)] * 10)


def changed(**values: Any) -> Callable[[], list[dict[str, Any]]]:
    return lambda: [detection(10001, 1, 2, 3, 4), {**detection(10001, 1, 2, 3, 4), **values}]


@pytest.mark.parametrize(
    ("detections", "words"),
    [
        (changed(image_id=99), "detection 1: image_id 99 is not in jhmdb_test_gt_min.json; the two files belong"),
        (changed(image_id=[1]), r"detection 1: image_id \[1\] is not in"),
        (changed(category_id=3), "detection 1: category_id is 3; only 0"),
        (changed(bbox=[1, 2, 3]), "detection 1: .*expected image_id, category_id, bbox of four numbers, score"),
        (changed(bbox=[1, 2, 3, "x"]), "detection 1: .*expected"),
        (changed(score="high"), "detection 1: .*expected"),
        (changed(score="nan"), "detection 1: .*a score from 0 to 1"),
        (changed(bbox=[1, 2, float("inf"), 4]), "detection 1: .*must be finite"),
        (lambda: [7], "detection 0: .*expected"),
        (lambda: {"images": []}, "expected a list of detections"),
    ],
)
def test_a_wrong_detection_is_named(tmp_path: Path, detections: Callable[[], Any], words: str):
    with pytest.raises(DataError, match=rf"boxes\.json: {words}"):
        read(tmp_path, detections())


@pytest.mark.parametrize(
    ("images", "words"),
    [
        ([1], "expected images"),
        ({"images": [{"id": 1}]}, "expected images"),
        ({"images": [image(1, "first", "soon")]}, "expected images"),
        ({"images": [image(1, "first", "00000")]}, "image 1: timestamp is 0; frames are numbered from 1"),
    ],
)
def test_a_wrong_file_of_images_is_named(tmp_path: Path, images: Any, words: str):
    with pytest.raises(DataError, match=rf"jhmdb_test_gt_min\.json: .*{words}"):
        read(tmp_path, [], images)


def test_boxes_without_the_file_of_images_say_what_is_missing(tmp_path: Path):
    (tmp_path / "boxes.json").write_text("[]")
    with pytest.raises(MissingFileError, match=r"jhmdb_test_gt_min\.json: not there; ST-CLIP's boxes need"):
        read_boxes(tmp_path / "boxes.json", VIDEOS)


def test_a_plan_knows_that_the_images_decide_too(tmp_path: Path):
    assert deciding_files(tmp_path / "boxes.json") == [tmp_path / "boxes.json", tmp_path / IMAGES]
    assert deciding_files(tmp_path / "boxes.csv") == [tmp_path / "boxes.csv"]


def test_one_name_in_two_classes_cannot_be_told_apart(tmp_path: Path):
    read(tmp_path, [])
    with pytest.raises(DataError, match="catch/first and wave/first cannot be told apart"):
        read_boxes(tmp_path / "boxes.json", ["catch/first", "wave/first"])


def test_the_real_file_is_read_whole(realdata: Path):
    parts = JhmdbPickle(realdata / "annotations/jhmdb/JHMDB-GT.pkl", 1, CLASSES).parts
    test = [video_id for video_id, part in parts.items() if part == "test"]
    got = read_boxes(realdata / "annotations/st_clip_zs_jhmdb/jhmdb_faster_RCNN_person.json", test)
    assert (len(got.boxes), got.dropped, got.unmatched) == (44_374 - 3, 3, 0)
    assert got.boxes.groupby(["video_id", "frame"]).ngroups == 9_139 - 25
    assert set(got.boxes.video_id) == set(test)
    assert got.boxes.frame.between(0, 39).all()
    assert got.boxes.box.max() == 54
