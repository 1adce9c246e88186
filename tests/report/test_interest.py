"""Which frames are shown, where patches lie in them, and that a panel lights up what was chosen."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from zsstad_core.report.interest import FrameInterest, Person, best_actions, frames_to_show, patch_boxes
from zsstad_core.report.interest_picture import COLOURS, draw, marked

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


def test_patches_of_a_crop_a_squash_and_a_padded_view() -> None:
    """A frame of 80 x 40 in a view of 16 pixels, 2 x 2 patches."""
    squashed = patch_boxes((2, 2), 8, 16, 80, 40, "squash")
    assert squashed[0, 1].tolist() == [40, 0, 80, 20]
    cropped = patch_boxes((2, 2), 8, 16, 80, 40, "clip")
    assert cropped[1, 0].tolist() == [20, 20, 40, 40]
    padded = patch_boxes((4, 4), 4, 16, 80, 40, "pad")
    assert padded[1, 3].tolist() == [60, 0, 80, 20]
    height_RC = padded[..., 3] - padded[..., 1]
    assert (height_RC.any(1)).tolist() == [False, True, True, False]


def shown(chosen: list[tuple[int, int]], **changes: Any) -> FrameInterest:
    """A picture of 96 x 72 with 4 x 4 patches, and one person."""
    chosen_RC = np.zeros((4, 4), np.bool_)
    chosen_RC[tuple(zip(*chosen, strict=True))] = True
    person = Person(
        1, np.array([10.0, 10, 30, 60]), "sit_down", 0.75, True, ("run",), chosen_RC, np.ones((4, 4), "f4"), True, (1,)
    )
    picture = np.random.default_rng(0).integers(100, 256, (72, 96, 3), np.uint8)
    return replace(
        FrameInterest("a/b", 7, picture, patch_boxes((4, 4), 8, 32, 96, 72, "squash"), 1, 3, (person,)), **changes
    )


def test_a_panel_is_bright_where_patches_were_chosen_and_nowhere_else() -> None:
    frame = shown([(0, 3), (2, 1), (2, 2)])
    (person,) = frame.persons
    inside = marked(frame, person)
    assert inside.sum() == 3 * 24 * 18
    assert inside[:18, 72:].all()
    assert inside[36:54, 24:72].all()
    assert person.tokens == 5

    image = np.asarray(draw(frame, "a/b frame 7"))
    height = 288
    panel = image[46 : 46 + height, 8 + 392 : 8 + 392 + 384].astype(int)
    bright = np.asarray(Image.fromarray(frame.picture).resize((384, height), Image.Resampling.NEAREST)).astype(int)
    same = (panel == bright).all(-1)
    lit = np.asarray(Image.fromarray(inside).resize((384, height), Image.Resampling.NEAREST))
    assert same[lit].mean() > 0.9  # the rest is outlines and the box
    assert same[~lit].mean() < 0.01
    assert (panel == COLOURS[0]).all(-1).sum() > 500


def test_what_a_crop_leaves_out_of_the_frame_is_darker_than_what_was_not_chosen() -> None:
    frame = shown([(1, 1)], patch_RC4=patch_boxes((4, 4), 8, 32, 96, 72, "clip"))
    panel = np.asarray(draw(frame, "a/b"))[46:334, 400:784].mean(-1)
    assert panel[:, 340:].mean() < 0.5 * panel[:, 260:330].mean()


def test_tokens_that_are_no_patches_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    from PIL import ImageDraw

    write = ImageDraw.ImageDraw.text
    monkeypatch.setattr(
        ImageDraw.ImageDraw, "text", lambda self, xy, text, *a, **k: said.append(text) or write(self, xy, text, *a, **k)
    )
    draw(shown([(1, 1)]), "a/b frame 7")
    assert "chosen: 1 patch, the class token, person 1 (itself)" in said
    assert "1  sit down 0.75" in said
    assert "unseen action; annotated: run" in said
    assert any("the 3 of 18 tokens" in text for text in said)
