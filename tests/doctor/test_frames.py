"""Frame numbers that differ are found from how overlap falls off to both sides, and healthy ones are left in peace."""

import numpy as np
import pandas as pd
import pytest

from tests.doctor import made
from zsstad_core.doctor.frames import annotated_beyond, detected_beyond, shifted
from zsstad_core.tables import table


def names(findings: list) -> list[str]:
    return [finding.what for finding in findings]


def moved(rows: pd.DataFrame, by: int) -> pd.DataFrame:
    return rows.assign(frame=rows["frame"] + by)


@pytest.mark.parametrize("by", [-12, -3, -1, 1, 2, 7, 40])
@pytest.mark.parametrize("every", [1, 4])
def test_detections_some_frames_off_are_named_with_how_many(by: int, every: int) -> None:
    (finding,) = shifted(made.truth(every=every), moved(made.found(), by), made.frames(), given=True)
    assert finding.what == f"frames off by {abs(by)}"
    assert f"detector.boxes_from {abs(by)} too {'high' if by > 0 else 'low'}" in finding.how_many


def test_of_our_own_detector_the_annotation_is_to_blame() -> None:
    (finding,) = shifted(moved(made.truth(), 1), made.found(), made.frames(), given=False)
    assert "annotated frames are 1 too high (counted from 1?)" in finding.how_many
    assert "boxes_from" not in finding.how_many


@pytest.mark.parametrize(
    ("annotated", "boxes"),
    [
        (made.truth(), made.found()),
        (made.truth(every=6), made.found()),
        (made.truth(), made.found(noise=4.0)),
        (made.truth(), made.found().sample(frac=0.1, random_state=0)),
        (made.truth(made.VIDEOS[:3]), made.found()),
        (made.truth(), made.found().query("video_id < 'f'")),
        (made.truth().iloc[:0], made.found()),
        (made.truth(), made.found().iloc[:0]),
    ],
    ids=["all", "sparse annotation", "loose boxes", "few detections", "few videos", "empty videos", "no truth", "none"],
)
def test_nothing_is_said_of_frames_that_are_counted_alike(annotated: pd.DataFrame, boxes: pd.DataFrame) -> None:
    assert shifted(annotated, boxes, made.frames(), given=True) == []


def test_persons_who_stand_still_cannot_be_off(monkeypatch: pytest.MonkeyPatch) -> None:
    still = made.truth().assign(x1=50, y1=30, x2=75, y2=95)
    assert shifted(moved(still, 1), made.found(still), made.frames(), given=True) == []


def test_seconds_in_place_of_frames_are_named() -> None:
    annotated = made.truth().query("frame in (0, 12)")
    seconds = annotated.assign(frame=annotated["frame"] // 12)
    (finding,) = shifted(seconds, made.found().query("frame > 8"), made.frames(), given=False)
    assert finding.what == "annotated boxes in seconds, not frames"


def test_annotated_seconds_that_are_one_off_are_named_as_seconds() -> None:
    (finding,) = shifted(moved(made.truth(), -1), made.found(), made.frames(), given=False, unit="second")
    assert finding.what == "seconds off by 1"
    assert "annotated seconds are 1 too low" in finding.how_many


def test_boxes_that_are_counted_from_1_are_named() -> None:
    (finding,) = detected_beyond(moved(made.found(), 1), made.frames())
    assert finding.what == "detected boxes counted from 1"
    assert detected_beyond(made.found(), made.frames()) == []
    assert detected_beyond(made.found().query("frame > 0"), made.frames()) == []


def test_boxes_of_longer_videos_are_not_called_counted_from_1() -> None:
    (finding,) = detected_beyond(moved(made.found(), 12), made.frames())
    assert finding.what == "detected boxes on frames that do not exist"


def test_annotation_that_runs_on_after_the_end_is_named_and_two_frames_of_one_clip_are_not() -> None:
    annotated, none = made.truth(), table("groundtruth")
    assert annotated_beyond(annotated, none) == []
    short = annotated["video_id"].eq("bow/0") & (annotated["frame"] > 21)
    assert annotated_beyond(annotated.assign(decoded=~short), none) == []
    (finding,) = annotated_beyond(annotated.assign(decoded=annotated["frame"] < 20), none)
    assert f"{4 * len(made.VIDEOS)} of {len(annotated)} annotated test boxes" in finding.how_many
    assert names(
        annotated_beyond(annotated.query("video_id > 'd'"), annotated.query("video_id < 'd'").assign(decoded=False))
    )
    assert np.all(annotated["decoded"])
