"""Which fields of a section enter a cache key: what each mark of a field promises to the caches that exist."""

from typing import Annotated

from pydantic import Field

from zsstad_core.settings.base import ADDED, HOW, Section


class Inner(Section):
    """A section that was added as a whole."""

    width: int = 3
    """Decides content."""

    batch: Annotated[int, HOW] = 8
    """Decides speed only."""


class Before(Section):
    """A section as caches know it."""

    lr: float = 0.1
    """Decides content."""

    device: Annotated[str, HOW] = "auto"
    """Decides place only."""


class After(Before):
    """The same section with fields that came later."""

    kind: Annotated[str, ADDED] = "old"
    """A field that came later."""

    steps: Annotated[int, ADDED, Field(ge=0)] = 0
    """A field that came later, with a rule."""

    inner: Annotated[Inner, ADDED] = Inner()
    """A section that came later."""

    words: Annotated[list[str], ADDED, Field(default_factory=list)]
    """A field that came later, whose default is made anew each time."""


def test_fields_that_were_added_leave_a_key_as_it_was_while_they_have_their_defaults() -> None:
    assert After().content() == Before().content() == {"lr": 0.1}
    assert After(kind="old", steps=0, inner=Inner(width=3)).content() == Before().content()  # named, and the same


def test_a_field_that_was_added_is_in_the_key_where_it_has_another_value() -> None:
    assert After(kind="new").content() == {"lr": 0.1, "kind": "new"}
    assert After(steps=2, words=["a"]).content() == {"lr": 0.1, "steps": 2, "words": ["a"]}
    assert After(inner=Inner(width=4)).content() == {"lr": 0.1, "inner": {"width": 4}}


def test_what_only_says_how_enters_no_key_inside_an_added_section_either() -> None:
    assert After(inner=Inner(batch=1)).content() == After().content()
    assert After(inner=Inner(width=4, batch=1)).content() == After(inner=Inner(width=4)).content()
    assert After(device="cpu").content() == After().content()


def test_the_fields_of_the_content_are_named_whatever_their_values_are() -> None:
    assert After.content_fields() == ["lr", "kind", "steps", "inner", "words"]
    assert Inner.content_fields() == ["width"]
