"""The differences between two artifacts of a stage, followed up to the artifact in which they began."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zsstad_core.cache.artifact import Artifact, Group, other_artifacts
from zsstad_core.cache.folders import written_inputs
from zsstad_core.cache.units import canonical, published_units

Inputs = dict[str, Any]


@dataclass(frozen=True)
class Difference:
    """One entry of the inputs, by its dotted name: its value now and before, None if it has no value.

    is_key: the entry is the key of another artifact whose inputs are not known any more.
    """

    name: str
    before: Any
    now: Any
    is_key: bool = False

    def __str__(self) -> str:
        return self._text(_short)

    def entries(self) -> Iterator["Difference"]:
        """This difference; or, for a section that is new or gone, one difference for each entry of the section."""
        match self.before, self.now:
            case (dict() as section, None):
                inside = [Difference(f"{self.name}.{name}", section[name], None) for name in sorted(section)]
            case (None, dict() as section):
                inside = [Difference(f"{self.name}.{name}", None, section[name]) for name in sorted(section)]
            case _:
                yield self
                return
        for entry in inside:
            yield from entry.entries()

    def lines(self) -> list[str]:
        """The difference in words, one line each: values in full, lists entry by entry."""
        if isinstance(self.before, list) and isinstance(self.now, list):
            return self._of_lists(self.before, self.now)
        return [self._text(_full)]

    def _of_lists(self, old: list[Any], new: list[Any]) -> list[str]:
        gone = ", ".join(_full(entry) for entry in old if entry not in new)
        come = ", ".join(_full(entry) for entry in new if entry not in old)
        if len(old) == len(new) and not any(entry in new for entry in old):
            return [f"{self.name}.{i}: {_full(a)} -> {_full(b)}" for i, (a, b) in enumerate(zip(old, new, strict=True))]
        if not gone and not come:
            return [self._text(_full)]
        return [f"{self.name}: {'; '.join(filter(None, [gone and f'without {gone}', come and f'with {come}']))}"]

    def _text(self, shown: Callable[[Any], str]) -> str:
        if self.is_key:
            both = self.now and self.before
            return f"{self.name} {'changed' if both else 'is read now' if self.now else 'is not read now'}"
        return f"{self.name}: {shown(self.before)} -> {shown(self.now)}"


def newest_other(artifact: Artifact) -> Path | None:
    """The artifact of the same stage with another key that was changed last; None if there is none."""
    return next(iter(other_artifacts(artifact.root, artifact.stage, artifact.key)), None)


def compare(other: Path, artifact: Artifact, planned: Mapping[Path, Inputs]) -> list[Difference]:
    """The differences between an artifact and `other`, an artifact of the same stage; each difference once.

    planned: inputs of artifacts that need not be on disk, by their folder.
    """

    def inputs(name: str) -> Inputs:
        return planned.get(artifact.root / name) or written_inputs(artifact.root / name)

    found: dict[str, Difference] = {}  # by text, since not every value can be hashed
    for difference in _compare(inputs(artifact.path.name), inputs(other.name), inputs):
        found.setdefault(canonical([difference.name, difference.before, difference.now]), difference)
    return list(found.values())


def replaced_clips(artifact: Artifact, todo: Sequence[Group]) -> list[str]:
    """The clips in `todo` whose files had another content when the artifact's units were made, sorted."""
    waiting = {video: digest for group in todo for video, digest in group.members.items()}
    held = {item for unit in published_units(artifact.path) for item in unit.members.items()}
    return sorted({video for video, digest in held if waiting.get(video, digest) != digest})


def as_json(value: Mapping[str, Any]) -> Inputs:
    """Inputs as they read from a file: plain JSON values."""
    read: Inputs = json.loads(canonical(value))
    return read


def _compare(now: Inputs, before: Inputs, inputs: Callable[[str], Inputs], prefix: str = "") -> Iterator[Difference]:
    """Each entry that differs; for an entry that is the key of another artifact, the entries that differ there.

    inputs: gives the inputs of an artifact by its folder's name, empty if they are not known any more.
    """
    for name in sorted(now.keys() | before.keys()):
        new, old = now.get(name), before.get(name)
        if new == old:
            continue
        if prefix == "needs.":
            above, above_before = inputs(f"{name}-{new}"), inputs(f"{name}-{old}")
            if above and above_before:
                yield from _compare(above, above_before, inputs)
            else:
                yield Difference(name, old, new, is_key=True)
        elif isinstance(new, dict) and isinstance(old, dict):
            yield from _compare(new, old, inputs, f"{prefix}{name}.")
        else:
            yield Difference(f"{prefix}{name}", old, new)


def _short(value: Any) -> str:
    text = "{...}" if isinstance(value, dict) else _full(value)
    return text if len(text) <= 40 else f"{text[:37]}..."


def _full(value: Any) -> str:
    if isinstance(value, dict):
        return canonical(value)
    return "nothing" if value is None else str(value)
