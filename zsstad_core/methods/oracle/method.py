"""The registry entry of the perfect classifier, which reads the annotation; nothing is computed."""

from zsstad_core.methods.contract import Method, Reads

METHOD = Method(
    title="perfect classifier",
    classifies="person",
    reads=lambda _: Reads(),
    truth=lambda settings: settings.heads.oracle.knows,
)
