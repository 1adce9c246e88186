"""Every frame protocol against a naive evaluator, and what tells one from another."""

import random
from typing import get_args

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.metrics import naive
from tests.metrics.naive import Found, Truth, detections_table, groundtruth_table
from tests.metrics.test_frame_map import SCORES, found_lists, random_box, truth_lists
from zsstad_core.errors import DataError
from zsstad_core.metrics.average_precision import eleven_point, trapezoid
from zsstad_core.metrics.frame_map import frame_ap
from zsstad_core.metrics.protocols import FRAME, VIDEO
from zsstad_core.metrics.video_map import RANGES
from zsstad_core.settings.results import Evaluation

OTHERS = ["act", "voc", "voc07"]
BOX = (0, 0, 9, 9)


def ap(truths: list[Truth], detections: list[Found], protocol: str, iou: float = 0.5) -> float:
    tables = groundtruth_table(truths), detections_table(detections)
    return float(frame_ap(*tables, ["sit"], iou, protocol).ap["sit"])


def agree(truths: list[Truth], detections: list[Found], classes: list[str], protocol: str, iou: float) -> None:
    per_class = frame_ap(groundtruth_table(truths), detections_table(detections), classes, iou, protocol)
    for name in classes:
        expected = naive.frame_ap(truths, detections, name, iou, protocol)
        wanted = np.nan if expected is None else float(expected)
        assert per_class.ap[name] == pytest.approx(wanted, abs=1e-12, nan_ok=True), name


@pytest.mark.parametrize("protocol", OTHERS)
@given(truth_lists, found_lists, st.sampled_from([0.25, 0.5, 0.75, 1.0]))
def test_every_class_gets_the_ap_of_a_naive_evaluator(protocol, truths, detections, iou) -> None:
    agree(truths, detections, ["sit", "wave", "never annotated"], protocol, iou)


@pytest.mark.parametrize("protocol", OTHERS)
@pytest.mark.parametrize("seed", range(5))
def test_thousands_of_small_crowded_classes_get_the_ap_of_a_naive_evaluator(protocol: str, seed: int) -> None:
    draw = random.Random(seed)
    classes = [f"class {number}" for number in range(200)]
    truths = [Truth(*random_box(draw), name) for name in classes for _ in range(draw.randrange(12))]
    detections = [
        Found(*random_box(draw), name, draw.choice(SCORES)) for name in classes for _ in range(draw.randrange(20))
    ]
    draw.shuffle(detections)
    agree(truths, detections, classes, protocol, draw.choice([0.25, 0.5, 0.75]))


@pytest.mark.parametrize("protocol", FRAME)
def test_a_perfect_detector_scores_one_by_every_protocol(protocol: str) -> None:
    truths = [Truth("sit/a", frame, (x, 0, x + 5, 7), "sit") for frame in range(30) for x in (0, 20)]
    assert ap(truths, [Found(*truth, 0.9) for truth in truths], protocol) == pytest.approx(1, abs=1e-12)


def test_act_gives_a_second_detection_the_second_best_groundtruth() -> None:
    truths = [Truth("sit/a", 0, BOX, "sit"), Truth("sit/a", 0, (0, 0, 9, 8), "sit")]
    twice = [Found("sit/a", 0, BOX, "sit", score) for score in (0.9, 0.8)]
    assert ap(truths, twice, "act") == 1
    assert ap(truths, twice, "multisports") == ap(truths, twice, "voc") == 0.5


def test_the_last_pixel_decides_a_small_box() -> None:
    """2 of 4 columns without it, 3 of 5 with it."""
    truth, found = Truth("sit/a", 0, (0, 0, 4, 9), "sit"), Found("sit/a", 0, (0, 0, 2, 9), "sit", 0.9)
    counts = {protocol: ap([truth], [found], protocol, iou=0.55) for protocol in FRAME}
    assert counts == {"multisports": 0, "ava": 0, "act": 1, "voc": 1, "voc07": 1}


def test_areas_differ_where_precision_falls_and_rises() -> None:
    hit = np.array([False, True])
    assert trapezoid(hit, 1) == pytest.approx((0 + 0.5) / 2)
    assert eleven_point(hit, 1) == 0.5
    assert eleven_point(np.array([True]), 2) == pytest.approx(6 / 11)  # recalls 0 to 0.5


def test_eleven_points_are_the_floats_that_public_evaluators_compare() -> None:
    """0.1 times 3 is above 3/10, so three of ten found do not reach the recall 0.3."""
    assert eleven_point(np.ones(3, bool), 10) == pytest.approx(3 / 11)
    assert eleven_point(np.ones(4, bool), 10) == pytest.approx(5 / 11)


def test_the_settings_offer_what_there_is() -> None:
    fields = Evaluation.model_fields
    assert set(get_args(fields["protocol"].annotation)) == set(FRAME) >= set(VIDEO)
    [numbers_or_ranges] = get_args(fields["video_iou"].annotation)
    assert get_args(get_args(numbers_or_ranges)[1]) == tuple(RANGES)


def test_an_unknown_protocol_is_refused_by_name() -> None:
    nothing = groundtruth_table([]), detections_table([])
    with pytest.raises(DataError, match="there is no frame AP coco; there are multisports, act, ava, voc, voc07"):
        frame_ap(*nothing, ["sit"], 0.5, "coco")


def test_categorical_names_count_like_any_others() -> None:
    truths = groundtruth_table([Truth("sit/a", 0, BOX, "sit"), Truth("b", 0, BOX, "wave")])
    found = detections_table([Found("sit/a", 0, BOX, "sit", 0.9), Found("gone", 0, BOX, "wave", 0.9)])
    plain = frame_ap(truths, found, ["wave", "sit"])
    names = dict.fromkeys(("video_id", "class_name"), "category")
    pd.testing.assert_frame_equal(frame_ap(truths.astype(names), found.astype(names), ["wave", "sit"]), plain)
