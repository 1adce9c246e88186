"""The actions of stickworld, and what one has to look at to tell each from its neighbours."""

from typing import Literal

type Evidence = Literal["person", "object", "partner", "scene", "time"]

CLASSES: tuple[str, ...] = (
    "carry_box",
    "catch",
    "clap",
    "climb_stairs",
    "high_five",
    "hug",
    "jump",
    "kick",
    "kick_ball",
    "knock",
    "pull_up",
    "push",
    "sit_down",
    "stand_up",
    "stop_ball",
    "throw",
    "walk",
    "wave",
)

PAIRS: dict[tuple[str, str], Evidence] = {
    # Both show the same body, or much the same; what is named here tells them apart. The two of a "time" pair are each
    # other's motion run backwards.
    ("walk", "climb_stairs"): "scene",
    ("walk", "carry_box"): "object",
    ("carry_box", "hug"): "partner",
    ("sit_down", "stand_up"): "time",
    ("wave", "high_five"): "partner",
    ("wave", "throw"): "object",
    ("wave", "knock"): "scene",
    ("jump", "pull_up"): "scene",
    ("throw", "catch"): "time",
    ("clap", "push"): "partner",
    ("kick", "kick_ball"): "object",
    ("kick_ball", "stop_ball"): "time",
}

FAMILIES: tuple[tuple[str, ...], ...] = (
    # Unseen together (zsstad_core/splits/stickworld.yaml). The persons of a test clip are of one family, so that in
    # every split a clip is seen or unseen as a whole, as in the field's benchmarks.
    ("walk", "climb_stairs", "carry_box", "hug", "sit_down", "stand_up"),
    ("wave", "high_five", "knock", "throw", "catch"),
    ("kick", "kick_ball", "stop_ball", "clap", "push", "jump", "pull_up"),
)

OBJECTS: tuple[str, ...] = ("ball", "box", "chair", "bag", "cup", "stick", "plant", "table")
"""What has a box besides persons, and what a detector may be trained on. Stairs, doors and bars are scenery."""

DUOS = frozenset({"high_five", "hug", "push"})
"""Actions of two persons; both carry the label."""


def family(action: str) -> tuple[str, ...]:
    """The actions that are unseen together with this one."""
    return next(members for members in FAMILIES if action in members)
