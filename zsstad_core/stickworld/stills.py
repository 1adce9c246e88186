"""Stills to pretrain on: an image, its captions, its boxes. Of the same world as the clips, but of other people.

for seed in range(50_000):
    still = render_still(seed)
    still.image, still.captions                       # a contrastive pair: the whole picture, one of its captions
    still.persons[0].box, still.persons[0].captions   # another one: a person's crop
    still.objects                                     # boxes to train a detector on, with those of the persons
"""

from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np

from zsstad_core.stickworld import captions
from zsstad_core.stickworld.appearance import Dice, Domain
from zsstad_core.stickworld.canvas import Pixels
from zsstad_core.stickworld.labels import CLASSES, DUOS
from zsstad_core.stickworld.phrases import POSES
from zsstad_core.stickworld.pose import Limb
from zsstad_core.stickworld.render import Box, Object, render
from zsstad_core.stickworld.scene import Attitude, compose

_STILLS = 0  # so that no still is thrown with the dice of a clip
_SECONDS = 1.8  # the clip that a still could be of
_CAPTIONS = 3  # of a picture, and of a person's crop


class StillPerson(NamedTuple):
    """A person of a still. action: None for who does nothing in particular; visible: the share that is seen."""

    box: Box
    action: str | None
    phase: float
    visible: float
    captions: list[str]


@dataclass(frozen=True)
class Still:
    """image: RGB uint8 [120, 160, 3], boxes in its pixels, half-open; place: a name of `captions.PLACES`."""

    image: Pixels
    persons: list[StillPerson]
    objects: list[Object]
    place: str
    captions: list[str]


def render_still(seed: int, domain: Domain = "pretrain") -> Still:
    """The still of a seed, with zero to three persons. Domains share no still."""
    dice = Dice(domain, _STILLS, seed)
    scene = compose(dice, _cast(dice), _SECONDS)
    picture = render(scene, dice.uniform(0, _SECONDS))
    units = [
        captions.UnitDescription(unit.doing, unit.thing, tuple(actor.look for actor in unit.actors))
        for unit in scene.units
    ]
    lying = [thing for thing, _ in scene.lying]
    return Still(
        image=_compress(dice, picture.image),
        persons=[
            StillPerson(
                person.box,
                person.action,
                person.phase,
                person.visible,
                [
                    captions.caption_of_person(dice, units[person.unit], person.actor, scene.surroundings.name)
                    for _ in range(_CAPTIONS)
                ],
            )
            for person in picture.persons
        ],
        objects=picture.objects,
        place=scene.surroundings.name,
        captions=[captions.caption_of_picture(dice, units, lying, scene.surroundings.name) for _ in range(_CAPTIONS)],
    )


def _cast(dice: Dice) -> list[str | Attitude]:
    """What the units do, at most three persons together: an action, or nothing but a pose."""
    cast: list[str | Attitude] = []
    left = dice.pick([0, *[1] * 10, *[2] * 7, *[3] * 4])
    while left:
        doing = _loose(dice, dice.pick(list(POSES))) if dice.chance(0.18) else dice.pick(CLASSES)
        persons = 2 if doing in DUOS else 1
        if persons <= left:
            cast.append(doing)
            left -= persons
    return cast


def _loose(dice: Dice, name: str) -> Attitude:
    """A pose as another person would take it."""
    pose = POSES[name][0]
    limbs = [Limb(*(angle + dice.uniform(-9, 9) for angle in limb)) for limb in pose.limbs()]
    return Attitude(name, pose.with_limbs(limbs)._replace(lean=pose.lean + dice.uniform(-5, 5)))


def _compress(dice: Dice, image: Pixels) -> Pixels:
    """Compress and decompress the image as JPEG, since the frames of videos are compressed too."""
    _, coded = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 45 + dice.integer(50)])
    decoded: Pixels = np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR))
    return np.ascontiguousarray(decoded[..., ::-1])
