import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from zsstad_core import tables
from zsstad_core.frozen.detector.frame_boxes import FrameBoxes, keep
from zsstad_core.settings.frozen import Detector as DetectorSettings

CLASSES = ("bicycle", "person", "cat")


def boxes(*rows: tuple[float, int]) -> FrameBoxes:
    """Boxes of (score, label), the i-th at x = i."""
    score, label = np.array(rows, np.float64).reshape(-1, 2).T
    x = np.arange(len(rows))
    return FrameBoxes(
        np.stack([x, x, x + 5, x + 5], 1).astype(np.float32), score.astype(np.float32), label.astype(np.int64)
    )


def test_persons_come_first_then_objects_each_by_falling_score():
    kept = keep(boxes((0.9, 0), (0.3, 1), (0.5, 2), (0.8, 1)), CLASSES, DetectorSettings())
    assert kept.rows["what"].tolist() == ["person", "person", "bicycle", "cat"]
    assert kept.rows["x1"].tolist() == [3, 1, 0, 2]
    assert kept.rows["box"].tolist() == [0, 1, 2, 3]


def test_a_score_equal_to_the_threshold_is_kept_and_one_below_is_not():
    below = np.nextafter(np.float32(0.05), np.float32(0))
    settings = DetectorSettings(person_score=0.05, object_score=0.4)
    kept = keep(boxes((0.05, 1), (below, 1), (0.4, 0), (0.39, 2)), CLASSES, settings)
    assert kept.rows["x1"].tolist() == [0, 2]


@pytest.mark.fault(33)
def test_what_the_caps_leave_out_is_counted():
    settings = DetectorSettings(persons_per_frame=2, objects_per_frame=0)
    kept = keep(boxes(*[(0.5 + i / 100, 1) for i in range(5)], (0.9, 0), (0.01, 2)), CLASSES, settings)
    assert kept.rows["x1"].tolist() == [4, 3]
    assert (kept.persons_cut, kept.objects_cut) == (3, 1)


def test_equal_scores_keep_the_detectors_order():
    kept = keep(boxes(*[(0.5, 1), (0.6, 1)] * 300), CLASSES, DetectorSettings(persons_per_frame=600))
    assert kept.rows["x1"].tolist() == [*range(1, 600, 2), *range(0, 600, 2)]


@pytest.mark.parametrize("bad", [(7, 1, 7, 5), (7, 5, 9, 5), (9, 1, 7, 5), (np.nan, 1, 7, 5)])
def test_a_box_without_area_takes_no_place(bad):
    found = boxes((0.9, 1), (0.8, 1))
    found.xyxy[0] = bad
    kept = keep(found, CLASSES, DetectorSettings(persons_per_frame=1))
    assert kept.rows["x1"].tolist() == [1]
    assert kept.persons_cut == 0


@given(
    hnp.arrays(np.float32, st.tuples(st.integers(0, 40), st.just(4)), elements=st.floats(0, 50, width=32)),
    st.integers(0, 1000),
)
def test_what_is_kept_is_always_a_table_of_boxes(xyxy, seed):
    rng = np.random.default_rng(seed)
    found = FrameBoxes(xyxy, rng.random(len(xyxy), np.float32), rng.integers(0, len(CLASSES), len(xyxy)))
    kept = keep(found, CLASSES, DetectorSettings(persons_per_frame=5, objects_per_frame=5))
    table = tables.table("boxes", pd.DataFrame({"video_id": "v", "frame": 0, **kept.rows}))
    assert len(table) <= 10
    assert table["box"].tolist() == list(range(len(table)))
