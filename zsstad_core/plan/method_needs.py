"""All that a plan asks of a method: who changes what methods say of themselves adapts this file alone of `plan`."""

from dataclasses import dataclass

from zsstad_core.cache.token_kinds import TokenKind
from zsstad_core.heads import HEADS, Reads
from zsstad_core.settings import Settings


@dataclass(frozen=True)
class MethodNeeds:
    """What the method of some settings needs.

    kinds: the kinds of tokens that it reads of frames, detected persons and objects. reads_text: whether it reads text
    tokens. window: so many frames on each side of a frame, whose views it reads with it. trains: whether it has weights
    to train. runs_encoder: whether the image encoder runs inside it, and so decides its scores.
    """

    kinds: tuple[TokenKind, ...]
    reads_text: bool
    window: int
    trains: bool
    runs_encoder: bool
    reads: Reads


def needs_of(settings: Settings) -> MethodNeeds:
    """What `settings.head` needs under these settings."""
    head = HEADS[settings.head]
    reads = head.reads(settings)
    window = max(reads.window_before, reads.window_after)
    return MethodNeeds(reads.tokens, bool(reads.tokens), window, head.trains, head.runs_encoder, reads)


def refuse_unfit_method(settings: Settings) -> None:
    """Raise UnfitHeadError where the method cannot run under the settings."""
    HEADS[settings.head].refuse(settings)


def methods() -> list[str]:
    """The names of all methods."""
    return list(HEADS)


def trains(method: str) -> bool:
    """Whether a method has weights to train."""
    return HEADS[method].trains
