"""Which boxes become tokens."""

import pandas as pd
import pytest

from zsstad_core.cache.token_kinds import TokenKind
from zsstad_core.extraction.token_boxes import annotated_persons, boxes_of, on_real_frames
from zsstad_core.tables import BOX, table

BOX_AT = dict(zip(BOX, (1.0, 2.0, 3.0, 4.0), strict=True))


def detected(*rows: tuple[str, int, str]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["video_id", "frame", "what"])
    return table("boxes", frame.assign(box=range(len(frame)), score=0.5, **BOX_AT))


def annotated(*rows: tuple[str, int, int, str, bool]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["video_id", "frame", "box", "class_name", "decoded"])
    return table("groundtruth", frame.assign(**BOX_AT))


DETECTED = detected(("wave/a", 0, "person"), ("wave/a", 0, "chair"), ("wave/a", 1, "person"), ("wave/b", 0, "dog"))
OF_BOXES = {TokenKind.object, TokenKind.person, TokenKind.groundtruth}
ANNOTATED = annotated(("wave/a", 0, 0, "wave", True), ("wave/a", 1, 0, "wave", False))


@pytest.mark.parametrize(
    ("kinds", "of_boxes"),
    [
        ({TokenKind.frame}, set()),
        ({TokenKind.frame, *OF_BOXES}, OF_BOXES),
        ({TokenKind.person}, {TokenKind.person}),
        ({TokenKind.groundtruth}, {TokenKind.groundtruth}),
    ],
)
def test_a_kind_that_is_not_wanted_has_no_boxes(kinds: set[TokenKind], of_boxes: set[TokenKind]):
    assert boxes_of([*kinds], DETECTED, ANNOTATED).keys() == of_boxes


def test_persons_and_objects_are_told_apart_and_none_is_lost():
    boxes = boxes_of([TokenKind.person, TokenKind.object], DETECTED, None)
    assert list(boxes[TokenKind.person]["what"]) == ["person", "person"]
    assert list(boxes[TokenKind.object]["what"]) == ["chair", "dog"]


def test_an_annotated_person_on_a_frame_that_is_not_there_has_no_token():
    assert list(annotated_persons(ANNOTATED)["frame"]) == [0]


def test_a_person_with_two_actions_is_one_person():
    both = annotated(("x", 0, 0, "sit", True), ("x", 0, 0, "wave", True), ("x", 0, 1, "sit", True))
    persons = annotated_persons(both)
    assert persons[["box", "score", "what"]].values.tolist() == [[0, 1, "person"], [1, 1, "person"]]


def test_a_files_boxes_beyond_the_end_of_a_clip_have_no_token():
    frames = table("frames", {"video_id": ["wave/a"] * 2, "frame": [0, 1], "pts": [0.0, 0.04]})
    boxes = detected(("wave/a", 1, "person"), ("wave/a", 2, "person"), ("wave/unknown", 0, "person"))
    assert on_real_frames(boxes, frames)[["video_id", "frame"]].values.tolist() == [["wave/a", 1]]
