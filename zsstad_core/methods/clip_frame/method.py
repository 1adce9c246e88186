"""What the registry knows of this baseline."""

from zsstad_core.methods.contract import Method, Reads

METHOD = Method(
    classifies="person",
    reads=lambda _: Reads(kinds=("frame",), texts=frozenset({"mean"})),
    build="zsstad_core.methods.clip_frame.model:ClipFrame",
    baseline=True,
)
