"""Where a scene is: a cluttered backdrop, and what moves in it."""

import math
from collections.abc import Callable
from typing import Literal, NamedTuple

import cv2
import numpy as np

from zsstad_core.datasets.stickworld.appearance import Dice, paint, shaded
from zsstad_core.datasets.stickworld.canvas import (
    HEIGHT,
    MARGIN,
    WIDTH,
    Backdrop,
    Colour,
    Disc,
    Line,
    Patch,
    Pixels,
    Shape,
)

LEFT, RIGHT, TOP, BOTTOM = -MARGIN, WIDTH + MARGIN, -MARGIN, HEIGHT + MARGIN


class Mover(NamedTuple):
    """Something of the surroundings that moves: a kind, a place, pixels a second, a size and a colour."""

    kind: Literal["cloud", "car", "bird", "flake", "leaf", "gleam", "lamp"]
    x: float
    y: float
    right: float
    down: float
    size: float
    colour: Colour


class Surroundings(NamedTuple):
    """A place by name, its backdrop (RGB uint8 at canvas size with the margin), and what moves in it."""

    name: str
    backdrop: Pixels
    movers: tuple[Mover, ...]


def surroundings(dice: Dice, name: str) -> Surroundings:
    """A place of the dice's domain."""
    backdrop = Backdrop()
    movers = PLACES[name](dice, backdrop)
    return Surroundings(name, _uneven(dice, backdrop.image), tuple(movers))


def moving(mover: Mover, seconds: float) -> list[Shape]:
    """A mover at a time; what leaves on one side comes back on the other."""
    x = LEFT + (mover.x + mover.right * seconds - LEFT) % (RIGHT - LEFT)
    y = TOP + (mover.y + mover.down * seconds - TOP) % (BOTTOM - TOP) if mover.down else mover.y
    size, colour = mover.size, mover.colour
    match mover.kind:
        case "cloud":
            return [Disc((x + dx * size, y + dy * size), size * r, colour) for dx, dy, r in _CLOUD]
        case "car":
            body = _rectangle(x - size, y - 0.55 * size, x + size, y, colour)
            roof = _rectangle(x - 0.55 * size, y - size, x + 0.5 * size, y - 0.5 * size, shaded(colour, 0.8))
            wheels = [Disc((x + dx * size, y), 0.24 * size, (28, 28, 32)) for dx in (-0.6, 0.6)]
            return [roof, body, *wheels]
        case "bird":
            flap = 0.6 * size * math.sin(9 * seconds + mover.x)
            return [Line((x, y), (x + side * size, y - flap), 0.3 * size, colour) for side in (-1, 1)]
        case "lamp":
            end = (x + 8 * math.sin(1.7 * seconds + mover.x), TOP + mover.y)
            return [Line((x, TOP), end, 0.8, (40, 40, 40)), Disc(end, size, colour)]
        case "gleam":
            return [Line((x - size, y), (x + size, y), 1, colour)]
        case _:
            return [Disc((x + 3 * math.sin(2 * seconds + mover.y), y), size, colour)]


_CLOUD = ((0, 0, 0.6), (0.7, 0.1, 0.45), (-0.7, 0.12, 0.42), (0.3, -0.3, 0.42), (-0.3, -0.2, 0.4))


def _room(dice: Dice, on: Backdrop) -> list[Mover]:
    horizon = dice.uniform(74, 88)
    wall, floor = dice.paint((0.05, 0.45), (0.45, 0.92)), paint(dice.uniform(0.04, 0.12), dice.banded(0.15, 0.6), 0.55)
    on.draw(_rectangle(LEFT, TOP, RIGHT, horizon, wall))
    if dice.chance(0.5):
        step, other = dice.uniform(5, 14), shaded(wall, dice.uniform(0.86, 1.1))
        on.draw(*(_rectangle(x, TOP, x + step / 2, horizon, other) for x in np.arange(LEFT, RIGHT, step)))
    _boards(dice, on, horizon, floor)
    on.draw(_rectangle(LEFT, horizon - 3, RIGHT, horizon + 0.5, shaded(wall, 0.6)))
    for _ in range(2 + dice.integer(4)):
        x, y, wide, high = dice.uniform(-15, 165), dice.uniform(-5, 45), dice.uniform(7, 20), dice.uniform(7, 18)
        on.draw(_rectangle(x - wide, y - high, x + wide, y + high, dice.paint((0.1, 0.8), (0.2, 0.7))))
        on.draw(_rectangle(x - wide + 2, y - high + 2, x + wide - 2, y + high - 2, dice.paint((0, 0.7), (0.4, 1))))
        on.draw(Line((x - wide + 3, y + high / 2), (x + wide - 3, y - high / 2), 3, dice.paint((0.2, 0.9), (0.3, 1))))
    if dice.chance(0.5):
        _shelf(dice, on, dice.uniform(0, 150), horizon)
    lamps = [Mover("lamp", dice.uniform(5, 155), 44.0, 0, 0, 5, (250, 240, 190))] if dice.chance(0.6) else []
    return lamps


