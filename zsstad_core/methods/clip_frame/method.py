"""The registry entry of the baseline `clip_frame`."""

from zsstad_core.cache.token_kinds import TokenKind
from zsstad_core.methods.contract import Method, Reads

METHOD = Method(
    title="CLIP, whole frame",
    classifies="person",
    reads=lambda _: Reads(kinds=(TokenKind.frame,), texts=frozenset({"mean"})),
    build="zsstad_core.methods.clip_frame.model:ClipFrame",
    baseline=True,
)
