"""What a page says, as plain data. Everything but the title may be missing; a part that is missing is not shown.

A group of classes is "unseen" or "seen"; of a class that is neither, "".

Boxes are `x1, y1, x2, y2` in pixels of the frame, whatever the size of its picture. AP, recall and probabilities are
fractions from 0 to 1, None where they are not defined. Pictures are JPEG, as base64.
"""

from dataclasses import asdict, dataclass
from typing import Any, Literal

type Corners = tuple[float, float, float, float]
type Cell = str | None


@dataclass(frozen=True)
class Number:
    """A number of the head of the page: what it is, its value as it is printed, and a word under it."""

    name: str
    value: str
    caption: str


@dataclass(frozen=True)
class Table:
    """A table: its title, the columns, rows of cells. The first `ours` rows are this run's; note: below it."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    ours: int = 0
    note: str = ""


@dataclass(frozen=True)
class ClassRow:
    """A class and its numbers. video_ap: by the name of the overlap."""

    name: str
    group: str
    ap: float | None
    recall: float | None
    boxes: int
    detections: int
    video_ap: dict[str, float | None]


@dataclass(frozen=True)
class Curve:
    """Precision over recall of a class, by falling score; score: at each point. best: the place of the best F1."""

    name: str
    group: str
    ap: float | None
    recall: tuple[float, ...]
    precision: tuple[float, ...]
    score: tuple[float, ...]
    best: int | None


@dataclass(frozen=True)
class Confusion:
    """How often a row's true class was answered with a column's. count: [rows, columns], fractions
    where persons do several actions. unseen: which names are unseen classes."""

    title: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    count: tuple[tuple[float, ...], ...]
    unseen: tuple[str, ...]


@dataclass(frozen=True)
class ErrorKind:
    """A kind of error: what it is, how many there are, how many of them at the operating point, and how much mAP is won
    back when it alone is fixed: of the group "unseen", "seen" or "" (all classes)."""

    name: str
    caption: str
    count: int
    count_at_best: int
    cost: dict[str, float | None]


@dataclass(frozen=True)
class FixInTurn:
    """mAP of a group as it is, and after each fix in turn: (what is fixed, mAP), the first of them "as is"."""

    group: str
    steps: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Errors:
    """The kinds, each with its cost; what the mAP comes to when they are fixed one after the other."""

    kinds: tuple[ErrorKind, ...]
    in_turn: tuple[FixInTurn, ...]


@dataclass(frozen=True)
class Box:
    """A box to be drawn over a picture, and what it says. right: None where unknown. reason: the picture is for it."""

    corners: Corners
    text: str
    kind: Literal["detected", "annotated"]
    right: bool | None = None
    reason: bool = False


@dataclass(frozen=True)
class Picture:
    """A frame as JPEG, and the frame's size in pixels; the JPEG may be smaller."""

    width: int
    height: int
    jpeg: str


@dataclass(frozen=True)
class Moment:
    """One frame of the gallery: title, what is to be seen, the boxes. good: of the best or of the worst."""

    good: bool
    title: str
    caption: str
    group: str
    video_id: str
    frame: int
    picture: Picture
    boxes: tuple[Box, ...]


@dataclass(frozen=True)
class Sight:
    """A person in one frame of a clip: the place of the frame in the clip, its box, how sure the detector is of it,
    the probability of each label of the clip, and the label it gets (its place; None: labelled nothing).

    similarity: the cosine that each probability comes from, where it is known.
    """

    at: int
    corners: Corners
    box_score: float
    probability: tuple[float, ...]
    label: int | None
    similarity: tuple[float, ...] = ()


@dataclass(frozen=True)
class Person:
    """A person that was followed through a clip: the number, and where it was seen. 0: boxes of no track."""

    number: int
    seen: tuple[Sight, ...]


@dataclass(frozen=True)
class TrueSight:
    """An annotated person in one frame of a clip."""

    at: int
    corners: Corners
    actions: tuple[str, ...]


@dataclass(frozen=True)
class TruePerson:
    """An annotated person, by its number, and where it is."""

    number: int
    seen: tuple[TrueSight, ...]


@dataclass(frozen=True)
class Clip:
    """Frames of a video for the player.

    why: the reason it is shown. frames: their numbers in the video, `every` how many frames it has in all; seconds: of
    each; jpegs: of each. labels: what persons were scored against, with the group of each.
    """

    video_id: str
    why: str
    group: str
    width: int
    height: int
    frames: tuple[int, ...]
    every: int
    seconds: tuple[float, ...]
    jpegs: tuple[str, ...]
    labels: tuple[str, ...]
    groups: tuple[str, ...]
    persons: tuple[Person, ...]
    truth: tuple[TruePerson, ...]


@dataclass(frozen=True)
class Block:
    """What a person attends to in one block of a head: shares that sum to 1 (to nothing, where there is nothing).

    kind: what its keys are. keys: of persons their numbers, of objects the places of their letters, of memory how many
    frames later they are, of context 0. weight: of each key. empty: of all empty slots, of which there are `empties`.
    """

    kind: Literal["persons", "objects", "context", "memory"]
    keys: tuple[int, ...]
    weight: tuple[float, ...]
    empty: float
    empties: int


@dataclass(frozen=True)
class AttendingPerson:
    """A person and what it attends to: either patches, or by blocks.

    chosen, weight: which patches it chose, and how much it attends to each, [rows][columns]; chosen is empty where the
    head chooses none. others: what it chose besides. blocks: in the head's order.
    """

    number: int
    corners: Corners
    text: str
    chosen: tuple[tuple[bool, ...], ...] = ()
    weight: tuple[tuple[float, ...], ...] = ()
    others: str = ""
    blocks: tuple[Block, ...] = ()


@dataclass(frozen=True)
class LetteredObject:
    """An object of a frame: its letter, and what it is."""

    letter: str
    corners: Corners
    text: str


@dataclass(frozen=True)
class Attention:
    """A frame whose persons attend to its patches, or by blocks. patches: where each lies in the frame,
    [rows][columns]. objects: those that blocks know, in the order of their letters."""

    video_id: str
    frame: int
    caption: str
    picture: Picture
    patches: tuple[tuple[Corners, ...], ...]
    persons: tuple[AttendingPerson, ...]
    objects: tuple[LetteredObject, ...] = ()


@dataclass(frozen=True)
class Provenance:
    """Some of what made the results: a title, and (name, value) pairs."""

    title: str
    entries: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Page:
    """A page. lead: one sentence under the title; notes: what a reader must know of the numbers."""

    title: str
    lead: str = ""
    notes: tuple[str, ...] = ()
    numbers: tuple[Number, ...] = ()
    tables: tuple[Table, ...] = ()
    classes: tuple[ClassRow, ...] = ()
    curves: tuple[Curve, ...] = ()
    confusions: tuple[Confusion, ...] = ()
    errors: Errors | None = None
    moments: tuple[Moment, ...] = ()
    clips: tuple[Clip, ...] = ()
    clips_note: str = ""
    attention: tuple[Attention, ...] = ()
    made: tuple[Provenance, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain data, as page/web/ reads it."""
        return asdict(self)
