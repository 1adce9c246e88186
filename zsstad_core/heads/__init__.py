"""Heads: what is trained (or, for baselines, only computed) on top of cached tokens. One file a method, one contract.

This module is the list of them. It imports no torch, so that a plan can ask what a head reads at no cost; `build`
imports the one that is wanted.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from zsstad_core.settings import Settings

if TYPE_CHECKING:
    from zsstad_core.heads.base import Head


@dataclass(frozen=True)
class Reads:
    """What a head reads of the cache for a frame.

    tokens: the token kinds it needs, of frame, person, object (text is always there).
    objects: object slots; person boxes and object boxes that touch pair up.
    memory_before, memory_after: frame tokens of that many neighbouring frames on each side.
    """

    tokens: tuple[str, ...]
    persons: int = 25
    objects: int = 0
    object_choice: str = "score"
    memory_before: int = 0
    memory_after: int = 0
    visited_memory: bool = False


@dataclass(frozen=True)
class Entry:
    """A head in the list: its class as `module:name`, what it reads under given settings, whether it has weights."""

    path: str
    reads: Callable[[Settings], Reads]
    trains: bool


def _iclip(settings: Settings) -> Reads:
    head = settings.heads.iclip
    used = set(head.blocks)
    return Reads(
        tokens=("frame", "person", *(("object",) if "O" in used else ())),
        persons=head.persons,
        objects=head.objects if "O" in used else 0,
        object_choice=head.object_choice,
        memory_before=head.memory_before if "M" in used else 0,
        memory_after=head.memory_after if "M" in used else 0,
        visited_memory=head.memory == "visited",
    )


HEADS: dict[str, Entry] = {
    "clip_frame": Entry("zsstad_core.heads.baselines:ClipFrame", lambda _: Reads(("frame",)), trains=False),
    "clip_crop": Entry("zsstad_core.heads.baselines:ClipCrop", lambda _: Reads(("person",)), trains=False),
    "iclip": Entry("zsstad_core.heads.iclip:Iclip", _iclip, trains=True),
    # The true class of the video with probability 1: no tokens, no text; scoring handles it without a module.
    "oracle": Entry("", lambda _: Reads(()), trains=False),
}


def build(settings: Settings, width: int) -> "Head":
    """The head that `settings.head` names, for tokens of `width` numbers, initialised from `training.seed`."""
    module, name = HEADS[settings.head].path.split(":")
    head: Head = getattr(import_module(module), name)(settings, width)
    return head
