from itertools import groupby

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.metrics import naive
from zsstad_core.boxes import iou, paired_iou, select
from zsstad_core.errors import DataError
from zsstad_core.settings.results import Scoring
from zsstad_core.tables import table

boxes = st.tuples(*[st.integers(-3, 9)] * 4)  # with some that have no area, or corners the wrong way round


def persons(*scores: float, frame: int = 0, video_id: str = "wave/a", what: str = "person") -> pd.DataFrame:
    rows = {"video_id": video_id, "frame": frame, "box": range(len(scores)), "score": scores, "what": what}
    return table("boxes", pd.DataFrame(rows).assign(x1=0.0, y1=0.0, x2=4.0, y2=4.0))


def kept(rows: pd.DataFrame, **rule: object) -> list[int]:
    return select(rows, Scoring(**rule))["box"].to_list()


def test_overlap_has_no_extra_pixel() -> None:
    np.testing.assert_array_equal(iou([[0, 0, 1, 1]], [[0, 0, 2, 1], [0, 0, 1, 1], [1, 0, 2, 1]]), [[0.5, 1, 0]])


@given(st.lists(boxes, min_size=1, max_size=5), st.lists(boxes, min_size=1, max_size=5))
def test_overlap_of_all_with_all_is_exact_and_zero_without_area(a: list[naive.Box], b: list[naive.Box]) -> None:
    a_and_b = iou(a, b)
    assert (a_and_b.shape, a_and_b.dtype) == ((len(a), len(b)), np.float64)
    assert a_and_b.tolist() == [[float(naive.overlap(one, other)) for other in b] for one in a]
    pairs = min(len(a), len(b))
    np.testing.assert_array_equal(paired_iou(a[:pairs], b[:pairs]), np.diag(a_and_b[:pairs, :pairs]))


def test_a_frame_without_boxes_overlaps_nothing() -> None:
    none, two = np.empty((0, 4), np.float32), np.ones((2, 4), np.float32)
    assert iou(none, two).shape == (0, 2)


def test_a_score_written_as_the_threshold_passes_it() -> None:
    for limit in (0.1, 0.2, 0.3, 0.7, 0.9):
        assert kept(persons(limit, limit - 1e-6), select="threshold", threshold=limit) == [0]


def test_first_takes_equal_scores_by_box_number() -> None:
    assert kept(persons(0.9, 0.5, 0.5, 0.5), select="first", first=2) == [0, 1]


def test_margin_keeps_the_best_and_what_is_strictly_within() -> None:
    assert kept(persons(1.0, 0.9995, 0.999, 0.9), select="margin", margin=0.001) == [0, 1]
    assert kept(persons(0.8, 0.8, 0.7), select="margin", margin=0.05) == [0, 1]
    assert kept(persons(0.8, 0.8, 0.7), select="margin", margin=0.0) == [0]


def test_objects_are_never_scored_as_persons() -> None:
    rows = pd.concat([persons(0.9, 0.4), persons(0.95, what="cup").assign(box=2)], ignore_index=True)
    for rule in ("threshold", "first", "margin", "all"):
        assert set(select(rows, Scoring(select=rule))["what"]) == {"person"}


@given(
    st.dictionaries(
        st.tuples(st.sampled_from("ab"), st.integers(0, 2)),
        st.lists(st.sampled_from([0.1, 0.2, 0.3, 0.5, 0.9]), max_size=5),
        max_size=5,
    ),
    st.sampled_from(["threshold", "first", "margin", "all"]),
)
@settings(max_examples=50)
def test_each_frame_is_selected_alone(frames: dict[tuple[str, int], list[float]], rule: str) -> None:
    scoring = Scoring(select=rule, threshold=0.3, first=2, margin=0.25)
    parts = [
        persons(*sorted(s, reverse=True), video_id=video, frame=frame) for (video, frame), s in sorted(frames.items())
    ]
    rows = pd.concat(parts, ignore_index=True) if parts else table("boxes")
    wanted = []
    for _, group in groupby(rows.itertuples(), lambda row: (row.video_id, row.frame)):
        frame_rows = list(group)
        best = frame_rows[0].score
        for rank, row in enumerate(frame_rows):
            passes = {"threshold": row.score > 0.29, "first": rank < 2, "margin": row.score > best - 0.25, "all": True}
            if passes[rule]:
                wanted.append(row.Index)
    assert select(rows, scoring).index.to_list() == wanted


def test_a_table_out_of_order_is_refused_by_row() -> None:
    rising = persons(0.4, 0.6, frame=7)
    with pytest.raises(DataError, match=r"wave/a frame 7 box 1 \(score 0.6\d*\) is out of order"):
        kept(rising, select="first")
    a_frame_in_two_pieces = pd.concat([persons(0.9, frame=1), persons(0.9, frame=2), persons(0.4, frame=1)])
    with pytest.raises(DataError, match="wave/a frame 1 box 0"):
        kept(a_frame_in_two_pieces, select="margin")
    a_video_in_two_pieces = pd.concat([persons(0.9), persons(0.9, video_id="wave/b"), persons(0.4)])
    with pytest.raises(DataError, match="wave/a frame 0 box 0"):
        kept(a_video_in_two_pieces, select="first")
