"""Things with a box, as shapes: balls, boxes, chairs and what stands around. Units are body heights."""

from typing import NamedTuple

from zsstad_core.stickworld.appearance import Dice, shade
from zsstad_core.stickworld.canvas import Colour, Disc, Line, Patch, Shape, rectangle
from zsstad_core.stickworld.person import Position
from zsstad_core.stickworld.pose import Point


class Thing(NamedTuple):
    """One of `labels.OBJECTS`; `size` scales it."""

    name: str
    colour: Colour
    accent: Colour
    size: float


def draw_thing(dice: Dice, name: str) -> Thing:
    """A thing of the dice's domain."""
    if name == "box":
        colour = dice.paint((0.3, 0.8), (0.5, 0.9)) if dice.chance(0.4) else _cardboard(dice)
    elif name == "plant":
        colour = (dice.integer(70), 110 + dice.integer(90), 30 + dice.integer(60))
    else:
        colour = dice.paint((0.4, 1.0), (0.35, 1.0))
    return Thing(name, colour, dice.paint((0.0, 1.0), (0.15, 1.0)), dice.banded(0.85, 1.2))


def _cardboard(dice: Dice) -> Colour:
    tone = dice.banded(0.75, 1.15)
    return shade((176, 130, 82), tone)


def ball(item: Thing, place: Position, at: Point) -> list[Shape]:
    """A ball with its middle at a point."""
    radius = BALL * item.size * place.scale
    x, y = place.spot(at)
    return [
        Disc((x, y), radius, item.colour),
        Line((x - 0.55 * radius, y + 0.3 * radius), (x + 0.55 * radius, y + 0.1 * radius), radius * 0.35, item.accent),
        Disc((x - 0.3 * radius, y - 0.35 * radius), radius * 0.25, (245, 245, 245)),
    ]


BALL = 0.08


def box(item: Thing, place: Position, at: Point) -> list[Shape]:
    """A box with its middle at a point."""
    half = BOX * item.size
    shapes = _cuboid(place, at, (half, half * 1.2, half * 0.85), item.colour)
    side = -half * 1.2
    tape = [place.spot((at[0], at[1] + side, at[2] + z)) for z in (-half * 0.8, half * 0.8)]
    return [*shapes, Line(tape[0], tape[1], 0.03 * place.scale, shade(item.colour, 1.3))]


BOX = 0.125


def chair(item: Thing, place: Position, at: Point) -> list[Shape]:
    """A chair; the point is the middle of its seat, its back is towards negative x."""
    x, y, z = at
    deep, wide, thick = 0.13, 0.12, 0.035 * place.scale
    legs: list[Shape] = [
        Line(place.spot((x + a * deep, y + b * wide, z)), place.spot((x + a * deep, y + b * wide, 0)), thick, leg)
        for b, leg in ((1, shade(item.colour, 0.6)), (-1, shade(item.colour, 0.85)))
        for a in (-1, 1)
    ]
    back = [(x - deep, y + b * wide, z + rise) for b, rise in ((1, 0), (1, 0.36), (-1, 0.36), (-1, 0))]
    seat = [(x + a * deep, y + b * wide, z - 0.015) for a, b in ((-1, 1), (1, 1), (1, -1), (-1, -1))]
    return [
        *legs,
        Patch(tuple(place.spot(p) for p in back), shade(item.colour, 0.8)),
        Line(place.spot(back[3]), place.spot(back[2]), thick, item.colour),
        Line(place.spot(back[1]), place.spot(back[2]), thick, item.colour),
        Patch(tuple(place.spot(p) for p in seat), item.colour),
        Line(place.spot(seat[3]), place.spot(seat[2]), thick, item.colour),
    ]


CHAIR = 0.27  # height of a seat


def bag(item: Thing, place: Position, at: Point) -> list[Shape]:
    """A bag that hangs from a point by its handle."""
    x, y = place.spot(at)
    unit = item.size * place.scale
    return [
        Line((x, y), (x - 0.05 * unit, y + 0.08 * unit), 0.018 * unit, item.accent),
        Line((x, y), (x + 0.05 * unit, y + 0.08 * unit), 0.018 * unit, item.accent),
        rectangle(x - 0.09 * unit, y + 0.075 * unit, x + 0.09 * unit, y + 0.225 * unit, item.colour),
        Line((x - 0.08 * unit, y + 0.12 * unit), (x + 0.08 * unit, y + 0.12 * unit), 0.02 * unit, item.accent),
    ]


