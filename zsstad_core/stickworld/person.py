"""A person as shapes: limbs in clothes, seen from any side."""

import math
from typing import NamedTuple

from zsstad_core.stickworld.appearance import Look, shade
from zsstad_core.stickworld.canvas import Colour, Disc, Line, Patch, Shape, Spot
from zsstad_core.stickworld.pose import Joints, Point


class Position(NamedTuple):
    """Where a body stands in the picture: its ground point, pixels a unit of the body frame, heading in radians.

    A heading of 0 looks right, pi left, pi/2 at the viewer.
    """

    x: float
    y: float
    scale: float
    heading: float

    def spot(self, point: Point) -> Spot:
        """Where a point of the body frame is in the picture; the camera looks down a little."""
        cos, sin = math.cos(self.heading), math.sin(self.heading)
        toward = point[0] * sin - point[1] * cos
        return (
            self.x + self.scale * (point[0] * cos + point[1] * sin),
            self.y - self.scale * (point[2] - _ELEVATION * toward),
        )

    def toward(self, point: Point) -> float:
        """How far a point is in front of the body's middle, towards the viewer."""
        return point[0] * math.sin(self.heading) - point[1] * math.cos(self.heading)


class Part(NamedTuple):
    """Shapes that are drawn together; parts with less depth come first."""

    depth: float
    shapes: list[Shape]


_ELEVATION = 0.1


def parts(body: Joints, look: Look, place: Position) -> list[Part]:
    """A person's parts, in any order."""
    drawn = [_trunk(body, look, place), _head(body, look, place)]
    for arm in (body.main_arm, body.other_arm):
        drawn.append(_arm(arm, look, place))
    for leg in (body.main_leg, body.other_leg):
        drawn.append(_leg(leg, look, place))
    return drawn


def _light(colour: Colour, depth: float) -> Colour:
    return shade(colour, 1 + max(-0.26, min(1.6 * depth, 0.06)))


def _arm(arm: tuple[Point, Point, Point], look: Look, place: Position) -> Part:
    depth = place.toward(arm[1])
    shoulder, elbow, hand = map(place.spot, arm)
    thick = 0.052 * look.girth * place.scale
    skin, shirt = _light(look.skin, depth), _light(look.shirt, depth)
    sleeve = shirt if look.long_sleeves else skin
    shapes: list[Shape] = [
        Line(elbow, hand, thick * 0.82, sleeve),
        Line(shoulder, elbow, thick, shirt),
        Disc(hand, thick * 0.56, skin),
    ]
    return Part(depth + place.toward(arm[2]), shapes)


def _leg(leg: tuple[Point, Point, Point, Point], look: Look, place: Position) -> Part:
    depth = place.toward(leg[0])
    hip, knee, ankle, toe = map(place.spot, leg)
    thick = 0.075 * look.girth * place.scale
    cloth, skin = _light(look.legs, depth), _light(look.skin, depth)
    shin = cloth if look.bottom == "trousers" else skin
    shapes: list[Shape] = [
        Line(ankle, toe, thick * 0.72, _light(look.shoes, depth)),
        Line(knee, ankle, thick * 0.78, shin),
        Line(hip, knee, thick, cloth),
    ]
    return Part(depth - 0.02, shapes)


def _trunk(body: Joints, look: Look, place: Position) -> Part:
    shoulders = [place.spot(body.main_arm[0]), place.spot(body.other_arm[0])]
    hips = [place.spot(body.main_leg[0]), place.spot(body.other_leg[0])]
    thick = 0.1 * look.girth * place.scale
    shapes: list[Shape] = [Line(hips[0], hips[1], thick, look.legs)]
    if look.bottom == "skirt":
        knees = [place.spot(body.main_leg[1]), place.spot(body.other_leg[1])]
        hems = [_way(hip, knee, 0.8) for hip, knee in zip(hips, knees, strict=True)]
        shapes += [
            Line(hips[0], hems[0], thick * 0.9, look.legs),
            Line(hips[1], hems[1], thick * 0.9, look.legs),
            Patch((hips[0], hips[1], hems[1], hems[0]), look.legs),
        ]
    waist = [_way(hip, shoulder, 0.18) for hip, shoulder in zip(hips, shoulders, strict=True)]
    chest = [_way(hip, shoulder, 0.9) for hip, shoulder in zip(hips, shoulders, strict=True)]
    shapes += [
        Line(chest[0], waist[0], thick, look.shirt),
        Line(chest[1], waist[1], thick, look.shirt),
        Line(chest[0], chest[1], thick, look.shirt),
        Patch((chest[0], chest[1], waist[1], waist[0]), look.shirt),
    ]
    if look.stripe:
        for share in (0.3, 0.7):
            (left, y), (right, _) = sorted(_way(a, b, share) for a, b in zip(waist, chest, strict=True))
            shapes.append(Line((left - 0.36 * thick, y), (right + 0.36 * thick, y), thick * 0.24, look.stripe))
    return Part(0.0, shapes)


def _head(body: Joints, look: Look, place: Position) -> Part:
    radius = look.build.head * place.scale
    neck, (x, y) = place.spot(body.neck), place.spot(body.head)
    right, facing = math.cos(place.heading), math.sin(place.heading)
    shapes: list[Shape] = [Line(neck, (x, y), radius * 0.8, shade(look.skin, 0.85))]
    if look.long_hair:
        shapes.append(
            Line((x - 0.45 * radius * right, y), (x - 0.6 * radius * right, y + radius * 1.1), radius * 1.3, look.hair)
        )
    shapes += [
        Disc((x - 0.16 * radius * right, y - 0.14 * radius), radius * 1.04, look.hair),
        Disc((x + 0.2 * radius * right, y + 0.14 * radius), radius * 0.84, look.skin if facing > -0.5 else look.hair),
    ]
    if facing > -0.5:
        eyes = (0.28, -0.28) if facing > 0.5 else (0.0,)
        shift = 0.62 * right
        shapes += [Disc((x + (shift + eye) * radius, y + 0.04 * radius), radius * 0.14, (25, 25, 30)) for eye in eyes]
    if abs(right) > 0.5:
        shapes.append(Disc((x + math.copysign(0.98, right) * radius, y + 0.24 * radius), radius * 0.18, look.skin))
    if look.hat:
        brim = 0.5 * radius * right
        shapes += [
            Disc((x, y - 0.5 * radius), radius * 0.8, look.hat),
            Line(
                (x - radius + brim, y - 0.42 * radius), (x + radius + brim, y - 0.42 * radius), radius * 0.3, look.hat
            ),
        ]
    return Part(place.toward(body.head) + 0.01, shapes)


def _way(a: Spot, b: Spot, share: float) -> Spot:
    return a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share