def _shelf(dice: Dice, on: Backdrop, x: float, horizon: float) -> None:
    top = horizon - dice.uniform(30, 55)
    on.draw(_rectangle(x, top, x + 30, horizon + 1, (96, 70, 48)))
    for row in range(3):
        base = top + (horizon - top) * (row + 1) / 3 - 1
        for book in range(8):
            left = x + 2 + 3.3 * book
            on.draw(_rectangle(left, base - dice.uniform(7, 12), left + 2.8, base, dice.paint((0.4, 0.9), (0.3, 0.9))))


def _gym(dice: Dice, on: Backdrop) -> list[Mover]:
    horizon = dice.uniform(72, 86)
    upper, lower = dice.paint((0.02, 0.3), (0.7, 0.95)), dice.paint((0.3, 0.8), (0.35, 0.7))
    on.draw(_rectangle(LEFT, TOP, RIGHT, horizon, upper), _rectangle(LEFT, horizon - 30, RIGHT, horizon, lower))
    for x in np.arange(LEFT + dice.uniform(0, 30), RIGHT, dice.uniform(34, 60)):
        on.draw(_rectangle(x, 0, x + 22, 24, (205, 225, 235)), Line((x + 11, 0), (x + 11, 24), 1.2, (90, 100, 110)))
    _boards(dice, on, horizon, (200, 150, 92))
    for _ in range(3):
        x, colour = dice.uniform(LEFT, RIGHT), dice.paint((0.6, 1), (0.5, 0.95))
        on.draw(Line((x, horizon), (x + dice.uniform(-60, 60), BOTTOM), 2, colour))
    bars = dice.uniform(LEFT, RIGHT)
    on.draw(*(Line((bars, y), (bars + 26, y), 1.6, (150, 104, 60)) for y in np.arange(horizon - 50, horizon, 6)))
    return []


def _street(dice: Dice, on: Backdrop) -> list[Mover]:
    horizon, night = dice.uniform(70, 84), dice.chance(0.2)
    _sky(dice, on, horizon, night)
    x = float(LEFT)
    while x < RIGHT:
        wide, high = dice.uniform(18, 42), dice.uniform(26, 80)
        front = dice.paint((0.05, 0.5), (0.2, 0.4) if night else (0.35, 0.8))
        on.draw(_rectangle(x, horizon - high, x + wide, horizon, front))
        lit = (240, 220, 130) if night else shaded(front, dice.pick([0.55, 1.35]))
        for top in np.arange(horizon - high + 4, horizon - 8, 11):
            on.draw(*(_rectangle(left, top, left + 4, top + 6, lit) for left in np.arange(x + 3, x + wide - 5, 8)))
        x += wide
    grey = paint(0.6, 0.05, dice.banded(0.3, 0.6))
    on.draw(
        _rectangle(LEFT, horizon, RIGHT, BOTTOM, shaded(grey, 1.3)), _rectangle(LEFT, horizon, RIGHT, horizon + 9, grey)
    )
    on.draw(_rectangle(LEFT, horizon + 9, RIGHT, horizon + 11, shaded(grey, 1.7)))
    for left in np.arange(LEFT, RIGHT, dice.uniform(14, 26)):
        on.draw(Line((left, horizon + 11), (left + (left - 80) * 0.6, BOTTOM), 0.8, shaded(grey, 1.1)))
    cars = [
        Mover(
            "car",
            dice.uniform(LEFT, RIGHT),
            horizon + 7,
            dice.pick([-1, 1]) * dice.uniform(15, 45),
            0,
            dice.uniform(8, 12),
            dice.paint(),
        )
        for _ in range(dice.integer(3))
    ]
    return cars + _flying(dice, "bird", 2, horizon - 50)