BAG = 0.225


def cup(item: Thing, place: Position, at: Point) -> list[Shape]:
    """A cup with its middle at a point."""
    x, y = place.spot(at)
    unit = item.size * place.scale
    return [
        Disc((x + 0.035 * unit, y), 0.022 * unit, shade(item.colour, 0.8)),
        rectangle(x - 0.032 * unit, y - 0.045 * unit, x + 0.032 * unit, y + 0.045 * unit, item.colour),
        Line((x - 0.03 * unit, y - 0.045 * unit), (x + 0.03 * unit, y - 0.045 * unit), 0.014 * unit, (240, 240, 240)),
    ]


def stick(item: Thing, place: Position, at: Point) -> list[Shape]:
    """A walking stick held at a point, slightly ahead at its foot."""
    foot = (at[0] + 0.07, at[1], max(at[2] - 0.42 * item.size, 0.0))
    top = (at[0] - 0.015, at[1], at[2] + 0.06)
    return [Line(place.spot(top), place.spot(foot), 0.024 * place.scale, shade((140, 92, 48), item.size))]


def plant(item: Thing, place: Position, at: Point) -> list[Shape]:
    """A plant in a pot; the point is on the ground."""
    x, y = place.spot(at)
    unit = item.size * place.scale
    leaves: list[Shape] = [
        Line((x, y - 0.16 * unit), (x + dx * unit, y - dy * unit), 0.05 * unit, shade(item.colour, tone))
        for dx, dy, tone in ((-0.13, 0.3, 0.8), (0.14, 0.33, 0.9), (-0.06, 0.42, 1.0), (0.06, 0.4, 1.15))
    ]
    pot = Patch(
        (
            (x - 0.09 * unit, y - 0.17 * unit),
            (x + 0.09 * unit, y - 0.17 * unit),
            (x + 0.06 * unit, y),
            (x - 0.06 * unit, y),
        ),
        item.accent,
    )
    return [*leaves, pot]


def table(item: Thing, place: Position, at: Point) -> list[Shape]:
    """A table; the point is on the ground."""
    x, y, _ = at
    wide, deep, high = 0.3 * item.size, 0.14, 0.36
    legs: list[Shape] = [
        Line(place.spot((x + a * wide, y + b * deep, high)), place.spot((x + a * wide, y + b * deep, 0)), thick, colour)
        for b, colour in ((1, shade(item.colour, 0.6)), (-1, shade(item.colour, 0.8)))
        for a in (-0.9, 0.9)
        for thick in (0.035 * place.scale,)
    ]
    top = [place.spot((x + a * wide, y + b * deep, high)) for a, b in ((-1, 1), (1, 1), (1, -1), (-1, -1))]
    return [*legs, Patch(tuple(top), item.colour), Line(top[3], top[2], 0.04 * place.scale, shade(item.colour, 0.9))]


DRAW = {
    "ball": ball,
    "box": box,
    "chair": chair,
    "bag": bag,
    "cup": cup,
    "stick": stick,
    "plant": plant,
    "table": table,
}


def on_ground(item: Thing, place: Position) -> list[Shape]:
    """A thing that stands at a place."""
    height = {"ball": BALL * item.size, "box": BOX * 0.85 * item.size, "chair": CHAIR, "bag": BAG * item.size}
    return DRAW[item.name](item, place, (0.0, 0.0, height.get(item.name, 0.0)))


def _cuboid(place: Position, at: Point, half: Point, colour: Colour) -> list[Shape]:
    (x, y, z), (dx, dy, dz) = at, half
    corners = ((1, 1), (1, -1), (-1, -1), (-1, 1))
    sides = []
    for (a, b), (c, d) in zip(corners, (*corners[1:], corners[0]), strict=True):
        middle = place.toward(((a + c) * dx, (b + d) * dy, 0.0))
        around = [
            (x + a * dx, y + b * dy, z - dz),
            (x + c * dx, y + d * dy, z - dz),
            (x + c * dx, y + d * dy, z + dz),
            (x + a * dx, y + b * dy, z + dz),
        ]
        tone = 0.95 if abs(b + d) else 0.72
        sides.append((middle, Patch(tuple(place.spot(p) for p in around), shade(colour, tone))))
    top = Patch(tuple(place.spot((x + a * dx, y + b * dy, z + dz)) for a, b in corners), shade(colour, 1.2))
    return [*(patch for _, patch in sorted(sides, key=lambda side: side[0])[2:]), top]
