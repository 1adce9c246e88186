"""What the actions are made to need: if a pair differed in more than that, the benchmark would not measure it."""

import math
from typing import get_args

import pytest

from zsstad_core.splits import load_split
from zsstad_core.stickworld.labels import CLASSES, DUOS, FAMILIES, PAIRS, Evidence, family
from zsstad_core.stickworld.motion import MOTIONS, Style
from zsstad_core.stickworld.phrases import PHRASES
from zsstad_core.stickworld.pose import Pose

PHASES = [number / 16 for number in range(17)]


def angles(pose: Pose) -> list[float]:
    return [*(angle for limb in pose.limbs() for angle in limb), pose.lean, pose.lift]


def moves_alike(action: str, other: str, style: Style, backwards: bool = False) -> bool:
    one, two = MOTIONS[action].pose, MOTIONS[other].pose
    return all(
        math.dist(angles(one(phase, style)), angles(two(1 - phase if backwards else phase, style))) < 1e-6
        for phase in PHASES
    )


def test_every_action_has_a_motion_and_words() -> None:
    assert set(MOTIONS) == set(PHRASES) == set(CLASSES)
    assert list(CLASSES) == sorted(CLASSES)


def test_families_are_the_unseen_classes_of_the_label_splits() -> None:
    unseen = [load_split("stickworld", split, CLASSES).unseen for split in range(1, len(FAMILIES) + 1)]
    assert unseen == list(FAMILIES)
    assert sorted(name for members in FAMILIES for name in members) == list(CLASSES), "each is unseen once"
    assert all(action in family(action) for action in CLASSES)


@pytest.mark.parametrize("members", FAMILIES)
def test_the_unseen_classes_of_a_split_need_every_kind_of_evidence(members: tuple[str, ...]) -> None:
    inside = {evidence for pair, evidence in PAIRS.items() if set(pair) <= set(members)}
    assert inside | {"person"} == set(get_args(Evidence.__value__))
    assert any(action not in DUOS for action in members)


@pytest.mark.parametrize("pair", [pair for pair, evidence in PAIRS.items() if evidence == "time"])
def test_only_the_order_of_frames_tells_a_time_pair_apart(pair: tuple[str, str]) -> None:
    assert moves_alike(*pair, Style(), backwards=True)
    assert not moves_alike(*pair, Style())


@pytest.mark.parametrize(
    ("pair", "style"),
    [
        (("walk", "climb_stairs"), Style()),
        (("walk", "carry_box"), Style(arms_ahead=True)),
        (("wave", "knock"), Style()),
        (("kick", "kick_ball"), Style()),
    ],
)
def test_the_body_alone_does_not_tell_a_pair_apart(pair: tuple[str, str], style: Style) -> None:
    assert pair in PAIRS
    assert moves_alike(*pair, style)
