"""A scene: who does what where, with which things, seen by which camera. Composed from dice, drawn by `render`."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from zsstad_core.stickworld.appearance import Dice, Look, draw_look
from zsstad_core.stickworld.backdrops import PLACES, Surroundings, draw_surroundings
from zsstad_core.stickworld.canvas import WIDTH, Colour
from zsstad_core.stickworld.labels import DUOS
from zsstad_core.stickworld.motion import MOTIONS, Style
from zsstad_core.stickworld.person import Position
from zsstad_core.stickworld.pose import Pose
from zsstad_core.stickworld.scenery import scenery_colour
from zsstad_core.stickworld.things import Thing, draw_thing


class Actor(NamedTuple):
    """One person: body, style, which side leads (1 left, -1 right), and by what share of a period he is ahead."""

    look: Look
    style: Style
    main: int
    height: float
    heading: float
    ahead: float = 0.0


class Attitude(NamedTuple):
    """A pose by name, of a person who does nothing in particular."""

    name: str
    pose: Pose


@dataclass(frozen=True)
class Unit:
    """The one or two persons who do an action, around a point of the ground.

    phase and speed: at the clip's start, and phases a second; what happens once stays at its end.
    """

    doing: str | Attitude
    actors: tuple[Actor, ...]
    x: float
    y: float
    phase: float = 0.0
    speed: float = 1.0
    thing: Thing | None = None
    held: Thing | None = None
    colour: Colour = (128, 128, 128)

    @property
    def action(self) -> str | None:
        """The action of the unit; None where it only holds a pose."""
        return self.doing if isinstance(self.doing, str) else None

    def phase_at(self, seconds: float, ahead: float = 0.0) -> float:
        """The phase of the motion, from 0 to 1."""
        phase = self.phase + self.speed * seconds
        once = self.action is None or MOTIONS[self.action].period is None
        return min(max(phase, 0.0), 1.0) if once else (phase + ahead) % 1.0

    def place(self, actor: Actor) -> Position:
        """Where an actor's body frame stands before the motion moves it."""
        return Position(self.x, self.y, actor.height, actor.heading)


class Camera(NamedTuple):
    """A camera in a hand: its zoom, how far it pans in pixels a second, and how much it shakes, in pixels."""

    zoom: float
    pan: float
    shake: float
    seed: float


class Light(NamedTuple):
    """What the sensor makes of the picture: gain, colour cast, noise (grey levels), blur (pixels)."""

    gain: float
    cast: tuple[float, float, float]
    noise: float
    blur: float


class Occluder(NamedTuple):
    """Something between the camera and the persons."""

    kind: Literal["pole", "bush", "passer", "fence"]
    x: float
    speed: float
    size: float
    colour: Colour


@dataclass(frozen=True)
class Scene:
    """Everything that is in a picture or a clip of `seconds`."""

    surroundings: Surroundings
    units: tuple[Unit, ...]
    lying: tuple[tuple[Thing, Position], ...]
    occluders: tuple[Occluder, ...]
    camera: Camera
    light: Light
    seconds: float
    noise_seed: int

    def number(self, unit: int, actor: int) -> int:
        """An actor's number among all persons of the scene, from 0."""
        return sum(len(before.actors) for before in self.units[:unit]) + actor


_WIDE = {  # heights that an action needs from left to right
    "carry_box": 1.0, "catch": 1.1, "clap": 0.55, "climb_stairs": 1.45, "high_five": 1.15, "hug": 0.7, "jump": 0.55,
    "kick": 1.0, "kick_ball": 1.25, "knock": 1.0, "pull_up": 0.95, "push": 1.25, "sit_down": 0.85, "stand_up": 0.85,
    "stop_ball": 1.25, "throw": 1.1, "walk": 1.0, "wave": 0.7,
}  # fmt: skip
_HIGH = {
    "climb_stairs": 1.5,
    "jump": 1.48,
    "pull_up": 1.38,
    "wave": 1.1,
    "high_five": 1.15,
    "throw": 1.12,
    "catch": 1.12,
}
_EDGE = 9
_ROOM = WIDTH - 2 * _EDGE
_HANDS_FREE = {"wave", "kick", "kick_ball", "stop_ball", "knock", "climb_stairs", "high_five"}
_LEAD_IN = 0.08  # share of a clip before what happens once


def compose(dice: Dice, cast: Sequence[str | Attitude], seconds: float) -> Scene:
    """A scene of that length in which these actions happen side by side."""
    units = [_unit(dice, doing, seconds) for doing in dice.shuffled(cast)]
    return Scene(
        surroundings=draw_surroundings(dice, dice.pick(list(PLACES))),
        units=tuple(sorted(_spread(dice, units), key=lambda unit: unit.y)),
        lying=tuple(_lying(dice) for _ in range(dice.pick([0, 1, 1, 2, 3]))),
        occluders=tuple(_occluder(dice) for _ in range(dice.pick([0, 0, 1, 1, 2]))),
        camera=Camera(dice.uniform(0.96, 1.05), dice.uniform(-4, 4), dice.uniform(0, 1.6), dice.uniform(0, 100)),
        light=Light(
            gain=dice.banded(0.78, 1.15),
            cast=(dice.uniform(0.94, 1.06), 1.0, dice.uniform(0.94, 1.06)),
            noise=dice.uniform(1, 6),
            blur=dice.pick([0.0, 0.0, dice.uniform(0.35, 0.6)]),
        ),
        seconds=seconds,
        noise_seed=dice.integer(1 << 30),
    )


