"""Views with captions to pretrain CLIP on: photos of whole scenes, of persons with their surroundings, and of things.

As in CLIP's own training, no photo is cropped to a person's box: it shows the surroundings too, and the caption may
describe the clothes and the place instead of the action. So the crop of a detected person differs from all photos that
the encoder was trained on, which a head has to make up for.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from demo.pretrain import many
from zsstad_core.frozen.views import views
from zsstad_core.stickworld.stills import render_still

SIZE = 64  # of demo/models/clip.json
CAPTIONS = 3
_SEEN = 0.35  # persons and things that are less visible than this get no photo of their own: nobody would caption them
_ROOM = ((0.05, 0.5), (0.3, 1.2))  # margins around a person on each side of a photo, as shares of its width or height
_THINGS = ("a {}", "a picture of a {}", "the {}", "one {}", "a small {}", "a photo of a {}", "a {} that lies around")


class Pair(NamedTuple):
    """The part of a still that a photo shows (x1, y1, x2, y2; None: all of it), and its captions."""

    box: tuple[float, float, float, float] | None
    captions: list[str]


@dataclass(frozen=True)
class Pairs:
    """Photos and their captions. views: uint8 [N, SIZE, SIZE, 3]; captions: [N, CAPTIONS]."""

    views: NDArray[np.uint8]
    captions: list[list[str]]


def pairs(stills: range) -> Pairs:
    """The pairs of view and captions from the stills with these seeds."""
    shown: list[NDArray[np.uint8]] = []
    captions: list[list[str]] = []
    for seen, written in many.of_stills(_pairs_of, stills, "pairs"):
        shown.append(seen)
        captions += written
    return Pairs(np.concatenate(shown), captions)


def _pairs_of(seed: int) -> tuple[NDArray[np.uint8], list[list[str]]]:
    still = render_still(seed)
    dice = np.random.default_rng([seed, SIZE])
    of_still = [Pair(None, still.captions)]
    for person in still.persons:
        if person.visible >= _SEEN:
            of_still += [Pair(_around(person.box, dice.uniform(*room, 4)), person.captions) for room in _ROOM]
    things = [thing for thing in still.objects if thing.visible >= _SEEN]
    for thing in [things[dice.integers(len(things))]] if things else []:
        written = [str(text).format(thing.name) for text in dice.choice(_THINGS, CAPTIONS, replace=False)]
        of_still.append(Pair(_around(thing.box, dice.uniform(-0.02, 0.25, 4)), written))
    return views(still.image, [pair.box for pair in of_still], SIZE, "squash"), [pair.captions for pair in of_still]


def _around(box: tuple[float, float, float, float], margins: NDArray[np.float64]) -> tuple[float, float, float, float]:
    """The box with each side moved outward by a share of its width or height."""
    x1, y1, x2, y2 = box
    left, top, right, bottom = (margins * [x2 - x1, y2 - y1, x2 - x1, y2 - y1]).tolist()
    return x1 - left, y1 - top, x2 + right, y2 + bottom
