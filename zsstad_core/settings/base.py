"""What every section of the settings is, and the marks of a field that decide how it enters a cache key."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

HOW = "how"
"""Marks a field that changes speed or place, and not content. It is in no key."""

BY_DIGEST = "by digest"
"""Marks a field that names files, or chooses videos, texts or tables. Its value is in no key, but what it names is: the
plan puts the digests of the files, the videos and the texts into keys (`plan.inputs`). So a file that is moved redoes
nothing, and another content under the same name is noticed."""

ADDED = "added"
"""Marks a field, or a whole section, that was added when caches already existed.

Such a field enters a key only where its value is not its default. So the default must compute what was computed before
the field existed, and must never change afterwards: two defaults would share one key.

A field without a mark decides content by its value, which is in the key of what it decides."""

type Fraction = Annotated[float, Field(ge=0, le=1)]


class Section(BaseModel):
    """A group of settings: unknown keys are refused, types are not guessed, values do not change."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, allow_inf_nan=False, use_attribute_docstrings=True
    )

    @classmethod
    def content_fields(cls) -> list[str]:
        """The names of the fields whose values decide what is computed: all but those marked `HOW` or `BY_DIGEST`."""
        return [name for name, field in cls.model_fields.items() if not {HOW, BY_DIGEST}.intersection(field.metadata)]

    def content(self) -> dict[str, Any]:
        """The fields whose values decide what is computed, by name, as plain data: what a key is made of.

        It leaves out what is marked `HOW` or `BY_DIGEST`, and what is marked `ADDED` and has its default.
        """
        chosen: dict[str, Any] = {}
        for name in self.content_fields():
            field, value = type(self).model_fields[name], _plain(getattr(self, name))
            if ADDED in field.metadata and value == _plain(field.get_default(call_default_factory=True)):
                continue
            chosen[name] = value
        return chosen


def _plain(value: Any) -> Any:
    return value.content() if isinstance(value, Section) else value
