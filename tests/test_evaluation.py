"""metrics.json and its table: what was counted, what was missed, and what has no number."""

import json
from typing import Any

import pandas as pd
import pytest

from tests.datasets.made_jhmdb import TEST, TRAIN, annotation, open_jhmdb, write_clips, write_pickle
from zsstad_core.evaluation.chance import below_chance, chance, chance_draws
from zsstad_core.evaluation.detection import evaluate
from zsstad_core.evaluation.rows import missing_groundtruth
from zsstad_core.evaluation.text import as_table
from zsstad_core.settings.pipeline import Settings
from zsstad_core.splits import LabelSplit
from zsstad_core.tables import BOX, table

SPLIT = LabelSplit("made-1", seen=("jump", "run"), unseen=("wave", "sit"))
SIDES = dict(zip(BOX, (10.0, 10.0, 30.0, 50.0), strict=True))


def truth(*rows: tuple[str, int, str], decoded: bool = True) -> pd.DataFrame:
    """Annotated persons, all at the same place: (video, frame, class)."""
    frame = pd.DataFrame(rows, columns=["video_id", "frame", "class_name"])
    return table("groundtruth", frame.assign(box=0, decoded=decoded, **SIDES))


def found(*rows: tuple[str, int, str, float], shift: float = 0.0) -> pd.DataFrame:
    """Detections at that place, or `shift` pixels to the right: (video, frame, class, score)."""
    frame = pd.DataFrame(rows, columns=["video_id", "frame", "class_name", "score"])
    sides = {**SIDES, "x1": SIDES["x1"] + shift, "x2": SIDES["x2"] + shift}
    return table("detections", frame.assign(box=0, probability=frame["score"], box_score=1.0, **sides))


NONE = truth().iloc[:0]
TRUTH = truth(("w/a", 0, "wave"), ("w/a", 1, "wave"), ("r/b", 0, "run"), ("j/c", 0, "jump"))
FOUND = found(("w/a", 0, "wave", 0.9), ("w/a", 1, "wave", 0.8), ("r/b", 0, "run", 0.7), ("r/b", 0, "jump", 0.6))


def evaluated(truth: pd.DataFrame = TRUTH, missing: pd.DataFrame = NONE, found: pd.DataFrame = FOUND, **changed: Any):
    """metrics.json, through JSON."""
    settings = Settings.model_validate({"head": "clip_crop", **changed})
    return json.loads(json.dumps(evaluate(settings, SPLIT, truth, missing, found), allow_nan=False))


def test_the_means_are_over_classes_and_their_harmonic_mean():
    metrics = evaluated()
    assert {name: row["ap"] for name, row in metrics["classes"].items()} == {
        "wave": 1,
        "sit": None,
        "jump": 0,
        "run": 1,
    }
    assert (metrics["unseen"], metrics["seen"]) == (1, 0.5)
    assert metrics["harmonic"] == pytest.approx(2 * 0.5 / 1.5)
    assert metrics["without_groundtruth"] == ["sit"]


def test_a_class_is_counted_in_its_own_group():
    groups = {name: row["group"] for name, row in evaluated()["classes"].items()}
    assert groups == {"wave": "unseen", "sit": "unseen", "jump": "seen", "run": "seen"}


def test_a_frame_that_the_video_lacks_counts_as_missed_or_not_at_all():
    lost = truth(("w/a", 2, "wave"), ("w/a", 3, "wave"), decoded=False)
    everything = table("groundtruth", pd.concat([TRUTH, lost]))
    counted = {"frames annotated": 6, "frames that the videos have": 4, "clips": 3, "clips missed": 0}

    annotated = evaluated(everything)
    assert annotated["classes"]["wave"]["ap"] == annotated["classes"]["wave"]["recall"] == 0.5
    assert annotated["groundtruth"] == {**counted, "frames counted": 6}

    decoded = evaluated(everything, evaluation={"frames": "decoded"})
    assert decoded["classes"]["wave"]["ap"] == decoded["classes"]["wave"]["recall"] == 1
    assert decoded["groundtruth"] == {**counted, "frames counted": 4}


@pytest.mark.fault(24)
def test_a_clip_that_is_not_on_disk_counts_as_missed():
    metrics = evaluated(missing=truth(("r/gone", 0, "run"), ("r/gone", 1, "run"), ("r/gone", 2, "run"), decoded=False))
    assert metrics["classes"]["run"]["ap"] == metrics["classes"]["run"]["recall"] == 0.25
    assert metrics["groundtruth"]["clips missed"] == 1
    assert (metrics["groundtruth"]["clips"], metrics["groundtruth"]["frames counted"]) == (4, 7)


def test_only_test_clips_that_are_not_on_disk_are_missed(tmp_path):
    write_pickle(tmp_path, annotation())
    write_clips(tmp_path, [TRAIN[0], TEST[0]])
    missed = missing_groundtruth(jhmdb := open_jhmdb(tmp_path), jhmdb.missing())
    assert set(missed["video_id"]) == set(TEST[1:])
    assert not missed["decoded"].any()


