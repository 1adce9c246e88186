"""The registry entry of ST-CLIP."""

from zsstad_core.cache.token_kinds import TokenKind
from zsstad_core.methods.contract import Method, Reads, Slots, Window
from zsstad_core.methods.stclip.refusals import refuse
from zsstad_core.settings.pipeline import Settings


def reads(settings: Settings) -> Reads:
    """Views of windows and crops; where LoRA does not adapt crops and whole frames, frozen tokens of these."""
    head = settings.heads.stclip
    frozen_crops = head.person_tokens == "encoder" and not head.lora_in_crops
    frozen_frames = (TokenKind.frame,) if head.whole_frame and not head.lora_in_crops else ()
    return Reads(
        kinds=(
            *frozen_frames,
            TokenKind.pixel,
            TokenKind.person_unprojected if frozen_crops else TokenKind.person_pixel,
        ),
        texts=frozenset({"mean"}),
        slots=Slots(head.persons),
        window=Window(head.frames_before, head.frames_after) if head.temporal != "none" else Window(),
    )


METHOD = Method(
    title="ST-CLIP",
    classifies="person",
    reads=reads,
    build="zsstad_core.methods.stclip.build:build",
    trains=True,
    runs_encoder=True,
    refuse=refuse,
    explain="zsstad_core.methods.stclip.explain:explain",
    encoder="zsstad_core.methods.stclip.build:merged_encoder",
    trains_encoder=lambda settings: settings.heads.stclip.lora_rank > 0,
)
