"""What every section of the settings is."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

HOW = "how"
"""Marks a field that changes speed or place, and not content. It is in no key."""

BY_DIGEST = "by digest"
"""Marks a field that names files, or chooses videos, texts or tables. Its value is in no key, but what it names is: the
plan puts the digests of the files, the videos and the texts into keys (`plan.inputs`). So a file that is moved redoes
nothing, and another content under the same name is noticed.

A field without a mark decides content by its value, which is in the key of what it decides."""

type Fraction = Annotated[float, Field(ge=0, le=1)]


class Section(BaseModel):
    """A group of settings: unknown keys are refused, types are not guessed, values do not change."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, allow_inf_nan=False, use_attribute_docstrings=True
    )

    def content(self) -> dict[str, Any]:
        """The fields whose values decide what is computed, as plain data: those that have no mark."""
        chosen: dict[str, Any] = {}
        for name, field in type(self).model_fields.items():
            if HOW in field.metadata or BY_DIGEST in field.metadata:
                continue
            value = getattr(self, name)
            chosen[name] = value.content() if isinstance(value, Section) else value
        return chosen
