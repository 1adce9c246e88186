"""What every section of the settings is."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

HOW = "how"  # marks a field that changes speed or place, not content

type Fraction = Annotated[float, Field(ge=0, le=1)]


class Section(BaseModel):
    """A group of settings: unknown keys are refused, types are not guessed, values do not change."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, allow_inf_nan=False, use_attribute_docstrings=True
    )

    def content(self) -> dict[str, Any]:
        """The fields that decide what is computed, as plain data; what is marked `HOW` is left out."""
        chosen: dict[str, Any] = {}
        for name, field in type(self).model_fields.items():
            if HOW in field.metadata:
                continue
            value = getattr(self, name)
            chosen[name] = value.content() if isinstance(value, Section) else value
        return chosen
