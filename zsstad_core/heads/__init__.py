"""Heads: what is trained (or, for baselines, only computed) on top of cached tokens. One file a method, one contract.

This module is the list of them. It imports no torch, so that a plan can ask what a head reads at no cost; `build`
imports the one that is wanted.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from zsstad_core.cache.token_kinds import TokenKind
from zsstad_core.heads import stclip_fits
from zsstad_core.settings import Settings

if TYPE_CHECKING:
    from zsstad_core.heads.base import Head


@dataclass(frozen=True)
class Reads:
    """What a head reads of the cache for a frame.

    tokens: the token kinds it needs, of `cache.token_kinds` those of frames, persons and objects (text is always
    there). What is of persons is of the annotated ones in training.
    objects: object slots; person boxes and object boxes that touch pair up.
    memory_before, memory_after: frame tokens of that many neighbouring frames on each side.
    window_before, window_after: views of that many neighbouring frames on each side, as one window with the frame.
    """

    tokens: tuple[TokenKind, ...]
    persons: int = 25
    objects: int = 0
    object_choice: str = "score"
    memory_before: int = 0
    memory_after: int = 0
    visited_memory: bool = False
    window_before: int = 0
    window_after: int = 0


@dataclass(frozen=True)
class Entry:
    """A head in the list.

    path: its class, or a function that makes it, as `module:name`; called with the settings and the width of tokens.
    reads: what it reads under given settings. trains: whether it has weights. runs_encoder: whether the frozen image
    encoder runs inside it. refuse: raises UnfitHeadError, before anything is computed, where it cannot run under the
    settings.
    """

    path: str
    reads: Callable[[Settings], Reads]
    trains: bool
    runs_encoder: bool = False
    refuse: Callable[[Settings], None] = lambda settings: None


def _iclip(settings: Settings) -> Reads:
    head = settings.heads.iclip
    used = set(head.blocks)
    return Reads(
        tokens=(TokenKind.frame, TokenKind.person, *((TokenKind.object,) if "O" in used else ())),
        persons=head.persons,
        objects=head.objects if "O" in used else 0,
        object_choice=head.object_choice,
        memory_before=head.memory_before if "M" in used else 0,
        memory_after=head.memory_after if "M" in used else 0,
        visited_memory=head.memory == "visited",
    )


def _stclip(settings: Settings) -> Reads:
    own = settings.heads.stclip
    window = (own.frames_before, own.frames_after) if own.temporal != "none" else (0, 0)
    frozen_persons = own.person_tokens == "encoder" and not own.lora_in_crops
    person = TokenKind.person_unprojected if frozen_persons else TokenKind.person_pixel
    frozen_frames = (TokenKind.frame,) if own.whole_frame and not own.lora_in_crops else ()
    return Reads(
        tokens=(*frozen_frames, TokenKind.pixel, person),
        persons=own.persons,
        window_before=window[0],
        window_after=window[1],
    )


HEADS: dict[str, Entry] = {
    "clip_frame": Entry("zsstad_core.heads.baselines:ClipFrame", lambda _: Reads((TokenKind.frame,)), trains=False),
    "clip_crop": Entry("zsstad_core.heads.baselines:ClipCrop", lambda _: Reads((TokenKind.person,)), trains=False),
    "iclip": Entry("zsstad_core.heads.iclip:Iclip", _iclip, trains=True),
    "stclip": Entry(
        "zsstad_core.heads.stclip_build:build", _stclip, trains=True, runs_encoder=True, refuse=stclip_fits.refuse
    ),
    # The true class of the video with probability 1: no tokens, no text; scoring handles it without a module.
    "oracle": Entry("", lambda _: Reads(()), trains=False),
}


def build(settings: Settings, width: int) -> "Head":
    """The head that `settings.head` names, for tokens of `width` numbers, initialised from `training.seed`."""
    module, name = HEADS[settings.head].path.split(":")
    head: Head = getattr(import_module(module), name)(settings, width)
    return head