def _unit(dice: Dice, doing: str | Attitude, seconds: float) -> Unit:
    """One unit of height 1 at the origin; `_spread` gives it its size and place."""
    action = doing if isinstance(doing, str) else None
    heading = _heading(dice, action)
    first = _actor(dice, action, heading)
    actors = [first]
    if action in DUOS:
        other = _actor(dice, action, heading + math.pi)
        ahead = 0.5 if action == "push" else 0.0
        actors.append(other._replace(style=first.style, height=dice.uniform(0.94, 1.06), ahead=ahead, main=-first.main))
    motion = MOTIONS[action] if action else None
    if motion and motion.period:
        phase, speed = dice.uniform(0, 1), 1 / (motion.period * dice.uniform(0.85, 1.2))
    else:
        speed = 1 / (seconds * (1 - _LEAD_IN - (motion.rest if motion else 0)) * dice.uniform(0.92, 1.08))
        phase = -speed * seconds * _LEAD_IN * dice.uniform(0.5, 1.5)
    return Unit(
        doing,
        tuple(actors),
        x=0.0,
        y=0.0,
        phase=phase,
        speed=speed,
        thing=_used(dice, action),
        held=_held(dice, action),
        colour=scenery_colour(dice),
    )


def _heading(dice: Dice, action: str | None) -> float:
    view = MOTIONS[action].view if action else "any"
    side = dice.pick([0, 180])
    degrees = {
        "along": side + dice.uniform(-28, 28),
        "facing": dice.pick([90, 90, 270]) + dice.uniform(-30, 30),
        "any": dice.pick([side + dice.uniform(-28, 28), 90 + dice.uniform(-32, 32)]),
    }[view]
    if action in DUOS or action in ("knock", "climb_stairs"):
        degrees = side + dice.uniform(-12, 12)
    return math.radians(degrees)


def _actor(dice: Dice, action: str | None, heading: float) -> Actor:
    style = Style(
        vigour=dice.uniform(0, 1),
        reach=dice.uniform(0, 1),
        knees=dice.uniform(0, 1),
        lean=dice.uniform(0, 1),
        arms_ahead=dice.chance(0.35),
        sideways=abs(math.sin(heading)) > 0.6,
    )
    near = -1 if math.cos(heading) > 0 else 1  # the side towards the viewer
    return Actor(draw_look(dice), style, near if dice.chance(0.7) else -near, 1.0, heading)


def _used(dice: Dice, action: str | None) -> Thing | None:
    names = {"carry_box": "box", "sit_down": "chair", "stand_up": "chair"}
    names |= dict.fromkeys(("throw", "catch", "kick_ball", "stop_ball"), "ball")
    return draw_thing(dice, names[action]) if action in names else None


def _held(dice: Dice, action: str | None) -> Thing | None:
    if action in _HANDS_FREE and dice.chance(0.18):
        return draw_thing(dice, dice.pick(["bag", "cup", "stick"]))
    return None


def _spread(dice: Dice, units: list[Unit]) -> list[Unit]:
    """Give units their places from left to right, as tall as the picture allows."""
    ground = [dice.uniform(100, 114) for _ in units]
    wide = [_WIDE.get(unit.action or "", 0.8) for unit in units]
    crowding = dice.uniform(0.92, 1.12)
    height = min(dice.uniform(72, 92), _ROOM * crowding / max(sum(wide), 0.1))
    slack = max(_ROOM - height * sum(wide), 0.0)
    cuts = sorted(dice.uniform(0, slack) for _ in units)
    left, squeeze = float(_EDGE), min(_ROOM / (height * max(sum(wide), 0.1)), 1.0)
    placed = []
    for unit, y, width, cut in zip(units, ground, wide, cuts, strict=True):
        own = height * (1 + (y - 107) * 0.006) * dice.banded(0.9, 1.05)
        own = max(min(own, (y - 5) / _HIGH.get(unit.action or "", 1.06)), 36.0)
        x = left + cut + height * squeeze * width / 2
        left += height * squeeze * width
        actors = tuple(actor._replace(height=actor.height * own) for actor in unit.actors)
        placed.append(replace(unit, x=x, y=y, actors=actors))
    return placed


def _lying(dice: Dice) -> tuple[Thing, Position]:
    y = dice.uniform(90, 116)
    name = dice.pick(["ball", "box", "chair", "bag", "plant", "table"])
    return draw_thing(dice, name), Position(
        dice.uniform(6, 154), y, dice.uniform(48, 72) * (1 + (y - 107) * 0.006), dice.uniform(0, 2 * math.pi)
    )


def _occluder(dice: Dice) -> Occluder:
    kinds: tuple[Literal["pole", "bush", "passer", "fence"], ...] = ("pole", "bush", "passer", "fence")
    kind = dice.pick(kinds)
    speed = dice.pick([-1, 1]) * dice.uniform(60, 120) if kind == "passer" else 0.0
    return Occluder(
        kind, dice.uniform(5, WIDTH - 5), speed, dice.uniform(0.8, 1.25), dice.paint((0.1, 0.7), (0.15, 0.6))
    )
