"""frame_ap against a naive evaluator in exact fractions, and the properties of the protocol."""

import random

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.metrics import naive
from tests.metrics.naive import Found, Truth, detections_table, groundtruth_table
from zsstad_core.errors import DataError
from zsstad_core.metrics.frame_map import frame_ap
from zsstad_core.tables import table

CLASSES = ["sit", "wave", "never annotated"]

# Few videos, frames, coordinates and scores, so that ties, duplicates, crowded and empty frames are all common.
VIDEOS = ["sit/a", "wave/b"]
SPANS = [(0, 2), (0, 3), (0, 4), (1, 3), (1, 4), (2, 4), (2, 2)]
SCORES = [-0.5, 0.0, 1e-9, 0.25, 0.5, 0.75, 1.0]

videos, frames, spans, scores = (
    st.sampled_from(VIDEOS),
    st.integers(0, 2),
    st.sampled_from(SPANS),
    st.sampled_from(SCORES),
)
boxes = st.builds(lambda x, y: (x[0], y[0], x[1], y[1]), spans, spans)
truth_lists = st.lists(st.builds(Truth, videos, frames, boxes, st.sampled_from(CLASSES[:2])), max_size=8)
found_lists = st.lists(st.builds(Found, videos, frames, boxes, st.sampled_from(CLASSES), scores), max_size=14)
one_class = st.builds(Found, videos, frames, boxes, st.just("sit"), st.floats(0.01, 1))
of_distinct_scores = st.lists(one_class, max_size=14, unique_by=lambda d: d.score)


def ap(truths: list[Truth], detections: list[Found], iou: float = 0.5) -> float:
    return float(frame_ap(groundtruth_table(truths), detections_table(detections), CLASSES, iou).ap["sit"])


def agrees_with_the_naive_evaluator(
    truths: list[Truth], detections: list[Found], classes: list[str], iou: float
) -> None:
    per_class = frame_ap(groundtruth_table(truths), detections_table(detections), classes, iou)
    for name in classes:
        expected = naive.frame_ap(truths, detections, name, iou)
        wanted = np.nan if expected is None else float(expected)
        assert per_class.ap[name] == pytest.approx(wanted, abs=1e-12, nan_ok=True), name


@pytest.mark.fault(51)
@given(truth_lists, found_lists, st.sampled_from([0.25, 0.5, 0.75, 1.0]))
def test_every_class_gets_the_ap_of_a_naive_evaluator(truths: list[Truth], detections: list[Found], iou: float) -> None:
    agrees_with_the_naive_evaluator(truths, detections, CLASSES, iou)


@pytest.mark.fault(52)
@pytest.mark.parametrize("seed", range(15))
def test_thousands_of_small_crowded_classes_get_the_ap_of_a_naive_evaluator(seed: int) -> None:
    draw = random.Random(seed)
    classes = [f"class {number}" for number in range(200)]
    truths, detections = [], []
    for name in classes:
        truths += [Truth(*random_box(draw), name) for _ in range(draw.randrange(9))]
        detections += [Found(*random_box(draw), name, draw.choice(SCORES)) for _ in range(draw.randrange(15))]
    draw.shuffle(truths)
    draw.shuffle(detections)
    agrees_with_the_naive_evaluator(truths, detections, classes, draw.choice([0.25, 0.5, 0.75]))


def random_box(draw: random.Random) -> tuple[str, int, naive.Box]:
    (x1, x2), (y1, y2) = draw.choices(SPANS, k=2)
    return draw.choice(VIDEOS), draw.randrange(3), (x1, y1, x2, y2)


@pytest.mark.fault(51)
@given(truth_lists, of_distinct_scores, st.randoms(use_true_random=False))
def test_order_of_rows_means_nothing_where_scores_differ(
    truths: list[Truth], detections: list[Found], draw: random.Random
) -> None:
    shuffled = draw.sample(detections, len(detections))
    place = {key: draw.random() for key in {t[:2] for t in truths}}
    frames_shuffled = sorted(truths, key=lambda t: place[t[:2]])  # stable: equal overlaps go to the first of a frame
    np.testing.assert_equal(ap(frames_shuffled, shuffled), ap(truths, detections))


@given(st.sets(st.builds(Truth, videos, frames, boxes.filter(lambda b: b[0] < b[2] and b[1] < b[3]), st.just("sit"))))
def test_a_perfect_detector_scores_one(truths: set[Truth]) -> None:
    assume(truths)
    assert ap(list(truths), [Found(*truth, 0.9) for truth in truths]) == 1


