"""Boxes of an annotation land on the picture that decodes, whatever size it was drawn on."""

import numpy as np
import pandas as pd
import pytest

from zsstad_core.errors import DataError
from zsstad_core.extraction.picture_size import in_pixels_of_video
from zsstad_core.extraction.scan import annotate
from zsstad_core.tables import BOX, table

VIDEOS = pd.DataFrame({"video_id": ["big", "wide"], "width": [640, 340], "height": [480, 256], "frames": [5, 5]})


def rows(video_id: str, *boxes: list[float]) -> pd.DataFrame:
    xyxy = {column: [box[i] for box in boxes] for i, column in enumerate(BOX)}
    number = range(len(boxes))
    return table(
        "groundtruth",
        {"video_id": video_id, "frame": 0, "box": number, **xyxy, "class_name": "wave", "decoded": True},
    )


def test_a_box_drawn_on_320x240_is_scaled_along_each_side_apart():
    drawn = rows("big", [10, 20, 30, 60]), rows("wide", [160, 120, 320, 240])
    placed = in_pixels_of_video(pd.concat(drawn, ignore_index=True), VIDEOS, (320, 240))
    np.testing.assert_allclose(placed[BOX], [[20, 40, 60, 120], [170, 128, 340, 256]])
    assert dict(placed.dtypes) == dict(drawn[0].dtypes)


def test_a_box_of_the_videos_own_pixels_stays_to_the_bit():
    own = rows("wide", [10.3, 20.7, 30.1, 60.9])
    pd.testing.assert_frame_equal(in_pixels_of_video(own, VIDEOS, None), own)


def test_what_stands_over_the_edge_is_clipped():
    placed = in_pixels_of_video(rows("wide", [-5, 10, 400, 300]), VIDEOS, None)
    assert placed[BOX].values.tolist() == [[0, 10, 340, 256]]


def test_boxes_of_a_video_that_is_not_here_keep_the_annotations_pixels():
    absent = rows("gone", [10, 20, 300, 900])
    pd.testing.assert_frame_equal(in_pixels_of_video(absent, VIDEOS, (320, 240)), absent)


@pytest.mark.fault(34)
@pytest.mark.parametrize("box", [[340, 10, 350, 20], [10, 256, 20, 300], [-9, 1, 0, 5]])
def test_a_box_outside_its_picture_is_named(box: list[float]):
    with pytest.raises(DataError, match=r"wide frame 0: box \[.*\] stands outside the picture of 340x256 \(1 such"):
        in_pixels_of_video(rows("wide", [1, 1, 9, 9], box), VIDEOS, None)


def test_nothing_annotated_is_an_empty_table():
    annotate(table("groundtruth"), VIDEOS, None, (320, 240))  # raises where text is compared with numbers
