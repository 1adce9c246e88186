"""Where the patches of a view lie in its frame, and whose attention and whose choice is whose."""

import numpy as np
import pandas as pd
import torch

from tests.report.test_shown_persons import ASIDE, SQUARE, detections, truth
from zsstad_core.frozen.encoder_identity import ViewRules
from zsstad_core.methods.explanation import PatchAttention
from zsstad_core.report.patch_attention import frame_patches, patch_boxes
from zsstad_core.report.shown_persons import best_actions, number_persons

BELOW = [20.0, 20.0, 30.0, 39.0]


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


def attention(
    weight_N: list[float], chosen: list[list[tuple[int, int]]], others: list[tuple[int, ...]]
) -> PatchAttention:
    """Persons with a weight on all of 2 x 4 patches, the patches they chose, and the persons among their tokens."""
    chosen_NRC = torch.zeros(len(weight_N), 2, 4, dtype=torch.bool)
    for person, places in enumerate(chosen):
        for row, column in places:
            chosen_NRC[person, row, column] = True
    weight_NRC = torch.tensor(weight_N)[:, None, None].expand(-1, 2, 4)
    class_token_N = tuple(person == 0 for person in range(len(weight_N)))
    return PatchAttention(2, 12, 8, weight_NRC, chosen_NRC, class_token_N, tuple(others))


def test_each_person_has_its_own_attention_and_choice_also_where_a_crowd_is_split() -> None:
    """Persons 2 and 3 are one sample of the frame, person 1 another; the samples know persons by their places."""
    rows: pd.DataFrame = number_persons(
        best_actions(
            detections(
                ("a", 4, 0, ASIDE, "run", 0.5), ("a", 4, 1, SQUARE, "sit", 0.75), ("a", 4, 2, BELOW, "wave", 0.25)
            ),
            truth(("a", 4, 0, SQUARE, "sit")),
        ),
        "a",
        4,
    )
    assert rows["box"].tolist() == [1, 0, 2]
    samples = [
        (attention([0.125, 0.25], [[(0, 1)], [(1, 3), (0, 0)]], [(1,), (0, 1)]), [2, 3]),
        (attention([0.0625], [[]], [()]), [1]),
    ]
    picture = np.zeros((40, 80, 3), np.uint8)
    shown = frame_patches(("a", 4), picture, rows, samples, ("run",), ViewRules(32, "squash", "bicubic"))
    assert (shown.video_id, shown.frame, shown.block, shown.blocks) == ("a", 4, 2, 12)
    assert shown.patch_RC4.shape == (2, 4, 4)
    assert [person.number for person in shown.persons] == [1, 2, 3]
    assert [person.box_4.tolist() for person in shown.persons] == [SQUARE, ASIDE, BELOW]
    assert [float(person.weight_RC.max()) for person in shown.persons] == [0.0625, 0.125, 0.25]
    assert [np.argwhere(person.chosen_RC).tolist() for person in shown.persons] == [[], [[0, 1]], [[0, 0], [1, 3]]]
    assert [person.persons for person in shown.persons] == [(), (3,), (2, 3)]
    assert [person.class_token for person in shown.persons] == [True, True, False]
    assert [person.tokens for person in shown.persons] == [1, 3, 4]
    assert [person.unseen for person in shown.persons] == [False, True, False]
    assert [person.annotated for person in shown.persons] == [("sit",), (), ()]
