"""The description of a method (`Method`), and of what it reads from the cache (`Reads`). Imports no torch.

A method classifies rows. A row is a person (one box of a frame) or a clip (a video, or the track of one person). The
method reads features of its rows: cached tokens, or views that go through the frozen encoder in every step. `Reads` has
a part for each kind of input (`Slots`, `Memory`, `Window`, `Segments`); code that does not use a part ignores it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from zsstad_core.cache.token_kinds import TokenKind
    from zsstad_core.settings.pipeline import Settings

type RowKind = Literal["person", "clip"]
type TextForm = Literal["mean", "phrasings", "words"]
type Sampling = Literal["random", "middle", "start", "stride"]


@dataclass(frozen=True)
class Slots:
    """How many persons of a frame are classified together, and how many objects are their attention keys.

    persons: limit on the persons of a sample. objects: limit on the objects of a frame; each must touch a person.
    object_choice: which objects are taken when more than `objects` touch a person: those with the best `score`, or a
        `random` choice that depends on the seed and the frame.
    """

    persons: int = 25
    objects: int = 0
    object_choice: str = "score"


@dataclass(frozen=True)
class Memory:
    """Tokens of neighbouring frames: `before` steps before the frame and `after` steps after it.

    visited: in training, only frames that an earlier iteration has visited. occupied: only frames with a person who is
    trained on or scored.
    """

    before: int = 0
    after: int = 0
    visited: bool = False
    occupied: bool = False


@dataclass(frozen=True)
class Window:
    """Views of neighbouring frames: `before` frames before the frame and `after` after it form one window with it."""

    before: int = 0
    after: int = 0

    @property
    def reach(self) -> int:
        """Neighbouring frames on the longer side of the window."""
        return max(self.before, self.after)


@dataclass(frozen=True)
class Segments:
    """Which frames of a clip a method reads; `learning.segments` explains the ways to sample them.

    frames: number of frames. train, test: the way to sample when a clip is trained on, and when it is scored. views:
    how many times a clip is scored, each time on other frames; the probabilities are averaged. stride: distance from
    frame to frame for the way `stride`. short: what happens to a clip with fewer frames: `refuse` raises DataError,
    `repeat` uses frames several times.
    """

    frames: int
    train: Sampling = "random"
    test: Sampling = "middle"
    views: int = 1
    stride: int = 1
    short: Literal["repeat", "refuse"] = "repeat"


@dataclass(frozen=True)
class Reads:
    """What a method reads from the cache.

    kinds: token kinds (`cache.token_kinds`) of frames, persons and objects; in training, annotated persons are read in
    place of detected ones. texts: forms of the class texts. segments: how frames of a clip are sampled; None for a
    method that classifies persons.
    """

    kinds: tuple["TokenKind", ...] = ()
    texts: frozenset[TextForm] = frozenset()
    slots: Slots = Slots()
    memory: Memory = Memory()
    window: Window = Window()
    segments: Segments | None = None


def accept(settings: "Settings") -> None:
    """Accept all settings: the default of `Method.refuse`."""


@dataclass(frozen=True)
class Method:
    """A method, as the registry lists it.

    A function or class whose module imports torch is given as a string `module:name`, and is loaded when it is used.

    title: the method's name in tables.
    classifies: what its rows are.
    reads: a function (settings) -> Reads.
    phrasings: a function (settings, the texts of each class) -> the phrasings of each class, for a method that reads
        phrasings and makes them itself; None where the texts of a class are its phrasings.
    build: a function (settings, width of tokens) -> Head; empty where nothing is computed (see `truth`).
    trains: whether it has weights to learn. runs_encoder: whether the frozen image encoder runs inside the head.
    refuse: a function (settings) that raises UnfitHeadError, before anything is computed, where the method cannot run
        under the settings.
    explain: a function (head, batch of one frame) -> Explanation (`methods.explanation`), which the report shows; empty
        where there is nothing to show. explains: whether there is something to show under given settings.
    encoder: a function (head, settings) -> state_dict of the whole open_clip model, with what the head trained inside
        it. trains_encoder: whether the head trains something inside it under given settings.
    truth: for a method that reads the answer from the annotation, a function (settings) -> whether it knows the actions
        of each video or of each person; None for all other methods.
    baseline: whether tables show it beside other methods. whole_batch: whether its loss compares the rows of a batch
        with each other, so that a batch cannot be divided.
    """

    title: str
    classifies: RowKind
    reads: Callable[["Settings"], Reads]
    phrasings: Callable[["Settings", Sequence[Sequence[str]]], list[list[str]]] | None = None
    build: str = ""
    trains: bool = False
    runs_encoder: bool = False
    refuse: Callable[["Settings"], None] = accept
    explain: str = ""
    explains: Callable[["Settings"], bool] = lambda settings: True
    encoder: str = ""
    trains_encoder: Callable[["Settings"], bool] = lambda settings: False
    truth: Callable[["Settings"], Literal["video", "person"]] | None = None
    baseline: bool = False
    whole_batch: Callable[["Settings"], bool] = lambda settings: False
