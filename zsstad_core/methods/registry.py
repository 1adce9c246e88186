"""The registry of methods: one line each, in `Heads`. Imports no torch.

A line gives the method's name (HEAD=, `heads.NAME` in pipeline.yaml) and the section of its settings. The module
`method` beside that section holds everything else (`methods.contract`).
"""

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

from zsstad_core.methods.actionclip.settings import Actionclip
from zsstad_core.methods.clip_crop.settings import ClipCrop
from zsstad_core.methods.clip_frame.settings import ClipFrame
from zsstad_core.methods.contract import Method
from zsstad_core.methods.iclip.settings import Iclip
from zsstad_core.methods.oracle.settings import Oracle
from zsstad_core.methods.stclip.settings import Stclip
from zsstad_core.settings.base import Section

if TYPE_CHECKING:
    from zsstad_core.methods.common.head import Head
    from zsstad_core.settings.pipeline import Settings


class Heads(Section):
    """One section a method."""

    clip_frame: ClipFrame = ClipFrame()
    clip_crop: ClipCrop = ClipCrop()
    iclip: Iclip = Iclip()
    stclip: Stclip = Stclip()
    actionclip: Actionclip = Actionclip()
    oracle: Oracle = Oracle()


DEFAULT = "iclip"
"""The method that is used where the user names none."""

UNTRAINED = "clip_crop"
"""The method that answers questions where the user names none and nothing is trained."""

KNOWS_TRUTH = "oracle"
"""The method that measures a detector: its answers come from the annotation."""

if TYPE_CHECKING:
    type MethodName = str
else:
    MethodName = Literal[tuple(Heads.model_fields)]


def names() -> tuple[str, ...]:
    """The names of all methods."""
    return tuple(Heads.model_fields)


@cache
def method(name: str) -> Method:
    """The description of the method that is called `name`."""
    section = Heads.model_fields[name].annotation
    assert section is not None
    package = section.__module__.rpartition(".")[0]
    found: Method = import_module(f"{package}.method").METHOD
    return found


def recipes() -> Iterator[tuple[str, dict[str, Any]]]:
    """The recipes of all methods: pairs of a recipe's name and its settings."""
    for field in Heads.model_fields.values():
        assert field.annotation is not None
        yield from getattr(field.annotation, "recipes", {}).items()


def load(path: str) -> Any:
    """The function or class that `path` names, as `module:name`."""
    module, _, name = path.partition(":")
    return getattr(import_module(module), name)


def build(settings: "Settings", width: int) -> "Head[Any]":
    """The head that `settings.head` names, for tokens of `width` numbers, initialised from `training.seed`."""
    head: Head[Any] = load(method(settings.head).build)(settings, width)
    return head