def test_nothing_is_missed_where_all_is_on_disk(tmp_path):
    write_pickle(tmp_path, annotation())
    write_clips(tmp_path, TRAIN + TEST)
    nothing = missing_groundtruth(jhmdb := open_jhmdb(tmp_path), jhmdb.missing())
    assert nothing.empty
    assert evaluated(missing=nothing) == evaluated()


@pytest.mark.parametrize(("iou", "ap"), [(0.5, 1), (0.75, 0)])
def test_the_overlap_is_the_settings(iou: float, ap: float):
    moved = found(("r/b", 0, "run", 0.7), shift=5)  # IoU 15 / 25
    assert evaluated(found=moved, evaluation={"iou": iou})["classes"]["run"]["ap"] == ap


def test_a_group_without_any_clip_has_no_number():
    metrics = evaluated(TRUTH[TRUTH["class_name"] != "wave"])
    assert metrics["unseen"] is metrics["harmonic"] is None
    assert metrics["seen"] == 0.5


@pytest.mark.fault(32)
def test_no_detection_at_all_is_a_zero():
    metrics = evaluated(found=found().iloc[:0])
    assert (metrics["unseen"], metrics["seen"], metrics["harmonic"]) == (0, 0, 0)


def test_the_metrics_say_by_what_protocol():
    protocol = evaluated(scoring={"select": "first", "first": 2}, evaluation={"iou": 0.3})["protocol"]
    assert (protocol["iou"], protocol["frames"]) == (0.3, "all")
    assert (protocol["boxes"]["select"], protocol["boxes"]["first"]) == ("first", 2)
    assert "batch" not in protocol["boxes"]


# ---- protocols


LONG = pd.concat([truth(*(("w/a", frame, "wave") for frame in range(20))), truth(("r/b", 0, "run"))])
LONG_FOUND = found(*(("w/a", frame, "wave", 0.9) for frame in range(10)))


def test_video_map_stands_beside_frame_map_where_persons_are_followed():
    metrics = evaluated(LONG, found=found(*(("w/a", frame, "wave", 0.9) for frame in range(16))))
    assert metrics["video"]["0.5"]["unseen"] == metrics["video"]["0.2"]["unseen"] == 1
    assert metrics["video"]["0.50:0.95"]["unseen"] == pytest.approx(6 / 10)  # 15 of 19 steps
    assert metrics["classes"]["wave"]["video ap"] == {"0.2": 1, "0.5": 1, "0.50:0.95": pytest.approx(0.6)}
    assert metrics["classes"]["run"]["video ap"]["0.5"] == metrics["video"]["0.5"]["seen"] == 0
    assert metrics["protocol"]["video metric"].startswith("video AP, all-point")


@pytest.mark.parametrize("changed", [{"video_iou": []}, {"protocol": "ava"}])
def test_video_map_is_left_out_where_it_is_not_asked_for_or_not_defined(changed: dict[str, Any]):
    metrics = evaluated(LONG, found=LONG_FOUND, evaluation=changed)
    assert metrics["video"] == {}
    assert metrics["protocol"]["video metric"] is None


def test_keyframes_give_no_video_map():
    assert evaluated(truth(("w/a", 0, "wave"), ("w/a", 25, "wave")))["video"] == {}


def test_every_protocol_is_named_and_gives_its_own_number():
    twice = truth(("w/a", 0, "wave"))
    twice = pd.concat([twice, twice.assign(box=1, y2=49.0)])
    both = found(("w/a", 0, "wave", 0.9), ("w/a", 0, "wave", 0.8))
    ap = {}
    for name in ("multisports", "act", "ava", "voc", "voc07"):
        metrics = evaluated(twice, found=both, evaluation={"protocol": name, "video_iou": []})
        assert metrics["protocol"]["protocol"] == name
        ap[name] = metrics["classes"]["wave"]["ap"]
    assert ap == {"multisports": 0.5, "act": 1, "ava": 0.5, "voc": 0.5, "voc07": pytest.approx(6 / 11)}


def test_detections_on_frames_without_any_annotated_person_count_or_not():
    stray = found(("w/a", 7, "wave", 0.95), ("w/a", 0, "wave", 0.9), ("w/a", 1, "wave", 0.8), ("r/b", 0, "wave", 0.85))
    ap = {
        frames: evaluated(found=stray, evaluation={"frames": frames})["classes"]["wave"]["ap"]
        for frames in ("all", "decoded", "annotated")
    }
    # right ones rank 2 and 4 of 4; without the stray one, 1 and 3 of 3: the running person's frame is annotated
    assert ap == {"all": 0.5, "decoded": 0.5, "annotated": pytest.approx((1 + 2 / 3) / 2)}
    assert "detections on other frames are not counted" in shown(evaluation={"frames": "annotated"})
    assert "detections on other frames are not counted" not in shown()


def test_another_protocol_stands_on_the_tables_face():
    assert shown(evaluation={"protocol": "act"})[0].endswith("frame mAP at IoU 0.5, protocol act")
    assert shown()[0].endswith("frame mAP at IoU 0.5")


