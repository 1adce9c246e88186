"""What the registry knows of the perfect classifier: it reads the annotation, and nothing is computed."""

from zsstad_core.methods.contract import Method, Reads

METHOD = Method(
    title="perfect classifier",
    classifies="person",
    reads=lambda _: Reads(),
    truth=lambda settings: settings.heads.oracle.knows,
)
