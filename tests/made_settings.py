"""Settings as they are read from a user's file, with recipe, choices and SET=."""

from pathlib import Path

from zsstad_core import configure
from zsstad_core.settings.pipeline import Settings


def load(folder: Path, text: str | bytes = "", **asked: object) -> Settings:
    file = folder / "pipeline.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return configure.load(file, **asked)  # type: ignore[arg-type]