# ---- the table


def shown(made_with: dict[str, Any] | None = None, **changed: Any) -> list[str]:
    return as_table({**evaluated(**changed), "made with": made_with or {}}).splitlines()


def test_the_table_shows_percents_and_a_dash_for_what_has_no_number():
    lines = shown()
    assert [line.split() for line in lines if line.startswith(("wave", "sit", "jump"))] == [
        ["wave", "unseen", "100.00", "100.00", "2", "2"],
        ["sit", "unseen", "-", "-", "0", "0"],
        ["jump", "seen", "0.00", "0.00", "1", "1"],
    ]
    means = [line.split() for line in lines if line.startswith(("unseen", "seen", "harmonic"))]
    assert means == [["unseen", "100.00"], ["seen", "50.00"], ["harmonic", "66.67"]]
    assert lines[-3].startswith("video mAP at 0.2 ")
    assert lines[-1].startswith("video mAP at 0.50:0.95 ")


def test_random_weights_stand_on_the_tables_face():
    assert "encoder: ViT, RANDOM weights (seed 0); " in shown({"encoder": "ViT, RANDOM weights (seed 0)"})[1]
    assert shown()[1].startswith("encoder: none; ")


@pytest.mark.parametrize(
    ("scoring", "words"),
    [
        ({}, "boxes: detected, score >= 0.2; scored against own labels"),
        ({"select": "first", "first": 5}, "boxes: detected, first 5;"),
        ({"select": "margin", "margin": 0.7}, "boxes: detected, score > best - 0.7;"),
        ({"select": "all", "labels": "all"}, "boxes: detected, all; scored against all labels"),
        ({"boxes": "groundtruth"}, "boxes: ground truth;"),
        ({"voting": "mean"}, "scored against own labels, soft voting"),
        ({"voting": "weighted"}, "scored against own labels, soft voting by detection score"),
    ],
)
def test_the_boxes_and_labels_that_were_scored_stand_on_the_tables_face(scoring: dict[str, Any], words: str):
    assert words in shown(scoring=scoring)[1]


def test_what_the_videos_lack_stands_on_the_tables_face():
    lost = truth(("w/a", 2, "wave"), decoded=False)
    assert shown(truth=pd.concat([TRUTH, lost]))[2] == "5 annotated frames of 3 test clips; the videos have 4 of 5"
    decoded = shown(truth=pd.concat([TRUTH, lost]), evaluation={"frames": "decoded"})
    assert decoded[2] == "4 decoded frames of 3 test clips; the videos have 4 of 5"


def test_chance_is_what_random_scores_get_and_the_same_whenever_it_is_drawn():
    settings = Settings.model_validate({"head": "clip_crop"})
    truth = TRUTH.query("class_name != 'jump'")
    both = found(
        *(
            (video, frame, name, 0.9)
            for video, frame in ((v, f) for v in ("w/a", "r/b") for f in range(2))
            for name in ("wave", "run")
        )
    )
    draws = chance_draws(settings, SPLIT, truth, NONE, both)
    assert draws == chance_draws(settings, SPLIT, truth, NONE, both.assign(probability=0.1, score=0.1))
    assert len(draws) > 1
    mean = chance(draws)
    assert 0.5 <= mean["unseen"] < 1  # two of four persons wave: at best they stand first, at worst behind the others
    assert chance([{"unseen": None, "seen": 0.2}])["unseen"] is None


def test_only_a_map_below_chance_is_pointed_out():
    chances = {"unseen": 0.2, "seen": 0.3}
    assert below_chance({"unseen": 0.1, "seen": 0.3, "chance": chances}) == {"unseen": 0.2}
    assert below_chance({"unseen": None, "seen": 0.4, "chance": chances}) == {}
    assert below_chance({"unseen": 0.0}) == {}  # the oracle, or nothing to evaluate against


def test_chance_stands_beside_the_number():
    lines = as_table({**evaluated(), "made with": {}, "chance": {"unseen": 0.5, "seen": None}}).splitlines()
    means = [line.split() for line in lines if line.startswith(("unseen", "seen", "harmonic"))]
    assert means == [["unseen", "100.00", "by", "chance", "50.00"], ["seen", "50.00"], ["harmonic", "66.67"]]


@pytest.mark.parametrize(("frames", "short"), [(14, 1), (15, 0)])
def test_a_video_map_of_clips_shorter_than_a_tube_comes_with_a_word(frames: int, short: int):
    annotated = truth(*(("w/a", frame, "wave") for frame in range(frames)))
    detected = found(*(("w/a", frame, "wave", 0.9) for frame in range(frames)))
    metrics = evaluated(truth=annotated, found=detected)
    assert metrics["clips shorter than a tube"] == short
    assert metrics["video"]["0.5"]["unseen"] == 1 - short
    said = (
        "video mAP: no tube is found in 1 of 1 clip, which have detections on fewer than 15 frames, the least of a tube"
    )
    assert (said in as_table({**metrics, "made with": {}}).splitlines()) == bool(short)
