"""Small tables of persons who do several actions, written by hand or drawn by hypothesis."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import pandas as pd
import pytest
from hypothesis import settings
from hypothesis import strategies as st

from zsstad_core.metrics import ava
from zsstad_core.tables import table

type Corners = tuple[int, int, int, int]

CLASSES = ["sit", "wave", "never annotated"]
ELSEWHERE = "not evaluated"
PROTOCOLS = ["multisports", "act", "ava", "voc", "voc07"]
CAPPED = "ava, the best three of a keyframe"
CASES = [*PROTOCOLS, CAPPED]


class Real(NamedTuple):
    """An annotated person."""

    video_id: str
    frame: int
    corners: Corners
    does: tuple[str, ...]


class Seen(NamedTuple):
    """A detected person, and the score of each class that it is scored for."""

    video_id: str
    frame: int
    corners: Corners
    scores: dict[str, float]


def truth(*persons: Real, decoded: bool = True) -> pd.DataFrame:
    rows = [
        (person.video_id, person.frame, box, *person.corners, name, decoded)
        for box, person in enumerate(persons)
        for name in person.does
    ]
    columns = ["video_id", "frame", "box", "x1", "y1", "x2", "y2", "class_name", "decoded"]
    return table("groundtruth", pd.DataFrame(rows, columns=columns))


def found(*persons: Seen) -> pd.DataFrame:
    rows = [
        (person.video_id, person.frame, box, *person.corners, name, score, score, 1.0)
        for box, person in enumerate(persons)
        for name, score in person.scores.items()
    ]
    columns = ["video_id", "frame", "box", "x1", "y1", "x2", "y2", "class_name", "score", "probability", "box_score"]
    return table("detections", pd.DataFrame(rows, columns=columns))


@contextmanager
def rules_of(case: str) -> Iterator[str]:
    """The protocol of one of CASES."""
    with pytest.MonkeyPatch.context() as patch:
        if case == CAPPED:
            patch.setattr(ava, "CAP", 3)
        yield "ava" if case == CAPPED else case


# A grid so coarse that boxes often are equal, overlap by exactly 0.5 or 0.1, or just touch.
videos, frames = st.sampled_from(["a", "b"]), st.integers(0, 1)
_GRID = [(x, y, x + width, y + 10) for x in (0, 2, 4, 5, 9, 20) for y in (0, 3) for width in (5, 10, 20)]
_SCORES = [0.0, 0.1, 0.25, 0.25, 0.5, 0.7, 0.9]
corners, some_score = st.sampled_from(_GRID), st.sampled_from(_SCORES)
actions = st.lists(st.sampled_from([*CLASSES[:2], ELSEWHERE]), min_size=1, max_size=3, unique=True).map(tuple)
scores = st.dictionaries(st.sampled_from([*CLASSES, ELSEWHERE]), some_score, min_size=1)
truths = st.lists(st.builds(Real, videos, frames, corners, actions), max_size=6).map(lambda of: truth(*of))
detections = st.lists(st.builds(Seen, videos, frames, corners, scores), max_size=7).map(lambda of: found(*of))
overlaps = st.sampled_from([0.05, 0.25, 0.5, 0.75, 1.0])
few = settings(max_examples=12)

MANY = [f"class {number}" for number in range(60)]


def crowd(seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Many persons on few frames, who do some of MANY: like sixty small cases, and a case of many classes."""
    draw = random.Random(seed)

    def place() -> tuple[str, int, Corners]:
        return draw.choice("abcdefgh"), draw.randrange(6), draw.choice(_GRID)

    real = [Real(*place(), tuple(draw.sample(MANY, draw.randint(1, 4)))) for _ in range(120)]
    seen = []
    for _ in range(150):
        person = draw.choice(real)
        names = {*draw.sample(MANY, 12), *person.does}
        where = (person.video_id, person.frame, draw.choice([person.corners, draw.choice(_GRID)]))
        seen.append(Seen(*where, {name: draw.choice(_SCORES) for name in sorted(names)}))
    return truth(*real), found(*seen)
