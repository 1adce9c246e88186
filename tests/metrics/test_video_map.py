"""Linking and video AP against naive ones, and what tells MultiSports' convention from ACT's."""

import random
from collections import defaultdict

import numpy as np
import pandas as pd
import pytest

from tests.metrics import naive_tubes
from tests.metrics.naive import Box, Found, detections_table
from tests.metrics.naive_tubes import Tube
from zsstad_core.errors import DataError
from zsstad_core.metrics.linking import link_tubes
from zsstad_core.metrics.video_map import RANGES, has_tubes, thresholds, video_ap, video_map
from zsstad_core.tables import BOX

SPANS = [(0, 4), (0, 5), (0, 6), (1, 5), (1, 6), (2, 6), (0, 3), (6, 9)]
VIDEOS = ["sit/a", "wave/b"]
SCORES = [0.001, 0.25, 0.5, 0.75, 1.0]
PROTOCOLS = ["multisports", "act"]

type TruthTube = dict[int, Box]


def truth_table(tubes: dict[str, dict[str, list[TruthTube]]]) -> pd.DataFrame:
    """tubes: by class and video; rows frame by frame, as datasets have them."""
    rows = [
        (video, frame, number, *xyxy, name)
        for name, by_video in tubes.items()
        for video, of_video in by_video.items()
        for number, tube in enumerate(of_video)
        for frame, xyxy in tube.items()
    ]
    frame = pd.DataFrame(rows, columns=["video_id", "frame", "box", *BOX, "class_name"])
    return frame.sort_values(["video_id", "frame", "box"], kind="stable", ignore_index=True)


def tube_table(tubes: dict[str, dict[str, list[Tube]]]) -> pd.DataFrame:
    rows = [
        (video, name, number, frame, *xyxy, score)
        for name, by_video in tubes.items()
        for video, of_video in by_video.items()
        for number, tube in enumerate(of_video)
        for (frame, xyxy), score in zip(tube.boxes.items(), tube.scores, strict=True)
    ]
    return pd.DataFrame(rows, columns=["video_id", "class_name", "tube", "frame", *BOX, "score"])


def by_tube(linked: pd.DataFrame) -> dict[str, dict[str, list[Tube]]]:
    found: dict[str, dict[str, list[Tube]]] = defaultdict(lambda: defaultdict(list))
    for (name, video, _), rows in linked.groupby(["class_name", "video_id", "tube"], sort=False):
        boxes = dict(zip(rows["frame"], rows[BOX].itertuples(index=False, name=None), strict=True))
        found[name][video].append(Tube(boxes, list(rows["score"])))
    return found


def random_box(draw: random.Random) -> Box:
    (x1, x2), (y1, y2) = draw.choices(SPANS, k=2)
    return x1, y1, x2, y2


def random_truth(draw: random.Random) -> TruthTube:
    start, box = draw.randrange(4), random_box(draw)
    frames = [frame for frame in range(start, start + draw.randrange(1, 6)) if draw.random() < 0.9]  # gaps
    return {frame: box if draw.random() < 0.7 else random_box(draw) for frame in frames or [start]}


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(
    ("seed", "number"), [(0, 100), (1, 100), *(pytest.param(s, 500, marks=pytest.mark.slow) for s in range(2, 7))]
)
def test_thousands_of_small_crowded_classes_link_and_score_as_naively(protocol: str, seed: int, number: int) -> None:
    draw = random.Random(seed)
    classes = [f"class {i}" for i in range(number)]
    truths = {
        name: {video: [random_truth(draw) for _ in range(draw.randrange(3))] for video in VIDEOS} for name in classes
    }
    detections = [
        Found(draw.choice(VIDEOS), draw.randrange(5), random_box(draw), name, draw.choice(SCORES))
        for name in classes
        for _ in range(draw.choice([0, 5, 15, 40]))
    ]
    draw.shuffle(detections)
    shortest, pixel = draw.choice([1, 2, 3]), int(protocol == "act")
    linked = link_tubes(detections_table(detections), classes, protocol, shortest, 0.005)

    of_class: dict[tuple[str, str], list[Found]] = defaultdict(list)
    for detection in detections:
        of_class[detection.class_name, detection.video_id].append(detection)
    wanted = {
        name: {video: naive_tubes.link(of_class[name, video], pixel, shortest, 0.005) for video in VIDEOS}
        for name in classes
    }
    found = by_tube(linked)
    assert {(n, v): found[n][v] for n in classes for v in VIDEOS} == {
        (n, v): wanted[n][v] for n in classes for v in VIDEOS
    }

    per_threshold = video_ap(truth_table(truths), linked, classes, [0.2, 0.5], protocol)
    for threshold, per_class in per_threshold.items():
        for name in classes:
            expected = naive_tubes.video_ap(truths[name], wanted[name], threshold, protocol)
            expected = np.nan if expected is None else expected
            assert per_class.ap[name] == pytest.approx(expected, abs=1e-12, nan_ok=True), (threshold, name)


