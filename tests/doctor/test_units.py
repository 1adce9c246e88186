"""Boxes in other units or another order are named as what they are; tight, loose and few ones are left in peace."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from tests.doctor import made
from zsstad_core.doctor.units import fractions, other_units, reach_out
from zsstad_core.tables import BOX

SIZE = np.array([made.WIDTH, made.HEIGHT] * 2)
WRONG: dict[str, Callable[[NDArray[np.float64]], NDArray[np.float64]]] = {
    "y1, x1, y2, x2 (x and y swapped)": lambda box: box[:, [1, 0, 3, 2]],
    "x, y, width, height": lambda box: np.c_[box[:, :2], box[:, 2:] - box[:, :2]],
    "the centre's x, y, then width, height": lambda box: np.c_[(box[:, :2] + box[:, 2:]) / 2, box[:, 2:] - box[:, :2]],
    "fractions of the frame, 0 to 1": lambda box: box / SIZE,
    "pixels of pictures of 320x240": lambda box: box * 2,
    "pixels of pictures of 340x256": lambda box: box / SIZE * [340, 256, 340, 256],
    "y1, x1, y2, x2 (x and y swapped), in fractions of the frame, 0 to 1": lambda box: (box / SIZE)[:, [1, 0, 3, 2]],
    "x, y, width, height, in fractions of the frame, 0 to 1": lambda box: np.c_[
        (box / SIZE)[:, :2], (box / SIZE)[:, 2:] - (box / SIZE)[:, :2]
    ],
}


def wrong(rows: pd.DataFrame, name: str) -> pd.DataFrame:
    rows = rows.copy()
    rows[BOX] = WRONG[name](rows[BOX].to_numpy(np.float64)).astype(np.float32)
    return rows


@pytest.mark.parametrize("name", WRONG)
def test_a_file_of_boxes_written_otherwise_is_named_with_how(name: str) -> None:
    (finding,) = other_units(made.truth(), wrong(made.found(), name), made.videos(), given=True)
    assert finding.what.endswith(f"boxes are {name}")
    assert finding.what.startswith("detected")


@pytest.mark.parametrize("name", WRONG)
def test_an_annotation_written_otherwise_is_named_with_how(name: str) -> None:
    (finding,) = other_units(wrong(made.truth(), name), made.found(), made.videos(), given=False)
    assert finding.what == f"annotated boxes are {name}"
    assert "write x1, y1, x2, y2 in pixels of the video into the annotation" in finding.do


@pytest.mark.parametrize("given", [True, False])
@pytest.mark.parametrize(
    ("annotated", "boxes"),
    [
        (made.truth(), made.found()),
        (made.truth(every=8), made.found()),
        (made.truth(), made.found(noise=4.0)),
        (made.truth(), made.found().sample(frac=0.05, random_state=0)),
        (made.truth(), made.found().query("video_id < 'd'")),
        (made.truth(), made.found().query("box == 1")),
        (made.truth(), made.found().iloc[:0]),
        (made.truth().iloc[:0], made.found()),
    ],
    ids=["all", "sparse", "loose", "few", "empty videos", "only others", "none", "no truth"],
)
def test_nothing_is_said_of_boxes_in_pixels(annotated: pd.DataFrame, boxes: pd.DataFrame, given: bool) -> None:
    assert other_units(annotated, boxes, made.videos(), given) == []


def test_an_annotation_in_fractions_is_seen_before_anything_is_detected() -> None:
    (finding,) = fractions(wrong(made.truth(), "fractions of the frame, 0 to 1"))
    assert finding.what == "annotated boxes are fractions of the frame, 0 to 1"
    assert fractions(made.truth()) == []


def test_an_annotation_of_larger_pictures_is_seen_with_the_index_alone() -> None:
    larger = wrong(made.truth(), "pixels of pictures of 320x240")
    (finding,) = reach_out(larger, made.videos())
    assert finding.what == "annotated boxes reach out of the picture"
    assert reach_out(made.truth(), made.videos()) == []
