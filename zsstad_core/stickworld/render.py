"""A scene at a time becomes a picture, and boxes of what was drawn."""

import math
from typing import NamedTuple

import cv2
import numpy as np

from zsstad_core.stickworld import things
from zsstad_core.stickworld.appearance import shade
from zsstad_core.stickworld.canvas import HEIGHT, WIDTH, Canvas, Disc, Line, Patch, Pixels, Shape, View
from zsstad_core.stickworld.movers import moving
from zsstad_core.stickworld.scene import Camera, Occluder, Scene
from zsstad_core.stickworld.staging import DepthShapes, scenery_of, stage_unit

type Box = tuple[float, float, float, float]  # x1, y1, x2, y2 in pixels, half-open


class Person(NamedTuple):
    """A person in a picture. unit, actor: which of the scene's; visible: the share, inside the frame, that is seen."""

    box: Box
    action: str | None
    phase: float
    visible: float
    unit: int
    actor: int


class Object(NamedTuple):
    """A thing in a picture."""

    box: Box
    name: str
    visible: float


class Picture(NamedTuple):
    """RGB uint8 [HEIGHT, WIDTH, 3] and what is in it."""

    image: Pixels
    persons: list[Person]
    objects: list[Object]


def render(scene: Scene, seconds: float) -> Picture:
    """The picture of a scene some seconds after its start.

    Persons come in the order of the scene's units and actors; what is out of the frame is left out.
    """
    canvas = Canvas(scene.surroundings.backdrop, _view(scene.camera, seconds - scene.seconds / 2))
    for mover in scene.surroundings.movers:
        canvas.draw(moving(mover, seconds))
    for unit in scene.units:
        canvas.draw(scenery_of(unit))
    seen = _draw_foreground(canvas, scene, seconds)

    picture = Picture(_sensed(scene, canvas.frame(), seconds), [], [])
    for owner, number, what in seen:
        box, visible = canvas.box(owner), canvas.visible(owner)
        if box and isinstance(what, str):
            picture.objects.append(Object(box, what, visible))
        elif box and isinstance(what, int):
            unit = scene.units[number]
            phase = unit.phase_at(seconds, unit.actors[what].ahead)
            picture.persons.append(Person(box, unit.action, phase, visible, number, what))
    picture.persons.sort(key=lambda person: (person.unit, person.actor))
    return picture


def _draw_foreground(canvas: Canvas, scene: Scene, seconds: float) -> list[tuple[int, int, int | str]]:
    """Draw all that has a box or hides others; for each person and thing: owner on the canvas, unit, actor or name."""
    seen: list[tuple[int, int, int | str]] = []
    for number, layer in _layers(scene, seconds):
        owners: dict[int | str, int] = {}
        for drawn in sorted(layer, key=lambda drawn: drawn.depth):
            owner = owners.setdefault(drawn.what, len(seen) + len(owners) + 1)
            canvas.draw(drawn.shapes, owner)
        seen += [(owner, number, what) for what, owner in owners.items()]
    for number, occluder in enumerate(scene.occluders, start=len(seen) + 1):
        canvas.draw(_occluder(occluder, seconds), number)
    return seen


def _layers(scene: Scene, seconds: float) -> list[tuple[int, list[DepthShapes]]]:
    """Units by number, and things that lie around (-1), from far to near."""
    layers = [
        (place.y, -1, [DepthShapes(0.0, thing.name, things.on_ground(thing, place))]) for thing, place in scene.lying
    ]
    layers += [(unit.y, n, stage_unit(unit, seconds, scene.seconds / 2)) for n, unit in enumerate(scene.units)]
    return [(number, layer) for _, number, layer in sorted(layers, key=lambda layer: layer[:2])]


def _view(camera: Camera, since_middle: float) -> View:
    """A hand-held camera: a steady pan, and a tremble that never repeats within a clip."""
    time = since_middle + camera.seed

    def tremble(speed: float) -> float:
        return math.sin(speed * time) + 0.6 * math.sin(2.7 * speed * time + 1)

    return View(
        zoom=camera.zoom * (1 + 0.006 * camera.shake * tremble(1.3)),
        turn=0.006 * camera.shake * tremble(1.9),
        right=camera.pan * since_middle + camera.shake * tremble(5.1),
        down=0.7 * camera.shake * tremble(6.3),
    )


def _occluder(occluder: Occluder, seconds: float) -> list[Shape]:
    x, size, colour = occluder.x + occluder.speed * seconds, occluder.size, occluder.colour
    match occluder.kind:
        case "pole":
            return [
                Line((x, -20), (x, HEIGHT + 20), 5 * size, colour),
                Line((x - size, -20), (x - size, HEIGHT + 20), 1, shade(colour, 1.5)),
            ]
        case "bush":
            spots = ((-9, 0, 8), (0, -4, 10), (9, 1, 8), (-4, -8, 6), (5, -9, 6))
            return [
                Disc((x + dx * size, HEIGHT - 2 + dy * size), r * size, shade((50, 104, 46), 0.8 + 0.06 * r))
                for dx, dy, r in spots
            ]
        case "passer":
            left = x % (3 * WIDTH) - WIDTH
            corners = (
                (left, -20),
                (left + 11 * size, -20),
                (left + 13 * size, HEIGHT + 20),
                (left + 2 * size, HEIGHT + 20),
            )
            return [Patch(corners, colour)]
        case "fence":
            top = HEIGHT - 15 * size
            rails: list[Shape] = [Line((-30, top + dy), (WIDTH + 30, top + dy), 2.2, colour) for dy in (3, 10)]
            return [
                *rails,
                *(
                    Line((post, top), (post, HEIGHT + 30), 2.2, colour)
                    for post in range(-30 + int(x) % 24, WIDTH + 30, 24)
                ),
            ]


def _sensed(scene: Scene, frame: Pixels, seconds: float) -> Pixels:
    """What the sensor makes of it: blur, exposure and noise."""
    light = scene.light
    if light.blur:
        frame = cv2.GaussianBlur(frame, (0, 0), light.blur)
    random = np.random.default_rng([scene.noise_seed, round(seconds * 1000)])
    exposed = frame * (np.array(light.cast, np.float32) * light.gain)
    exposed += random.standard_normal((HEIGHT, WIDTH, 1), np.float32) * light.noise
    return np.clip(exposed, 0, 255, out=exposed).astype(np.uint8)
