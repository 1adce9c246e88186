"""The registry of detectors: a name in the settings to a `DetectorKind`, and to entries of the cache key. No torch."""

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
"""Where the `DetectorKind` of each name is, as `module:name`."""


def find_kind(name: str) -> DetectorKind[Any]:
    """The `DetectorKind` that `detector.kind` names: a name in `DETECTORS`, or any other one as `module:name`.

    Raises SettingsError where the name is unknown, or is not that of a `DetectorKind`.
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
    """What determines the detector's boxes, as entries of a cache key; they replace settings of the same name.

    digest: a function that gives the digest of a file's content. digests: a function that gives the digests of several
    files, by their names. Raises SettingsError for an unknown kind, for options that the kind does not take, and for
    fine-tuning of a kind that does not support it; MissingFileError for a file that does not exist.
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
