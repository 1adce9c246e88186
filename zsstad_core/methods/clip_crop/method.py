"""The registry entry of the baseline `clip_crop`."""

from zsstad_core.cache.token_kinds import TokenKind
from zsstad_core.methods.contract import Method, Reads

METHOD = Method(
    title="CLIP, person's crop",
    classifies="person",
    reads=lambda _: Reads(kinds=(TokenKind.person,), texts=frozenset({"mean"})),
    build="zsstad_core.methods.clip_crop.model:ClipCrop",
    baseline=True,
)
