"""Colours and proportions, drawn for one of three domains that never share one.

Every range is cut into narrow bands that take turns: one for pictures to pretrain on, one for training clips, one for
test clips. So each domain has reds and greens, tall and short people, and none of them has another's.
"""

import colorsys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from zsstad_core.stickworld.canvas import Colour
from zsstad_core.stickworld.pose import Build

type Domain = Literal["pretrain", "train", "test"]

DOMAINS: tuple[Domain, ...] = ("pretrain", "train", "test")
BANDS = 24  # bands of each domain in a range


class Dice:
    """Random choices of one domain; the same domain and numbers give the same choices."""

    def __init__(self, domain: Domain, *numbers: int) -> None:
        self.domain = domain
        self._turn = DOMAINS.index(domain)
        self._random = np.random.default_rng([self._turn, *numbers])

    def uniform(self, low: float, high: float) -> float:
        return low + (high - low) * float(self._random.random())

    def banded(self, low: float, high: float) -> float:
        """A value from this domain's bands of the range."""
        band = self.integer(BANDS)
        share = (band + (self._turn + float(self._random.random())) / len(DOMAINS)) / BANDS
        return low + (high - low) * share

    def integer(self, below: int) -> int:
        return int(self._random.random() * below)

    def chance(self, probability: float) -> bool:
        return float(self._random.random()) < probability

    def pick[T](self, options: Sequence[T]) -> T:
        return options[self.integer(len(options))]

    def shuffled[T](self, options: Sequence[T]) -> list[T]:
        rest = list(options)
        return [rest.pop(self.integer(len(rest))) for _ in range(len(rest))]

    def normal(self, *shape: int) -> "np.ndarray[tuple[int, ...], np.dtype[np.float32]]":
        return self._random.standard_normal(shape, np.float32)

    def paint(self, saturation: tuple[float, float] = (0.35, 1.0), value: tuple[float, float] = (0.3, 1.0)) -> Colour:
        return paint(self.banded(0, 1), self.uniform(*saturation), self.uniform(*value))


def paint(hue: float, saturation: float, value: float) -> Colour:
    """RGB of a hue, saturation and value from 0 to 1."""
    red, green, blue = colorsys.hsv_to_rgb(hue % 1, saturation, value)
    return round(255 * red), round(255 * green), round(255 * blue)


def shade(colour: Colour, factor: float) -> Colour:
    """A colour made darker (factor below 1) or lighter."""
    red, green, blue = colour
    return min(int(red * factor), 255), min(int(green * factor), 255), min(int(blue * factor), 255)


def colour_word(colour: Colour) -> str:
    """The everyday English word for a colour."""
    hue, saturation, value = colorsys.rgb_to_hsv(*(c / 255 for c in colour))
    if value < 0.22:
        return "black"
    if saturation < 0.16:
        return "white" if value > 0.8 else "grey"
    if hue < 0.11 and value < 0.62:
        return "brown"
    limits = ((0.03, "red"), (0.11, "orange"), (0.19, "yellow"), (0.44, "green"), (0.69, "blue"), (0.82, "purple"))
    return next((word for limit, word in limits if hue < limit), "pink" if hue < 0.94 else "red")


@dataclass(frozen=True)
class Look:
    """A person's body and clothes. `girth` scales the thickness of limbs."""

    build: Build
    girth: float
    skin: Colour
    hair: Colour
    shirt: Colour
    stripe: Colour | None
    long_sleeves: bool
    bottom: Literal["trousers", "shorts", "skirt"]
    legs: Colour
    shoes: Colour
    hat: Colour | None
    long_hair: bool


def draw_look(dice: Dice) -> Look:
    """A person of the dice's domain."""
    thigh, trunk = dice.banded(0.225, 0.262), dice.banded(0.265, 0.315)
    build = Build(
        thigh=thigh,
        shin=thigh * dice.uniform(0.96, 1.04),
        trunk=trunk,
        head=dice.banded(0.066, 0.092),
        upper_arm=dice.banded(0.152, 0.178),
        forearm=dice.banded(0.158, 0.182),
        shoulders=dice.banded(0.088, 0.118),
        hips=dice.banded(0.042, 0.058),
    )
    shirt = _cloth(dice)
    return Look(
        build=build,
        girth=dice.banded(0.82, 1.3),
        skin=paint(dice.uniform(0.05, 0.09), dice.uniform(0.25, 0.62), dice.banded(0.36, 0.98)),
        hair=dice.pick([(30, 24, 20), (70, 44, 24), (120, 78, 36), (196, 160, 84), (150, 150, 150), (140, 56, 26)]),
        shirt=shirt,
        stripe=_cloth(dice) if dice.chance(0.3) else None,
        long_sleeves=dice.chance(0.5),
        bottom=dice.pick(["trousers", "trousers", "shorts", "skirt"]),
        legs=_cloth(dice),
        shoes=_cloth(dice),
        hat=_cloth(dice) if dice.chance(0.25) else None,
        long_hair=dice.chance(0.3),
    )


def _cloth(dice: Dice) -> Colour:
    if dice.chance(0.25):
        grey = dice.banded(0.1, 0.95)
        return paint(0.6, dice.uniform(0, 0.1), grey)
    return dice.paint((0.45, 1.0), (0.35, 0.95))