# ---- one tube after another

A: Box = (0, 0, 10, 10)


def tube(start: int, stop: int, xyxy: Box = A, score: float = 0.9) -> Tube:
    return Tube(dict.fromkeys(range(start, stop), xyxy), [score] * (stop - start))


def ap(truths: list[Tube], found: list[Tube], iou: float = 0.5, protocol: str = "multisports") -> float:
    groundtruth = truth_table({"sit": {"sit/a": [truth.boxes for truth in truths]}})
    return float(video_ap(groundtruth, tube_table({"sit": {"sit/a": found}}), ["sit"], [iou], protocol)[iou].ap["sit"])


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_perfect_detector_scores_one_at_every_threshold(protocol: str) -> None:
    truths = [tube(0, 20), tube(5, 22, (30, 30, 40, 50)), tube(40, 60), tube(70, 71, (3, 3, 5, 9))]
    found = truths[:3]
    detections = [Found("sit/a", frame, xyxy, "sit", 0.9) for one in found for frame, xyxy in one.boxes.items()]
    linked = by_tube(link_tubes(detections_table(detections), ["sit"], protocol))["sit"]["sit/a"]
    for iou in (0.5, 0.95, 1.0):
        assert ap(found, linked, iou, protocol) == 1
        assert ap(truths, truths, iou, protocol) == 1  # also a tube of a single frame


def test_durations_are_differences_of_frames_in_multisports_and_numbers_of_frames_in_act() -> None:
    truth, found = [tube(0, 11)], [tube(0, 6)]  # 5 of 10 steps, 6 of 11 frames
    assert (ap(truth, found, 0.51), ap(truth, found, 0.51, "act")) == (0, 1)


def test_frames_that_only_one_tube_has_inside_both_overlap_nothing() -> None:
    gap = Tube({frame: A for frame in range(10) if frame not in (4, 5, 6, 7)}, [0.9] * 6)
    assert ap([gap], [tube(0, 10)], 0.6) == 1
    assert ap([gap], [tube(0, 10)], 0.61) == 0
    assert ap([gap], [gap], 1.0) == 1  # frames that neither has are not missed


def test_act_keeps_the_best_of_tubes_that_overlap_and_multisports_counts_them_all() -> None:
    found = [tube(0, 20), tube(0, 18, score=0.8), tube(0, 20, (50, 50, 60, 60), score=0.7)]
    truths = [tube(0, 20), tube(0, 20, (50, 50, 60, 60))]
    assert ap(truths, found, 0.5, "act") == 1
    assert ap(truths, found, 0.5) == pytest.approx((1 + 2 / 3) / 2)


def test_a_tube_that_overlaps_two_annotated_ones_equally_counts_for_the_one_named_first() -> None:
    """Wherever their rows stand in the table, which is sorted by frame."""
    truths = [Tube({3: A}, [1.0]), Tube({2: A}, [1.0])]
    long, at_2, at_3 = tube(1, 5), Tube({2: A}, [0.2]), Tube({3: A}, [0.1])
    assert ap(truths, [long, at_2], 0.2, "act") == 1
    assert ap(truths, [long, at_3], 0.2, "act") < 1


