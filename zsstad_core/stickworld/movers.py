"""What moves in the surroundings: clouds, cars, birds, snow."""

import math
from typing import Literal, NamedTuple

from zsstad_core.stickworld.appearance import Dice, shade
from zsstad_core.stickworld.canvas import BOTTOM, LEFT, RIGHT, TOP, Colour, Disc, Line, Shape, rectangle


class Mover(NamedTuple):
    """Something of the surroundings that moves: a kind, a place, pixels a second, a size and a colour."""

    kind: Literal["cloud", "car", "bird", "flake", "leaf", "gleam", "lamp"]
    x: float
    y: float
    right: float
    down: float
    size: float
    colour: Colour


def moving(mover: Mover, seconds: float) -> list[Shape]:
    """A mover at a time; what leaves on one side comes back on the other."""
    x = LEFT + (mover.x + mover.right * seconds - LEFT) % (RIGHT - LEFT)
    y = TOP + (mover.y + mover.down * seconds - TOP) % (BOTTOM - TOP) if mover.down else mover.y
    size, colour = mover.size, mover.colour
    match mover.kind:
        case "cloud":
            return [Disc((x + dx * size, y + dy * size), size * r, colour) for dx, dy, r in _CLOUD]
        case "car":
            body = rectangle(x - size, y - 0.55 * size, x + size, y, colour)
            roof = rectangle(x - 0.55 * size, y - size, x + 0.5 * size, y - 0.5 * size, shade(colour, 0.8))
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


def flying(dice: Dice, kind: Literal["cloud", "bird"], most: int, lowest: float) -> list[Mover]:
    """Some clouds or birds, above `lowest`."""
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
