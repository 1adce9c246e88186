"""The content of a page, as plain data. Everything but the title may be empty; an empty part is not shown.

The group of a class is "unseen" or "seen", or "" for a class that is neither.

Boxes are `x1, y1, x2, y2` in pixels of the frame, whatever the size of its picture. AP, recall and probabilities are
fractions from 0 to 1, None if undefined. Pictures are JPEG, as base64.
"""

from dataclasses import asdict, dataclass
from typing import Any, Literal

type Corners = tuple[float, float, float, float]
type Cell = str | None


@dataclass(frozen=True)
class Number:
    """A number at the top of the page: its name, its value as printed, and a caption under it."""

    name: str
    value: str
    caption: str


@dataclass(frozen=True)
class Table:
    """A table: title, columns, and rows of cells. ours: the number of rows, from the first, that are this run's."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    ours: int = 0
    note: str = ""


@dataclass(frozen=True)
class ClassRow:
    """A class and its numbers. video_ap: by the name of the IoU threshold."""

    name: str
    group: str
    ap: float | None
    recall: float | None
    boxes: int
    detections: int
    video_ap: dict[str, float | None]


@dataclass(frozen=True)
class Curve:
    """Precision over recall of a class, by falling score; score: at each point. best: the index of the best F1."""

    name: str
    group: str
    ap: float | None
    recall: tuple[float, ...]
    precision: tuple[float, ...]
    score: tuple[float, ...]
    best: int | None


@dataclass(frozen=True)
class Confusion:
    """How many persons of a row's annotated class were predicted as a column's class. count: [rows, columns], fractions
    if persons do several actions. unseen: the names that are unseen classes."""

    title: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    count: tuple[tuple[float, ...], ...]
    unseen: tuple[str, ...]


@dataclass(frozen=True)
class ErrorKind:
    """A kind of error: its name and caption, its count, its count at the operating point, and its cost: the mAP gained
    when this kind alone is fixed, for the groups "unseen", "seen" and "" (all classes)."""

    name: str
    caption: str
    count: int
    count_at_best: int
    cost: dict[str, float | None]


@dataclass(frozen=True)
class FixInTurn:
    """The mAP of a group as it is, and after each fix in turn: (what is fixed, mAP); the first is "as is"."""

    group: str
    steps: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Errors:
    """The kinds of errors, each with its cost, and the mAP when they are fixed one after the other."""

    kinds: tuple[ErrorKind, ...]
    in_turn: tuple[FixInTurn, ...]


@dataclass(frozen=True)
class Box:
    """A box to be drawn over a picture, and its label. right: whether the action is right, None if unknown. reason:
    whether the picture is shown because of this box."""

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
    """One frame of the gallery: title, caption, boxes. good: whether it is one of the best moments or of the worst."""

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
    """A detected person in one frame of a clip.

    at: the index of the frame in the clip. box_score: the detection score. probability: of each label of the clip.
    label: the index of the label that the person gets; None if it gets none. similarity: the cosine from which each
    probability was computed, if known.
    """

    at: int
    corners: Corners
    box_score: float
    probability: tuple[float, ...]
    label: int | None
    similarity: tuple[float, ...] = ()


@dataclass(frozen=True)
class Person:
    """A person who was tracked through a clip: the track's number (0: boxes without a track) and each appearance."""

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
    """An annotated person, by number, with each appearance."""

    number: int
    seen: tuple[TrueSight, ...]


@dataclass(frozen=True)
class Clip:
    """Frames of a video for the player.

    why: the reason for showing the clip. frames: frame numbers in the video; every: how many frames the video has;
    seconds, jpegs: one for each of `frames`. labels: the labels for which persons were scored; groups: of each label.
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
    """The attention weights of a person in one block of a head: shares that sum to 1 (all 0 if there are no keys).

    kind: the kind of the block's keys. keys: for persons their numbers, for objects the indices of their letters, for
    memory how many frames later they are, for context 0. weight: of each key. empty: of all `empties` empty slots
    together.
    """

    kind: Literal["persons", "objects", "context", "memory"]
    keys: tuple[int, ...]
    weight: tuple[float, ...]
    empty: float
    empties: int


@dataclass(frozen=True)
class AttendingPerson:
    """A person with its attention weights, over patches or by blocks.

    chosen, weight: the patches that the person chose, and the attention weight of each, [rows][columns]; chosen is
    empty if the head chooses no patches. others: what the person chose besides patches. blocks: in the head's order.
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
    """An object of a frame: its letter, its box, and its class."""

    letter: str
    corners: Corners
    text: str


@dataclass(frozen=True)
class Attention:
    """A frame with the attention of its persons, over patches or by blocks. patches: the box of each in the frame,
    [rows][columns]. objects: the objects that the blocks read, in the order of their letters."""

    video_id: str
    frame: int
    caption: str
    picture: Picture
    patches: tuple[tuple[Corners, ...], ...]
    persons: tuple[AttendingPerson, ...]
    objects: tuple[LetteredObject, ...] = ()


@dataclass(frozen=True)
class Provenance:
    """A part of what made the results: a title, and (name, value) pairs."""

    title: str
    entries: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Page:
    """A page. lead: one sentence under the title. notes: what a reader must know to understand the numbers."""

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
        """The page as plain data, as the scripts in `web/` read it."""
        return asdict(self)
