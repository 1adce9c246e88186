"""All sections and settings by their dotted names, so that a test can ask something of each."""

from collections.abc import Iterator

from pydantic.fields import FieldInfo

from zsstad_core.settings.base import Section
from zsstad_core.settings.pipeline import Settings


def _sections(section: type[Section], name: str) -> Iterator[tuple[str, type[Section]]]:
    yield name, section
    for key, field in section.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, Section):
            yield from _sections(field.annotation, f"{name}.{key}".lstrip("."))


SECTIONS: dict[str, type[Section]] = dict(_sections(Settings, ""))
SETTINGS: dict[str, FieldInfo] = {
    f"{name}.{key}".lstrip("."): field
    for name, section in SECTIONS.items()
    for key, field in section.model_fields.items()
    if f"{name}.{key}".lstrip(".") not in SECTIONS
}
