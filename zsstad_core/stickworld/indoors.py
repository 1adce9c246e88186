"""Rooms and gyms."""

import numpy as np

from zsstad_core.stickworld.appearance import Dice, paint, shade
from zsstad_core.stickworld.canvas import BOTTOM, LEFT, RIGHT, TOP, Backdrop, Colour, Line, rectangle
from zsstad_core.stickworld.movers import Mover


def room(dice: Dice, on: Backdrop) -> list[Mover]:
    """Wallpaper, pictures, a shelf, a lamp that swings."""
    horizon = dice.uniform(74, 88)
    wall, floor = dice.paint((0.05, 0.45), (0.45, 0.92)), paint(dice.uniform(0.04, 0.12), dice.banded(0.15, 0.6), 0.55)
    on.draw(rectangle(LEFT, TOP, RIGHT, horizon, wall))
    if dice.chance(0.5):
        step, other = dice.uniform(5, 14), shade(wall, dice.uniform(0.86, 1.1))
        on.draw(*(rectangle(x, TOP, x + step / 2, horizon, other) for x in np.arange(LEFT, RIGHT, step)))
    _boards(dice, on, horizon, floor)
    on.draw(rectangle(LEFT, horizon - 3, RIGHT, horizon + 0.5, shade(wall, 0.6)))
    for _ in range(2 + dice.integer(4)):
        x, y, wide, high = dice.uniform(-15, 165), dice.uniform(-5, 45), dice.uniform(7, 20), dice.uniform(7, 18)
        on.draw(rectangle(x - wide, y - high, x + wide, y + high, dice.paint((0.1, 0.8), (0.2, 0.7))))
        on.draw(rectangle(x - wide + 2, y - high + 2, x + wide - 2, y + high - 2, dice.paint((0, 0.7), (0.4, 1))))
        on.draw(Line((x - wide + 3, y + high / 2), (x + wide - 3, y - high / 2), 3, dice.paint((0.2, 0.9), (0.3, 1))))
    if dice.chance(0.5):
        _shelf(dice, on, dice.uniform(0, 150), horizon)
    return [Mover("lamp", dice.uniform(5, 155), 44.0, 0, 0, 5, (250, 240, 190))] if dice.chance(0.6) else []


def _shelf(dice: Dice, on: Backdrop, x: float, horizon: float) -> None:
    top = horizon - dice.uniform(30, 55)
    on.draw(rectangle(x, top, x + 30, horizon + 1, (96, 70, 48)))
    for row in range(3):
        base = top + (horizon - top) * (row + 1) / 3 - 1
        for book in range(8):
            left = x + 2 + 3.3 * book
            on.draw(rectangle(left, base - dice.uniform(7, 12), left + 2.8, base, dice.paint((0.4, 0.9), (0.3, 0.9))))


def gym(dice: Dice, on: Backdrop) -> list[Mover]:
    """High windows, wall bars, lines on the floor."""
    horizon = dice.uniform(72, 86)
    upper, lower = dice.paint((0.02, 0.3), (0.7, 0.95)), dice.paint((0.3, 0.8), (0.35, 0.7))
    on.draw(rectangle(LEFT, TOP, RIGHT, horizon, upper), rectangle(LEFT, horizon - 30, RIGHT, horizon, lower))
    for x in np.arange(LEFT + dice.uniform(0, 30), RIGHT, dice.uniform(34, 60)):
        on.draw(rectangle(x, 0, x + 22, 24, (205, 225, 235)), Line((x + 11, 0), (x + 11, 24), 1.2, (90, 100, 110)))
    _boards(dice, on, horizon, (200, 150, 92))
    for _ in range(3):
        x, colour = dice.uniform(LEFT, RIGHT), dice.paint((0.6, 1), (0.5, 0.95))
        on.draw(Line((x, horizon), (x + dice.uniform(-60, 60), BOTTOM), 2, colour))
    bars = dice.uniform(LEFT, RIGHT)
    on.draw(*(Line((bars, y), (bars + 26, y), 1.6, (150, 104, 60)) for y in np.arange(horizon - 50, horizon, 6)))
    return []


def _boards(dice: Dice, on: Backdrop, horizon: float, floor: Colour) -> None:
    floor = shade(floor, dice.banded(0.75, 1.2))
    on.draw(rectangle(LEFT, horizon, RIGHT, BOTTOM, floor))
    for x in np.arange(-120, 280, dice.uniform(14, 30)):
        on.draw(Line((80 + (x - 80) * 0.6, horizon), (x, BOTTOM), 0.8, shade(floor, 0.78)))
