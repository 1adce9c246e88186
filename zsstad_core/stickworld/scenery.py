"""Scenery that belongs to an action and has no box: stairs, a door, a bar. Units are body heights."""

from zsstad_core.stickworld.appearance import Dice, shade
from zsstad_core.stickworld.canvas import Colour, Disc, Line, Patch, Shape
from zsstad_core.stickworld.person import Position
from zsstad_core.stickworld.pose import Point

SLOPE = 0.5  # of stairs
STAIRS_FROM, STAIRS_TO = -0.72, 0.8
_STEPS = 9


def stairs_height(x: float) -> float:
    """How high the stairs are at x."""
    return SLOPE * (x - STAIRS_FROM)


def stairs(place: Position, colour: Colour) -> list[Shape]:
    """Steps that rise in the direction of x, behind who climbs them."""
    run = (STAIRS_TO - STAIRS_FROM) / _STEPS
    shapes: list[Shape] = []
    for step in range(_STEPS):
        left, high = STAIRS_FROM + step * run, SLOPE * run * (step + 0.5)
        near = [(left, -0.16, 0.0), (left + run, -0.16, 0.0), (left + run, -0.16, high), (left, -0.16, high)]
        tread = [(left, -0.16, high), (left + run, -0.16, high), (left + run, 0.16, high), (left, 0.16, high)]
        riser = [
            (left, -0.16, high),
            (left, 0.16, high),
            (left, 0.16, high - SLOPE * run),
            (left, -0.16, high - SLOPE * run),
        ]
        shapes += [
            _patch(place, near, shade(colour, 0.7)),
            _patch(place, riser, shade(colour, 0.5)),
            _patch(place, tread, shade(colour, 1.15)),
            Line(place.spot(tread[0]), place.spot(tread[1]), 0.02 * place.scale, shade(colour, 1.3)),
        ]
    return shapes


def door(place: Position, at: float, colour: Colour) -> list[Shape]:
    """A closed door in its frame, its near edge at x = at, seen from the front as the wall behind it is."""
    right = 1 if place.spot((1, 0, 0))[0] > place.x else -1
    unit = place.scale
    near = place.spot((at, 0, 0))[0]
    far, top, bottom = near + right * 0.46 * unit, place.y - 1.16 * unit, place.y - 0.02 * unit

    def pane(share: tuple[float, float, float, float], tone: float) -> Patch:
        left, upper, far_share, lower = share
        xs = near + (far - near) * left, near + (far - near) * far_share
        ys = top + (bottom - top) * upper, top + (bottom - top) * lower
        return Patch(((xs[0], ys[0]), (xs[1], ys[0]), (xs[1], ys[1]), (xs[0], ys[1])), shade(colour, tone))

    return [
        pane((-0.32, -0.1, 1.32, 1.0), 0.55),
        pane((-0.16, -0.05, 1.16, 1.0), 1.35),
        pane((0.0, 0.0, 1.0, 1.0), 0.9),
        pane((0.15, 0.08, 0.85, 0.42), 0.7),
        pane((0.15, 0.52, 0.85, 0.92), 0.7),
        Disc((near + (far - near) * 0.1, (top + bottom) / 2 + 0.04 * unit), 0.03 * unit, (230, 205, 120)),
    ]


def bar(place: Position, high: float, colour: Colour) -> list[Shape]:
    """A bar across two posts."""
    thick = 0.045 * place.scale
    left, right = place.x - 0.4 * place.scale, place.x + 0.4 * place.scale
    top = place.y - high * place.scale
    return [
        Line((left, place.y + 1), (left, top), thick, shade(colour, 0.85)),
        Line((right, place.y + 1), (right, top), thick, shade(colour, 0.85)),
        Line((left, top), (right, top), thick, colour),
    ]


def scenery_colour(dice: Dice) -> Colour:
    """A colour of the dice's domain."""
    return dice.paint((0.05, 0.7), (0.45, 0.85))


def _patch(place: Position, corners: list[Point], colour: Colour) -> Patch:
    return Patch(tuple(place.spot(corner) for corner in corners), colour)
