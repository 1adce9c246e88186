"""The list of detectors: from the name in the settings to a kind, and to what goes into a key. Imports no torch."""

import re
from collections.abc import Callable, Iterable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zsstad_core.errors import SettingsError, did_you_mean
from zsstad_core.frozen.detector.contract import DetectorKind
from zsstad_core.frozen.detector.options import read_options
from zsstad_core.settings.frozen import Detector as DetectorSettings

if TYPE_CHECKING:
    from types import ModuleType

DETECTORS: dict[str, str] = {
    "mmdet": "zsstad_core.frozen.detector.mmdet.kind:KIND",
}
"""The `DetectorKind` of each name, as `module:name`."""


def find_kind(name: str) -> DetectorKind[Any]:
    """The kind that `detector.kind` names: one of the list, or any other as `module:name`.

    Raises SettingsError where there is none of that name, or what is there is none.
    """
    if name not in DETECTORS and not re.fullmatch(r"\w[\w.]*:\w+", name):
        raise SettingsError(
            f"detector.kind is {name}; it must be one of {', '.join(DETECTORS)}{did_you_mean(name, DETECTORS)}, "
            "or a detector of yours as module:name (docs/add-a-detector.md)"
        )
    path, _, attribute = DETECTORS.get(name, name).partition(":")
    kind = getattr(_module(name, path), attribute, None)
    if not isinstance(kind, DetectorKind):
        raise SettingsError(
            f"detector.kind is {name}; module {path} has no DetectorKind called {attribute} (docs/add-a-detector.md)"
        )
    if name not in DETECTORS and kind.name in DETECTORS:
        raise SettingsError(
            f"detector.kind is {name}, which calls itself {kind.name}; that name is taken, choose another"
        )
    return kind


def identity(
    settings: DetectorSettings, digest: Callable[[Path], str], digests: Callable[[Iterable[Path]], dict[str, str]]
) -> dict[str, Any]:
    """What decides the boxes that the detector finds, as entries of a key; they replace settings of the same name.

    digest: of a file's content. digests: of the content of several, by their names.
    Raises SettingsError for an unknown kind, options that it does not take, and fine-tuning where it cannot be;
    MissingFileError for a file that is not there.
    """
    kind = find_kind(settings.kind)
    if settings.finetune.epochs and not kind.finetunes:
        raise SettingsError(
            f"detector.finetune.epochs is {settings.finetune.epochs}, but a detector of kind {kind.name} cannot be "
            "fine-tuned; set it to 0, or choose another detector.kind"
        )
    options = read_options(kind, settings.options)

    def plain(value: Any) -> Any:
        if isinstance(value, Path):
            return digest(value)
        if isinstance(value, list) and value and all(isinstance(entry, Path) for entry in value):
            return digests(value)
        return {name: plain(inner) for name, inner in value.items()} if isinstance(value, dict) else value

    chosen = {"kind": kind.name, "options": options.content()} if "kind" in settings.content() else {}
    return chosen | {name: plain(value) for name, value in kind.identity(settings, options).items()}


def _module(name: str, path: str) -> "ModuleType":
    try:
        return import_module(path)
    except ImportError as error:
        raise SettingsError(f"detector.kind is {name}; {path} cannot be imported ({error}); see PYTHONPATH") from error