def _park(dice: Dice, on: Backdrop) -> list[Mover]:
    horizon = dice.uniform(66, 82)
    _sky(dice, on, horizon, night=False)
    grass = paint(dice.banded(0.24, 0.36), dice.uniform(0.45, 0.75), dice.uniform(0.4, 0.7))
    on.draw(
        *(
            Disc(
                (dice.uniform(LEFT, RIGHT), horizon + 22), dice.uniform(26, 48), shaded(grass, dice.uniform(0.6, 0.85))
            )
            for _ in range(5)
        )
    )
    on.draw(_rectangle(LEFT, horizon, RIGHT, BOTTOM, grass))
    for _ in range(2 + dice.integer(4)):
        x, foot, size = dice.uniform(LEFT, RIGHT), horizon + dice.uniform(-2, 6), dice.uniform(9, 19)
        leaf = paint(dice.banded(0.2, 0.4), 0.6, dice.uniform(0.3, 0.6))
        on.draw(Line((x, foot), (x, foot - 2.2 * size), size * 0.28, (92, 66, 42)))
        for dx, dy, tone in ((0, -2.6, 1), (-0.6, -2.1, 0.85), (0.6, -2.2, 1.12), (0.1, -3.1, 1.05)):
            on.draw(Disc((x + dx * size, foot + dy * size), size * 0.75, shaded(leaf, tone)))
    for _ in range(70):
        x, y = dice.uniform(LEFT, RIGHT), dice.uniform(horizon, BOTTOM)
        on.draw(Line((x, y), (x + 1, y - 2.5), 0.7, shaded(grass, dice.uniform(0.7, 1.3))))
    if dice.chance(0.4):
        on.draw(*(Line((x, horizon + 3), (x, horizon - 9), 2, (170, 140, 100)) for x in np.arange(LEFT, RIGHT, 9)))
    leaves = [
        Mover("leaf", dice.uniform(LEFT, RIGHT), dice.uniform(TOP, horizon), 12, 9, 0.9, dice.paint()) for _ in range(4)
    ]
    return [*_flying(dice, "cloud", 3, 22), *leaves]


def _beach(dice: Dice, on: Backdrop) -> list[Mover]:
    horizon = dice.uniform(48, 62)
    shore = horizon + dice.uniform(14, 22)
    _sky(dice, on, horizon, night=False)
    sea, sand = paint(dice.banded(0.48, 0.6), 0.6, dice.uniform(0.5, 0.8)), paint(dice.banded(0.09, 0.14), 0.4, 0.86)
    on.draw(_rectangle(LEFT, horizon, RIGHT, shore, sea), _rectangle(LEFT, shore, RIGHT, BOTTOM, sand))
    on.draw(Line((LEFT, shore), (RIGHT, shore + 2), 2.5, (236, 244, 246)))
    for _ in range(1 + dice.integer(3)):
        x, size, colour = dice.uniform(LEFT, RIGHT), dice.uniform(10, 16), dice.paint((0.5, 1), (0.6, 1))
        on.draw(Line((x, shore + 12), (x, shore + 12 - 2 * size), 1.5, (230, 230, 225)))
        for side, tone in ((-1, 1.0), (-0.3, 1.4), (0.35, 1.0)):
            ends = (x + side * size, shore + 12 - 1.3 * size), (x + (side + 0.65) * size, shore + 12 - 1.3 * size)
            on.draw(Patch(((x, shore + 12 - 2.1 * size), *ends), shaded(colour, tone)))
    for _ in range(60):
        x, y = dice.uniform(LEFT, RIGHT), dice.uniform(shore + 4, BOTTOM)
        on.draw(Disc((x, y), 0.7, shaded(sand, dice.uniform(0.75, 1.15))))
    gleams = [
        Mover(
            "gleam",
            dice.uniform(LEFT, RIGHT),
            dice.uniform(horizon + 2, shore - 2),
            9,
            0,
            dice.uniform(3, 7),
            shaded(sea, 1.25),
        )
        for _ in range(7)
    ]
    return [*gleams, *_flying(dice, "cloud", 2, 20), *_flying(dice, "bird", 2, 30)]