def test_a_tube_ends_where_a_frame_has_no_box_for_it_and_short_ones_are_dropped() -> None:
    frames = [*range(20), *range(21, 30)]
    detections = [Found("sit/a", frame, A, "sit", 0.9) for frame in frames]
    linked = link_tubes(detections_table(detections), ["sit"])
    assert list(linked["frame"]) == list(range(20))
    assert link_tubes(detections_table(detections[:14]), ["sit"]).empty
    weak = [detection._replace(score=0.004) for detection in detections]
    assert link_tubes(detections_table(weak), ["sit"]).empty


def test_a_box_keeps_its_own_score() -> None:
    """And not that of the table's last row, as in mmaction2."""
    detections = [Found("sit/a", frame, A, "sit", 0.5 + frame / 100) for frame in range(20)]
    linked = link_tubes(detections_table([*detections, Found("sit/a", 99, A, "sit", 0.01)]), ["sit"])
    assert list(linked["score"]) == [detection.score for detection in detections]


def test_order_of_rows_means_nothing_where_scores_differ() -> None:
    draw = random.Random(0)
    detections = [
        Found(video, frame, random_box(draw), "sit", draw.random())
        for video in VIDEOS
        for frame in range(30)
        for _ in range(3)
    ]
    truths = truth_table({"sit": {video: [random_truth(draw) for _ in range(4)] for video in VIDEOS}})

    def result() -> float:
        linked = link_tubes(detections_table(detections), ["sit"], shortest=2)
        shuffled = linked.sample(frac=1, random_state=draw.randrange(99))
        return float(video_ap(truths, shuffled, ["sit"], [0.2])[0.2].ap["sit"])

    first = result()
    assert first > 0
    for _ in range(3):
        draw.shuffle(detections)
        assert result() == pytest.approx(first, abs=1e-12)


def test_nothing_to_link_is_an_empty_table_and_counts_as_nothing() -> None:
    truths = truth_table({"sit": {"sit/a": [tube(0, 20).boxes]}})
    linked = link_tubes(detections_table([]), ["sit", "wave"])
    assert linked.empty
    per_class = video_ap(truths, linked, ["sit", "wave"], [0.5])[0.5]
    assert per_class.ap["sit"] == 0
    assert np.isnan(per_class.ap["wave"])


def test_a_tube_with_two_boxes_in_a_frame_is_refused_by_name() -> None:
    truths = truth_table({"sit": {"sit/a": [{3: A}]}})
    with pytest.raises(DataError, match="ground truth: sit/a frame 3: box 0 of sit has two boxes"):
        video_ap(pd.concat([truths, truths]), tube_table({}), ["sit"], [0.5])


def test_ranges_are_the_means_that_multisports_prints() -> None:
    truths = truth_table({"sit": {"sit/a": [tube(0, 11).boxes]}})
    found = tube_table({"sit": {"sit/a": [tube(0, 7)]}})  # 6 of 10 steps
    wanted = [0.5, *RANGES]
    means = video_map(video_ap(truths, found, ["sit"], thresholds(wanted)), wanted)
    assert {name: ap["sit"] for name, ap in means.items()} == pytest.approx(
        {"0.5": 1, "0.05:0.45": 1, "0.10:0.90": 6 / 9, "0.50:0.95": 3 / 10}
    )
    with pytest.raises(DataError, match=r"video IoU 0\.5:0\.7; it must be a number, or one of 0\.05:0\.45"):
        thresholds(["0.5:0.7"])


def test_keyframes_a_second_apart_are_no_tubes() -> None:
    assert has_tubes(truth_table({"sit": {"sit/a": [{3: A, 4: A}]}}))
    assert not has_tubes(truth_table({"sit": {"sit/a": [{3: A, 28: A}], "b": [{4: A}]}}))
    assert not has_tubes(truth_table({"sit": {"sit/a": [{3: A}, {4: A}]}}))
