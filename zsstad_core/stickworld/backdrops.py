"""Where a scene is: a cluttered backdrop, and what moves in it."""

from collections.abc import Callable
from typing import NamedTuple

import cv2
import numpy as np

from zsstad_core.stickworld import indoors, outdoors
from zsstad_core.stickworld.appearance import Dice
from zsstad_core.stickworld.canvas import Backdrop, Pixels
from zsstad_core.stickworld.movers import Mover


class Surroundings(NamedTuple):
    """A place by name, its backdrop (RGB uint8 at canvas size with the margin), and what moves in it."""

    name: str
    backdrop: Pixels
    movers: tuple[Mover, ...]


def draw_surroundings(dice: Dice, name: str) -> Surroundings:
    """A place of the dice's domain."""
    backdrop = Backdrop()
    movers = PLACES[name](dice, backdrop)
    return Surroundings(name, _uneven(dice, backdrop.image), tuple(movers))


PLACES: dict[str, Callable[[Dice, Backdrop], list[Mover]]] = {
    "room": indoors.room,
    "gym": indoors.gym,
    "street": outdoors.street,
    "park": outdoors.park,
    "beach": outdoors.beach,
    "snow": outdoors.snow,
}


def _uneven(dice: Dice, image: Pixels) -> Pixels:
    """Light that differs over the picture, and grain: no surface is of one colour."""
    rows, columns = image.shape[:2]
    small = (columns // 4, rows // 4)
    light = cv2.resize(dice.normal(7, 10, 3), small, interpolation=cv2.INTER_CUBIC)
    tone = 128 + 6 * light + 4 * dice.normal(rows // 4, columns // 4, 1)  # [rows / 4, columns / 4, 3]
    grain = cv2.resize(np.clip(tone, 0, 255).astype(np.uint8), (columns, rows), interpolation=cv2.INTER_LINEAR)
    uneven: Pixels = cv2.addWeighted(image, 1, grain, 1, -128)
    return uneven
