"""Which frames are shown, and what is known of the persons on them."""

import pandas as pd
import pytest

from zsstad_core.errors import DataError
from zsstad_core.report.shown_persons import best_actions, frames_to_show, number_persons, scored_person
from zsstad_core.tables import table

SQUARE = [0.0, 0.0, 10.0, 20.0]
ASIDE = [50.0, 0.0, 60.0, 20.0]


def detections(*rows: tuple[str, int, int, list[float], str, float]) -> pd.DataFrame:
    """video, frame, box, its corners, class, probability."""
    columns = ["video_id", "frame", "box", "corners", "class_name", "probability"]
    made = pd.DataFrame(rows, columns=columns)
    made[["x1", "y1", "x2", "y2"]] = made.pop("corners").to_list()
    return table("detections", made.assign(box_score=0.5, score=made["probability"] * 0.5))


def truth(*rows: tuple[str, int, int, list[float], str]) -> pd.DataFrame:
    made = pd.DataFrame(rows, columns=["video_id", "frame", "box", "corners", "class_name"])
    made[["x1", "y1", "x2", "y2"]] = made.pop("corners").to_list()
    return table("groundtruth", made.assign(decoded=True))


def test_a_persons_best_action_stands_beside_what_it_does() -> None:
    found = detections(("a", 0, 0, SQUARE, "run", 0.3), ("a", 0, 0, SQUARE, "sit", 0.7), ("a", 0, 1, ASIDE, "run", 0.9))
    best = best_actions(found, truth(("a", 0, 0, SQUARE, "run"), ("a", 0, 0, SQUARE, "talk"))).set_index("box")
    assert best["class_name"].to_dict() == {0: "sit", 1: "run"}
    assert set(best["annotated"][0]) == {"run", "talk"}
    assert best["annotated"][1] == ()


def test_right_answers_come_first_then_frames_with_several_persons_then_the_best_score() -> None:
    rows, real = [], []
    for video, probability, right, several in (
        ("best but wrong", 0.9, False, True),
        ("right and alone", 0.8, True, False),
        ("right in company", 0.5, True, True),
        ("better in company", 0.6, True, True),
    ):
        rows.append((video, 3, 0, SQUARE, f"do {video}", probability))
        real.append((video, 3, 0, SQUARE, f"do {video}" if right else "sit"))
        if several:
            rows.append((video, 3, 1, ASIDE, "sit", 0.1))
            real.append((video, 3, 1, ASIDE, "sit"))
    found = best_actions(detections(*rows), truth(*real))
    classes = [row[4] for row in rows if row[4] != "sit"]
    order = ["better in company", "right in company", "right and alone", "best but wrong"]
    assert frames_to_show(found, [classes], 9) == [(video, 3) for video in order]
    assert frames_to_show(found.sample(frac=1, random_state=0), [classes], 2) == [(video, 3) for video in order[:2]]


def test_each_group_has_its_frames_and_no_video_or_class_is_shown_twice() -> None:
    found = best_actions(
        detections(
            ("a", 0, 0, SQUARE, "run", 0.9),
            ("a", 1, 0, SQUARE, "run", 0.8),
            ("b", 0, 0, SQUARE, "run", 0.7),
            ("c", 0, 0, SQUARE, "sit", 0.2),
            ("a", 2, 0, SQUARE, "sit", 0.6),
        ),
        truth(("a", 0, 0, SQUARE, "run")),
    )
    assert frames_to_show(found, [["run"], ["sit"]], 3) == [("a", 0), ("c", 0)]
    assert frames_to_show(found, [["wave"], []], 3) == []


def test_videos_without_annotation_are_shown_and_where_nobody_is_scored_there_is_nothing() -> None:
    found = detections(("a", 0, 0, SQUARE, "run", 0.5), ("b", 1, 0, SQUARE, "sit", 0.8))
    assert frames_to_show(best_actions(found, table("groundtruth")), [["run", "sit"]], 3) == [("b", 1), ("a", 0)]
    nobody = best_actions(table("detections"), truth(("a", 0, 0, SQUARE, "run")))
    assert frames_to_show(nobody, [["run", "sit"]], 3) == []


def test_a_number_is_a_person_annotated_ones_first_then_the_best_found() -> None:
    found = detections(
        ("a", 0, 0, [80.0, 0.0, 90.0, 20.0], "run", 0.3),
        ("a", 0, 1, ASIDE, "sit", 0.9),
        ("a", 0, 2, SQUARE, "run", 0.4),
    )
    found["box_score"] = [0.5, 0.75, 0.25]
    rows = number_persons(best_actions(found, truth(("a", 0, 7, SQUARE, "run"))), "a", 0)
    assert rows["box"].tolist() == [2, 1, 0]
    first, second = (scored_person(rows, number, ("sit",)) for number in (1, 2))
    assert (first.action, first.unseen, first.annotated, first.box_4.tolist()) == ("run", False, ("run",), SQUARE)
    assert (second.action, second.unseen, second.annotated) == ("sit", True, ())
    assert second.probability == 0.9


def test_a_frame_on_which_nobody_is_scored_is_refused() -> None:
    best = best_actions(detections(("a", 0, 0, SQUARE, "run", 0.3)), table("groundtruth"))
    with pytest.raises(DataError, match="no person is scored on the frame; choose another"):
        number_persons(best, "a", 1)