def _snow(dice: Dice, on: Backdrop) -> list[Mover]:
    horizon = dice.uniform(64, 80)
    _sky(dice, on, horizon, night=False)
    for _ in range(4):
        x, high, wide = dice.uniform(LEFT, RIGHT), dice.uniform(25, 55), dice.uniform(25, 45)
        rock = paint(dice.banded(0.55, 0.7), 0.2, dice.uniform(0.45, 0.7))
        on.draw(Patch(((x - wide, horizon), (x, horizon - high), (x + wide, horizon)), rock))
        on.draw(
            Patch(
                ((x - wide * 0.3, horizon - high * 0.7), (x, horizon - high), (x + wide * 0.3, horizon - high * 0.7)),
                (244, 246, 250),
            )
        )
    on.draw(_rectangle(LEFT, horizon, RIGHT, BOTTOM, (232, 238, 246)))
    for _ in range(2 + dice.integer(4)):
        x, foot, size = dice.uniform(LEFT, RIGHT), horizon + dice.uniform(0, 6), dice.uniform(8, 15)
        fir = paint(dice.banded(0.34, 0.46), 0.5, dice.uniform(0.25, 0.45))
        for tier in range(3):
            half, top = size * (0.8 - 0.2 * tier), foot - size * (1.1 + 0.8 * tier)
            on.draw(
                Patch(
                    ((x - half, top + size), (x, top - 0.4 * size), (x + half, top + size)), shaded(fir, 1 + 0.1 * tier)
                )
            )
    for _ in range(25):
        x, y = dice.uniform(LEFT, RIGHT), dice.uniform(horizon + 3, BOTTOM)
        on.draw(Line((x, y), (x + dice.uniform(4, 12), y + 1), 1, (206, 216, 230)))
    return [
        Mover(
            "flake",
            dice.uniform(LEFT, RIGHT),
            dice.uniform(TOP, BOTTOM),
            5,
            dice.uniform(20, 45),
            dice.uniform(0.5, 1.1),
            (252, 252, 255),
        )
        for _ in range(18)
    ]


PLACES: dict[str, Callable[[Dice, Backdrop], list[Mover]]] = {
    "room": _room,
    "gym": _gym,
    "street": _street,
    "park": _park,
    "beach": _beach,
    "snow": _snow,
}


def _sky(dice: Dice, on: Backdrop, horizon: float, night: bool) -> None:
    hue, low = dice.banded(0.52, 0.66), dice.uniform(0.08, 0.3)
    for band in range(10):
        share = band / 9
        top = TOP + (horizon - TOP) * band / 10
        value = 0.12 + 0.12 * share if night else 0.78 + 0.2 * share
        colour = paint(hue, 0.5 - (0.5 - low) * share, value)
        on.draw(_rectangle(LEFT, top, RIGHT, top + (horizon - TOP) / 10 + 1, colour))


def _boards(dice: Dice, on: Backdrop, horizon: float, floor: Colour) -> None:
    floor = shaded(floor, dice.banded(0.75, 1.2))
    on.draw(_rectangle(LEFT, horizon, RIGHT, BOTTOM, floor))
    for x in np.arange(-120, 280, dice.uniform(14, 30)):
        on.draw(Line((80 + (x - 80) * 0.6, horizon), (x, BOTTOM), 0.8, shaded(floor, 0.78)))


def _flying(dice: Dice, kind: Literal["cloud", "bird"], most: int, lowest: float) -> list[Mover]:
    size = (8.0, 15.0) if kind == "cloud" else (2.0, 3.5)
    speed = 7.0 if kind == "cloud" else 30.0
    colour = (246, 248, 250) if kind == "cloud" else (45, 45, 55)
    return [
        Mover(
            kind,
            dice.uniform(LEFT, RIGHT),
            dice.uniform(-10, lowest),
            dice.uniform(-speed, speed),
            0,
            dice.uniform(*size),
            colour,
        )
        for _ in range(dice.integer(most + 1))
    ]


def _uneven(dice: Dice, image: Pixels) -> Pixels:
    """Light that differs over the picture, and grain: no surface is of one colour."""
    rows, columns = image.shape[:2]
    small = (columns // 4, rows // 4)
    light = cv2.resize(dice.normal(7, 10, 3), small, interpolation=cv2.INTER_CUBIC)
    tone = 128 + 6 * light + 4 * dice.normal(rows // 4, columns // 4, 1)  # [rows / 4, columns / 4, 3]
    grain = cv2.resize(np.clip(tone, 0, 255).astype(np.uint8), (columns, rows), interpolation=cv2.INTER_LINEAR)
    uneven: Pixels = cv2.addWeighted(image, 1, grain, 1, -128)
    return uneven


def _rectangle(left: float, top: float, right: float, bottom: float, colour: Colour) -> Patch:
    return Patch(((left, top), (right, top), (right, bottom), (left, bottom)), colour)
