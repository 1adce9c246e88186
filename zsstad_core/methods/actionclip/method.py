"""The registry entry of ActionCLIP."""

from collections.abc import Sequence

from zsstad_core.cache.token_kinds import TokenKind
from zsstad_core.methods.actionclip import texts
from zsstad_core.methods.actionclip.refusals import refuse
from zsstad_core.methods.contract import Method, Reads, Segments
from zsstad_core.settings.pipeline import Settings


def reads(settings: Settings) -> Reads:
    """Tokens of sampled frames of a clip, or of a person's crops in them, and several phrasings of each class."""
    own = settings.heads.actionclip
    crops = settings.clips.of == "tracklet" and settings.clips.tracklet == "crops"
    return Reads(
        kinds=(TokenKind.person if crops else TokenKind.frame,),
        texts=frozenset({"phrasings"}),
        segments=Segments(own.frames, train="random", test="middle", views=own.views, short="repeat"),
    )


def phrasings(settings: Settings, class_texts: Sequence[Sequence[str]]) -> list[list[str]]:
    """The phrasings of each class under the templates of the settings; see `texts.phrasings`."""
    return texts.phrasings(settings.heads.actionclip.templates, class_texts)


METHOD = Method(
    title="ActionCLIP",
    classifies="clip",
    reads=reads,
    phrasings=phrasings,
    build="zsstad_core.methods.actionclip.model:build",
    trains=True,
    refuse=refuse,
    whole_batch=lambda settings: settings.heads.actionclip.loss == "batch",
)
