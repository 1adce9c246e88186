"""The registry entry of iCLIP."""

from zsstad_core.cache.token_kinds import TokenKind
from zsstad_core.methods.contract import Memory, Method, Reads, Slots
from zsstad_core.settings.pipeline import Settings


def reads(settings: Settings) -> Reads:
    """Tokens of persons and frames; of objects and neighbouring frames where a block reads them."""
    head = settings.heads.iclip
    objects, memory = "O" in head.blocks, "M" in head.blocks
    return Reads(
        kinds=(TokenKind.frame, TokenKind.person, *((TokenKind.object,) if objects else ())),
        texts=frozenset({"mean"}),
        slots=Slots(head.persons, head.objects if objects else 0, head.object_choice),
        memory=Memory(
            head.memory_before if memory else 0,
            head.memory_after if memory else 0,
            visited=head.memory == "visited",
            occupied=head.memory_frames == "with_persons",
        ),
    )


METHOD = Method(
    title="iCLIP",
    classifies="person",
    reads=reads,
    build="zsstad_core.methods.iclip.model:Iclip",
    trains=True,
    explain="zsstad_core.methods.iclip.explain:explain",
    explains=lambda settings: bool(settings.heads.iclip.blocks),
)
