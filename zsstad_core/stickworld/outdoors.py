"""Streets, parks, beaches, snow."""

import numpy as np

from zsstad_core.stickworld.appearance import Dice, paint, shade
from zsstad_core.stickworld.canvas import BOTTOM, LEFT, RIGHT, TOP, Backdrop, Disc, Line, Patch, rectangle
from zsstad_core.stickworld.movers import Mover, flying


def street(dice: Dice, on: Backdrop) -> list[Mover]:
    """Houses, a road and cars."""
    horizon, night = dice.uniform(70, 84), dice.chance(0.2)
    _sky(dice, on, horizon, night)
    x = float(LEFT)
    while x < RIGHT:
        wide, high = dice.uniform(18, 42), dice.uniform(26, 80)
        front = dice.paint((0.05, 0.5), (0.2, 0.4) if night else (0.35, 0.8))
        on.draw(rectangle(x, horizon - high, x + wide, horizon, front))
        lit = (240, 220, 130) if night else shade(front, dice.pick([0.55, 1.35]))
        for top in np.arange(horizon - high + 4, horizon - 8, 11):
            on.draw(*(rectangle(left, top, left + 4, top + 6, lit) for left in np.arange(x + 3, x + wide - 5, 8)))
        x += wide
    grey = paint(0.6, 0.05, dice.banded(0.3, 0.6))
    on.draw(
        rectangle(LEFT, horizon, RIGHT, BOTTOM, shade(grey, 1.3)), rectangle(LEFT, horizon, RIGHT, horizon + 9, grey)
    )
    on.draw(rectangle(LEFT, horizon + 9, RIGHT, horizon + 11, shade(grey, 1.7)))
    for left in np.arange(LEFT, RIGHT, dice.uniform(14, 26)):
        on.draw(Line((left, horizon + 11), (left + (left - 80) * 0.6, BOTTOM), 0.8, shade(grey, 1.1)))
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
    return cars + flying(dice, "bird", 2, horizon - 50)


def park(dice: Dice, on: Backdrop) -> list[Mover]:
    """Trees, hills, grass, falling leaves."""
    horizon = dice.uniform(66, 82)
    _sky(dice, on, horizon, night=False)
    grass = paint(dice.banded(0.24, 0.36), dice.uniform(0.45, 0.75), dice.uniform(0.4, 0.7))
    on.draw(
        *(
            Disc((dice.uniform(LEFT, RIGHT), horizon + 22), dice.uniform(26, 48), shade(grass, dice.uniform(0.6, 0.85)))
            for _ in range(5)
        )
    )
    on.draw(rectangle(LEFT, horizon, RIGHT, BOTTOM, grass))
    for _ in range(2 + dice.integer(4)):
        x, foot, size = dice.uniform(LEFT, RIGHT), horizon + dice.uniform(-2, 6), dice.uniform(9, 19)
        leaf = paint(dice.banded(0.2, 0.4), 0.6, dice.uniform(0.3, 0.6))
        on.draw(Line((x, foot), (x, foot - 2.2 * size), size * 0.28, (92, 66, 42)))
        for dx, dy, tone in ((0, -2.6, 1), (-0.6, -2.1, 0.85), (0.6, -2.2, 1.12), (0.1, -3.1, 1.05)):
            on.draw(Disc((x + dx * size, foot + dy * size), size * 0.75, shade(leaf, tone)))
    for _ in range(70):
        x, y = dice.uniform(LEFT, RIGHT), dice.uniform(horizon, BOTTOM)
        on.draw(Line((x, y), (x + 1, y - 2.5), 0.7, shade(grass, dice.uniform(0.7, 1.3))))
    if dice.chance(0.4):
        on.draw(*(Line((x, horizon + 3), (x, horizon - 9), 2, (170, 140, 100)) for x in range(LEFT, RIGHT, 9)))
    leaves = [
        Mover("leaf", dice.uniform(LEFT, RIGHT), dice.uniform(TOP, horizon), 12, 9, 0.9, dice.paint()) for _ in range(4)
    ]
    return [*flying(dice, "cloud", 3, 22), *leaves]


def beach(dice: Dice, on: Backdrop) -> list[Mover]:
    """Sea, sand, umbrellas."""
    horizon = dice.uniform(48, 62)
    shore = horizon + dice.uniform(14, 22)
    _sky(dice, on, horizon, night=False)
    sea, sand = paint(dice.banded(0.48, 0.6), 0.6, dice.uniform(0.5, 0.8)), paint(dice.banded(0.09, 0.14), 0.4, 0.86)
    on.draw(rectangle(LEFT, horizon, RIGHT, shore, sea), rectangle(LEFT, shore, RIGHT, BOTTOM, sand))
    on.draw(Line((LEFT, shore), (RIGHT, shore + 2), 2.5, (236, 244, 246)))
    for _ in range(1 + dice.integer(3)):
        x, size, colour = dice.uniform(LEFT, RIGHT), dice.uniform(10, 16), dice.paint((0.5, 1), (0.6, 1))
        on.draw(Line((x, shore + 12), (x, shore + 12 - 2 * size), 1.5, (230, 230, 225)))
        for side, tone in ((-1, 1.0), (-0.3, 1.4), (0.35, 1.0)):
            ends = (x + side * size, shore + 12 - 1.3 * size), (x + (side + 0.65) * size, shore + 12 - 1.3 * size)
            on.draw(Patch(((x, shore + 12 - 2.1 * size), *ends), shade(colour, tone)))
    for _ in range(60):
        x, y = dice.uniform(LEFT, RIGHT), dice.uniform(shore + 4, BOTTOM)
        on.draw(Disc((x, y), 0.7, shade(sand, dice.uniform(0.75, 1.15))))
    gleams = [
        Mover(
            "gleam",
            dice.uniform(LEFT, RIGHT),
            dice.uniform(horizon + 2, shore - 2),
            9,
            0,
            dice.uniform(3, 7),
            shade(sea, 1.25),
        )
        for _ in range(7)
    ]
    return [*gleams, *flying(dice, "cloud", 2, 20), *flying(dice, "bird", 2, 30)]


def snow(dice: Dice, on: Backdrop) -> list[Mover]:
    """Mountains, firs, falling snow."""
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
    on.draw(rectangle(LEFT, horizon, RIGHT, BOTTOM, (232, 238, 246)))
    for _ in range(2 + dice.integer(4)):
        x, foot, size = dice.uniform(LEFT, RIGHT), horizon + dice.uniform(0, 6), dice.uniform(8, 15)
        fir = paint(dice.banded(0.34, 0.46), 0.5, dice.uniform(0.25, 0.45))
        for tier in range(3):
            half, top = size * (0.8 - 0.2 * tier), foot - size * (1.1 + 0.8 * tier)
            on.draw(
                Patch(
                    ((x - half, top + size), (x, top - 0.4 * size), (x + half, top + size)), shade(fir, 1 + 0.1 * tier)
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


def _sky(dice: Dice, on: Backdrop, horizon: float, night: bool) -> None:
    hue, low = dice.banded(0.52, 0.66), dice.uniform(0.08, 0.3)
    for band in range(10):
        share = band / 9
        top = TOP + (horizon - TOP) * band / 10
        value = 0.12 + 0.12 * share if night else 0.78 + 0.2 * share
        colour = paint(hue, 0.5 - (0.5 - low) * share, value)
        on.draw(rectangle(LEFT, top, RIGHT, top + (horizon - TOP) / 10 + 1, colour))
