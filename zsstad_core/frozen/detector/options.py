"""Reads `detector.options` as the section that the kind of detector declares. Imports no torch."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from zsstad_core.errors import SettingsError, did_you_mean
from zsstad_core.frozen.detector.contract import DetectorKind
from zsstad_core.settings.base import Section


def read_options[Options: Section](kind: DetectorKind[Options], given: Mapping[str, Any]) -> Options:
    """The options of this kind, with its defaults where nothing is given.

    Raises SettingsError, in one line, for an option that is unknown, missing or invalid.
    """
    try:
        return kind.options.model_validate(dict(given))
    except ValidationError as error:
        raise SettingsError(_sentence(kind, error.errors()[0])) from None


def _sentence(kind: DetectorKind[Any], problem: Any) -> str:
    fields = kind.options.model_fields
    name = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        return f"detector.options.{name} is not an option of {kind.name}{did_you_mean(name, fields)}; {_listed(kind)}"
    if problem["type"] == "missing":
        explained = (fields[name].description or "").strip()
        return f"detector.options.{name} is not set, and {kind.name} needs it: {explained}".removesuffix(": ")
    rule = str(problem["msg"]).replace("Input should be", "it must be").replace("a valid ", "a ")
    return f"detector.options.{name} is {problem['input']!r}; {rule}"


def _listed(kind: DetectorKind[Any]) -> str:
    names = ", ".join(kind.options.model_fields)
    return f"its options are {names}" if names else "it has no options"