@given(truth_lists, of_distinct_scores, st.data())
def test_removing_a_false_positive_never_lowers_ap(truths: list[Truth], detections: list[Found], data) -> None:
    """And removing a true positive never raises it, unless another detection falls to the ground truth it leaves."""
    sit = [t for t in truths if t.class_name == "sit"]
    assume(sit and detections)
    ranked = naive.hits(sit, detections, 0.5)
    removed, number = data.draw(st.sampled_from(ranked))
    rest = [d for d in detections if d is not removed]
    before, after = ap(truths, detections), ap(truths, rest)
    if number is None:
        assert after >= before
    elif number not in [n for _, n in naive.hits(sit, rest, 0.5)]:
        assert after < before


def test_removing_a_true_positive_raises_ap_where_its_duplicate_takes_over() -> None:
    truths = [Truth("sit/a", frame, (0, 0, 4, 4), "sit") for frame in (0, 1)]
    scores = {0.9: 0, 0.8: 0, 0.7: 1}
    detections = [Found("sit/a", frame, (0, 0, 4, 4), "sit", score) for score, frame in scores.items()]
    assert ap(truths, detections) == pytest.approx((1 + 2 / 3) / 2)
    assert ap(truths, detections[1:]) == 1


def test_the_second_best_groundtruth_is_not_tried() -> None:
    truths = [Truth("sit/a", 0, (0, 0, 10, 10), "sit"), Truth("sit/a", 0, (0, 0, 10, 9), "sit")]
    twice = [Found("sit/a", 0, (0, 0, 10, 10), "sit", score) for score in (0.9, 0.8)]
    assert ap(truths, twice) == 0.5


def test_equal_overlaps_go_to_the_first_groundtruth_of_the_table() -> None:
    left, right = Truth("sit/a", 0, (0, 0, 4, 4), "sit"), Truth("sit/a", 0, (2, 0, 6, 4), "sit")
    between, on_left = Found("sit/a", 0, (1, 0, 5, 4), "sit", 0.9), Found("sit/a", 0, (0, 0, 4, 4), "sit", 0.8)
    assert ap([left, right], [between, on_left]) == 0.5
    assert ap([right, left], [between, on_left]) == 1


@pytest.mark.fault(32)
def test_a_detection_where_nothing_is_annotated_is_a_false_positive() -> None:
    truth = Truth("sit/a", 1, (0, 0, 4, 4), "sit")
    hit = Found("sit/a", 1, (0, 0, 4, 4), "sit", 0.5)
    assert ap([truth], [hit]) == 1
    assert ap([truth], [hit, hit._replace(frame=0, score=0.9)]) == 0.5
    assert ap([truth], [hit, hit._replace(video_id="sit/unknown", score=0.9)]) == 0.5


def test_a_table_tells_what_was_counted() -> None:
    truths = [Truth("sit/a", frame, (0, 0, 4, 4), "sit") for frame in (0, 1)]
    detections = [Found("sit/a", 0, (0, 0, 4, 4), name, s) for name in ("sit", "wave") for s in (0.9, 0.5, 0.0)]
    per_class = frame_ap(groundtruth_table(truths), detections_table(detections), CLASSES[:2])
    assert per_class.loc["sit"].to_dict() == {
        "ap": 0.5,
        "groundtruth": 2,
        "detections": 2,
        "true_positives": 1,
        "recall": 0.5,
    }
    assert per_class.loc["wave", ["groundtruth", "detections", "true_positives"]].to_list() == [0, 2, 0]
    assert per_class.loc["wave", ["ap", "recall"]].isna().all()


def test_empty_tables_are_counted_too() -> None:
    truth = groundtruth_table([Truth("sit/a", 0, (0, 0, 4, 4), "sit")])
    assert frame_ap(truth, table("detections"), ["sit"]).ap.to_list() == [0]
    assert frame_ap(table("groundtruth"), table("detections"), ["sit"]).ap.isna().all()
    assert frame_ap(truth, table("detections"), []).empty


def test_what_cannot_be_counted_is_refused_by_name() -> None:
    truth, found = [Truth("sit/a", 3, (0, 0, 4, 4), "sit")], [Found("sit/a", 3, (0, 0, 4, 4), "sit", float("nan"))]
    with pytest.raises(DataError, match=r"detections: sit/a frame 3 box 0 sit: score is nan"):
        frame_ap(groundtruth_table(truth), detections_table(found), CLASSES)
    with pytest.raises(DataError, match=r"sit is named twice"):
        frame_ap(groundtruth_table(truth), detections_table([]), ["sit", "sit"])
    twice = pd.concat([groundtruth_table(truth)] * 2, ignore_index=True)
    with pytest.raises(DataError, match=r"ground truth: sit/a frame 3 box 0 has class sit twice"):
        frame_ap(twice, detections_table([]), CLASSES)
