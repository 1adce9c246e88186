"""What a unit looks like at a time: bodies, the things they use, and the scenery that belongs to their action."""

import math
from collections.abc import Callable
from typing import NamedTuple

from zsstad_core.stickworld import scenery, things
from zsstad_core.stickworld.canvas import Shape
from zsstad_core.stickworld.motion import CONTACT, MOTIONS
from zsstad_core.stickworld.person import Position, parts
from zsstad_core.stickworld.pose import Joints, Point, joints
from zsstad_core.stickworld.scene import Unit
from zsstad_core.stickworld.things import Thing


class DepthShapes(NamedTuple):
    """Shapes of an actor (by number) or of a thing (by name); what has less depth is drawn first."""

    depth: float
    what: int | str
    shapes: list[Shape]


def stage_unit(unit: Unit, seconds: float, middle: float) -> list[DepthShapes]:
    """The persons and things of a unit. middle: the second at which walkers pass the unit's point."""
    drawn: list[DepthShapes] = []
    for number, actor in enumerate(unit.actors):
        place = _place(unit, number, seconds - middle)
        body = _body(unit, number, unit.phase_at(seconds, actor.ahead))
        drawn += [DepthShapes(part.depth, number, part.shapes) for part in parts(body, actor.look, place)]
        if unit.held and number == 0:
            hand = body.other_arm[2]
            drawn.append(DepthShapes(place.toward(hand) * 2 + 0.01, unit.held.name, _draw(unit.held, place, hand)))
        if unit.thing and number == 0:
            depth, at = _USE[unit.thing.name](unit, unit.thing, body, unit.phase + unit.speed * seconds)
            drawn.append(DepthShapes(depth, unit.thing.name, _draw(unit.thing, place, at)))
    return drawn


def scenery_of(unit: Unit) -> list[Shape]:
    """Stairs, door or bar, if the action has one."""
    place = unit.place(unit.actors[0])
    match unit.action:
        case "climb_stairs":
            return scenery.stairs(place, unit.colour)
        case "knock":
            reach = max(_body(unit, 0, phase).main_arm[2][0] for phase in (0.25, 0.75))
            return scenery.door(place, reach - 0.05, unit.colour)
        case "pull_up":
            return scenery.bar(place, _bar_height(unit), unit.colour)
        case _:
            return []


def _place(unit: Unit, number: int, since_middle: float) -> Position:
    """Where an actor is: partners stand apart, walkers get on, climbers rise."""
    actor = unit.actors[number]
    place = unit.place(actor)
    if len(unit.actors) == 2:
        return place._replace(x=unit.x - 0.5 * _apart(unit) * unit.actors[0].height * math.cos(actor.heading))
    travel = MOTIONS[unit.action].forward * since_middle if unit.action else 0.0
    rise = scenery.stairs_height(travel) if unit.action == "climb_stairs" else 0.0
    return place._replace(x=unit.x + travel * actor.height * math.cos(actor.heading), y=unit.y - rise * actor.height)


def _apart(unit: Unit) -> float:
    """How far partners stand from each other: their hands meet, or reach the other's chest."""
    match unit.action:
        case "high_five":
            return sum(_body(unit, number, 0.5).main_arm[2][0] for number in (0, 1)) - 0.02
        case "push":
            return _body(unit, 0, 0.5).main_arm[2][0] + _body(unit, 1, 0.0).neck[0] + 0.05
        case _:
            return 0.2


def _body(unit: Unit, number: int, phase: float) -> Joints:
    """Joints of an actor at a phase, his planted feet at x = 0, his hands at the bar if there is one."""
    actor = unit.actors[number]
    if not isinstance(unit.doing, str):
        return joints(unit.doing.pose, actor.look.build, actor.main)
    motion = MOTIONS[unit.doing]
    body = joints(motion.pose(phase, actor.style), actor.look.build, actor.main)
    if unit.action == "pull_up":
        return body.moved(0.0, _bar_height(unit) - body.main_arm[2][2])
    other, main = body.other_leg[2][0], body.main_leg[2][0]
    planted = {"none": 0.0, "other": other, "both": (main + other) / 2}[motion.planted]
    return body.moved(-planted, 0.0)


def _bar_height(unit: Unit) -> float:
    """The height at which a person who hangs with straight arms is just off the ground."""
    actor = unit.actors[0]
    hanging = joints(MOTIONS["pull_up"].pose(0.0, actor.style), actor.look.build, actor.main)
    return hanging.main_arm[2][2] + 0.07


def _carried_place(unit: Unit, used: Thing, body: Joints, phase: float) -> tuple[float, Point]:
    (x, _, z), (other_x, _, other_z) = body.main_arm[2], body.other_arm[2]
    return 0.05, ((x + other_x) / 2 + 0.05, 0.0, (z + other_z) / 2 + 0.02)


def _seat_place(unit: Unit, used: Thing, body: Joints, phase: float) -> tuple[float, Point]:
    sat = _body(unit, 0, 1.0 if unit.action == "sit_down" else 0.0)
    return -1.0, (sat.pelvis[0] - 0.02, 0.0, sat.pelvis[2] - 0.05)


def _ball_place(unit: Unit, used: Thing, body: Joints, phase: float) -> tuple[float, Point]:
    """Depth and place of the ball of a kick or a throw; a stop and a catch play the same path backwards."""
    backwards = unit.action in ("stop_ball", "catch")
    since = (1 - phase if backwards else phase) - CONTACT
    radius, vigour = things.BALL * used.size, unit.actors[0].style.vigour
    if unit.action in ("throw", "catch"):
        hand = body.main_arm[2] if since <= 0 else _body(unit, 0, CONTACT).main_arm[2]
        at = (hand[0] + 0.03, hand[1], hand[2] + 0.04)
        rise = 0.5 * vigour
    else:
        toe = _body(unit, 0, CONTACT).main_leg[3]
        at = (toe[0] + radius, toe[1], radius)
        rise = 1.3 * vigour
    if since <= 0:
        return 0.3, at
    flown = (3.0 + vigour) * since
    return 0.3, (at[0] + flown, at[1], max(at[2] + rise * since - 1.8 * since * since, radius))


_USE: dict[str, Callable[[Unit, Thing, Joints, float], tuple[float, Point]]] = {
    "box": _carried_place,
    "chair": _seat_place,
    "ball": _ball_place,
}


def _draw(drawn: Thing, place: Position, at: Point) -> list[Shape]:
    return things.DRAW[drawn.name](drawn, place, at)
