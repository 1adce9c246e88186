"""What a method says of itself, before anything is computed. Imports no torch.

A method judges rows: persons (boxes of a frame) or clips (a video, or the track of one person). It reads features of
them: cached tokens, or views that go through the frozen encoder in every step. What it reads is said in parts; each
part is read by those who use it alone.
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
    """How many persons of a frame are judged together, and how many objects that touch one of them are their keys.

    object_choice: which objects are taken when more than `objects` touch a person: the
        best `score`s, or a choice at `random` from the seed and the frame.
    """

    persons: int = 25
    objects: int = 0
    object_choice: str = "score"


@dataclass(frozen=True)
class Memory:
    """Tokens of neighbouring frames, so many steps before and after the frame.

    visited: in training only those that an earlier iteration has visited. occupied: only those with a person who is
    trained on or scored.
    """

    before: int = 0
    after: int = 0
    visited: bool = False
    occupied: bool = False


@dataclass(frozen=True)
class Window:
    """Views of neighbouring frames, so many before and after the frame, in one window with it."""

    before: int = 0
    after: int = 0

    @property
    def reach(self) -> int:
        """Frames on the longer side."""
        return max(self.before, self.after)


@dataclass(frozen=True)
class Segments:
    """Frames of a clip, `frames` of them; `learning.segments` says how each way to choose them works.

    train, test: the way, when a clip is trained on and when it is scored. views: looks at a clip whose probabilities
    are averaged when it is scored. stride: of `stride`, from frame to frame. short: what becomes of a clip with fewer
    frames: `refuse` raises DataError, `repeat` shows frames several times.
    """

    frames: int
    train: Sampling = "random"
    test: Sampling = "middle"
    views: int = 1
    stride: int = 1
    short: Literal["repeat", "refuse"] = "repeat"


@dataclass(frozen=True)
class Reads:
    """What a method reads of the cache.

    kinds: token kinds (`cache.token_kinds`) of frames, persons and objects; of persons, annotated ones are read in
    training. texts: forms of the label texts. segments: how frames of a clip are chosen; None for a method of persons.
    """

    kinds: tuple["TokenKind", ...] = ()
    texts: frozenset[TextForm] = frozenset()
    slots: Slots = Slots()
    memory: Memory = Memory()
    window: Window = Window()
    segments: Segments | None = None


def accept(settings: "Settings") -> None:
    """Refuse nothing."""


@dataclass(frozen=True)
class Method:
    """A method, as the registry lists it. Functions that import torch are named `module:name` and loaded when used.

    title: what tables call it beside others.
    classifies: what its rows are.
    reads: what it reads under given settings.
    phrasings: a function (settings, the texts of each class) -> the phrasings of each class, of a method that reads
        these and makes them itself; None where the texts of a class are its phrasings.
    build: a function (settings, width of tokens) -> Head; empty where nothing is computed (see `truth`).
    trains: whether it has weights to learn. runs_encoder: whether the frozen image encoder runs inside the head.
    refuse: raises UnfitHeadError, before anything is computed, where the method cannot run under the settings.
    explain: a function (head, batch of one frame) -> Explanation (`methods.explanation`), which the report shows; empty
        where there is nothing to show. explains: whether there is, under given settings.
    encoder: a function (head, settings) -> state_dict of open_clip's whole model with what the head trained inside it.
    truth: of a method that knows the answer from the annotation, how far it knows it; None for all others.
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
