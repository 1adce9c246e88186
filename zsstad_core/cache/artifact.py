"""An artifact: everything that a stage made under one key, divided into units, and the file that marks it complete."""

import json
import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import batched
from pathlib import Path
from typing import Any

from zsstad_core.cache import room
from zsstad_core.cache.stages import Stage
from zsstad_core.cache.units import (
    MANIFEST,
    Unit,
    canonical,
    publish,
    published_units,
    remove_leftovers,
    short_digest,
    unit_name,
    write_whole,
)
from zsstad_core.errors import CacheError, DamagedUnitError

_log = logging.getLogger(__name__)

WHOLE = {"": ""}
"""The members of an artifact that is not divided by videos: one unit holds it."""


@dataclass(frozen=True)
class Group:
    """The videos that one unit holds or will hold, and which of them are wanted (all, if the unit is new)."""

    members: dict[str, str]
    wanted: tuple[str, ...]

    @property
    def name(self) -> str:
        return unit_name(self.members)

    def without(self, videos: Collection[str]) -> "Group":
        """The group without some videos."""
        return Group(
            {video: digest for video, digest in self.members.items() if video not in videos},
            tuple(video for video in self.wanted if video not in videos),
        )


@dataclass(frozen=True)
class Artifact:
    """The folder `STAGE-KEY`, and the videos that it should hold (id -> digest of the source, or `WHOLE`).

    inputs: everything that decides the content; the key is its digest. Videos are not in it: a new video adds a unit.
    """

    root: Path
    stage: Stage
    inputs: Mapping[str, Any]
    members: Mapping[str, str]
    clips_per_unit: int = 32
    part_of: Mapping[str, str] = field(default_factory=dict)
    """The part of the dataset (train, test) of each video. Units do not span parts: so artifacts of one part and
    artifacts of both parts have the same groups of videos, and one pass over a clip serves several artifacts."""
    needs: tuple["Artifact", ...] = field(default=(), repr=False)
    """The artifacts that its stage reads; `inputs` holds their keys."""

    @cached_property
    def key(self) -> str:
        return short_digest(self.inputs)

    @cached_property
    def path(self) -> Path:
        return self.root / f"{self.stage.name}-{self.key}"

    @cached_property
    def done(self) -> Path:
        """The file that exists when the artifact holds all wanted videos; make checks whether it exists."""
        return self.path / f"complete-{short_digest(dict(self.members))}.json"

    def is_complete(self) -> bool:
        """Whether `done` exists, lists the wanted videos, and every unit it names still has its manifest."""
        try:
            units = json.loads(self.done.read_text())["units"]
            videos = {video for recorded in units.values() for video in recorded["wanted"]}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return False
        return videos == set(self.members) and all((self.path / name / MANIFEST).is_file() for name in units)

    def without(self, videos: Collection[str]) -> "Artifact":
        """The same artifact with fewer wanted videos."""
        return replace(self, members={v: digest for v, digest in self.members.items() if v not in videos})

    def groups(self) -> tuple[list[Group], list[Group]]:
        """Cover the wanted videos by groups: the units that exist, and the units still to be made.

        Existing units come first, whatever their grouping; the remaining videos are cut in order into new groups. So
        groups never shift: new videos make new units, and a part of a larger unit is read from that unit.
        """
        left = dict(self.members)
        there: list[Group] = []
        for unit in published_units(self.path):
            members = unit.members
            wanted = tuple(video for video in members if left.get(video) == members[video])
            if wanted:
                there.append(Group(members, wanted))
                for video in wanted:
                    del left[video]
        todo: dict[str, list[str]] = {}
        for video in sorted(left):
            todo.setdefault(self.part_of.get(video, ""), []).append(video)
        cuts = [cut for _, part in sorted(todo.items()) for cut in batched(part, self.clips_per_unit)]
        return there, [Group({video: left[video] for video in cut}, cut) for cut in cuts]

    def begin(self) -> list[Group]:
        """Make the folder ready for writing, remove what killed runs left, and return the groups still to be made.

        Warns if the units are not likely to find room; the units that fit are made all the same. Raises CacheError if
        the cache cannot be written to.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CacheError(
                f"{self.path}: cannot be written ({room.write_error(error, self.path)}); choose another cache.root"
            ) from error
        described = self.path / "inputs.json"
        if not described.exists():
            write_whole(described, json.dumps(self.inputs, indent=1, sort_keys=True) + "\n")
        remove_leftovers(self.path)
        for unit in published_units(self.path):
            try:
                _ = unit.manifest
            except DamagedUnitError as error:  # report all damaged units at once, not one per run
                _log.warning("%s", error)
        todo = self.groups()[1]
        self._warn_of_room(sum(len(group.members) for group in todo))
        return todo

    def _warn_of_room(self, clips: int) -> None:
        """Warn if `clips` clips are likely to need more room than is free, judged by the artifact's units, or by the
        units of the newest other artifact of the stage; without any unit, do nothing."""
        for folder in [self.path, *other_artifacts(self.root, self.stage, self.key)]:
            sizes, held = room.size_of_units(folder)
            if held and clips:
                needs, left = room.expected_room(sizes, held, clips), room.free_room(self.path)
                if needs.exceeds(left):
                    _log.warning("%s: is likely to need %s; only %s are free", self.path, needs, left)
                return

    def publish(self, group: Group, **about: Any):  # type: ignore[no-untyped-def]  # a context manager of a Path
        """The context in which a group's unit is written; see `units.publish`."""
        return publish(self.path, group.members, about)

    def complete(self) -> None:
        """Write the file `done`. Raises CacheError if a wanted video is missing, or units were made differently."""
        there, todo = self.groups()
        if todo:
            raise CacheError(f"{self.path}: {len(todo)} units are missing; run the stage again")
        made_with = {canonical(self.unit(group).made_with): group.name for group in there}
        if len(made_with) > 1:
            raise CacheError(
                f"{self.path}: units {' and '.join(made_with.values())} were made with different weights or versions; "
                f"remove this folder and run again"
            )
        units = {group.name: {"digest": self.unit(group).manifest["digest"], "wanted": group.wanted} for group in there}
        text = json.dumps({"units": units}, indent=1, sort_keys=True) + "\n"
        if not self.done.is_file() or self.done.read_text(errors="replace") != text:  # a read-only cache has it already
            write_whole(self.done, text)

    def has(self, group: Group) -> bool:
        """Whether the group's unit is there."""
        return (self.path / group.name / MANIFEST).is_file()

    def unit(self, group: Group) -> Unit:
        return Unit(self.path / group.name)

    def parts(self) -> list[tuple[Unit, tuple[str, ...]]]:
        """Every unit with the videos to read from it, as `complete` recorded them.

        Raises CacheError if the artifact is not complete, a unit is not the recorded unit or was made for another
        artifact, or the recorded videos are not the wanted videos.
        """
        try:
            units = json.loads(self.done.read_text())["units"]
            recorded = {name: (unit["digest"], tuple(unit["wanted"])) for name, unit in units.items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise CacheError(
                f"{self.path}: not complete; run `make {self.stage.target}` with the same settings"
            ) from error
        parts: list[tuple[Unit, tuple[str, ...]]] = []
        videos: dict[str, str | None] = {}
        for name, (digest, wanted) in recorded.items():
            unit = Unit(self.path / name)
            if unit.manifest["digest"] != digest:
                raise CacheError(f"{unit.path}: is not the unit that {self.done.name} names; remove it and run again")
            if other := unit.stranger_to(self.path.name):
                raise CacheError(f"{unit.path}: was made for {other}; remove it and run again")
            parts.append((unit, wanted))
            videos |= {video: unit.members.get(video) for video in wanted}
        if videos != self.members:  # a damaged list would silently leave out a video
            raise CacheError(
                f"{self.done}: lists other videos than are wanted; remove it and run `make {self.stage.target}`"
            )
        return parts

    def whole_unit(self) -> Unit:
        """The single unit of an artifact whose members are `WHOLE`. Raises CacheError as `parts` does."""
        ((unit, _),) = self.parts()
        return unit

    def made_with(self) -> dict[str, Any]:
        """The weights and versions that made the units, the same for all units; empty without units."""
        parts = self.parts()
        return parts[0][0].made_with if parts else {}


def other_artifacts(root: Path, stage: Stage, key: str) -> Sequence[Path]:
    """The artifacts of a stage with other keys, the newest first; the plan compares with them to find what changed."""
    others = [
        path
        for path in root.glob(f"{stage.name}-*")
        if (path / "inputs.json").is_file() and path.name != f"{stage.name}-{key}"
    ]
    return sorted(others, key=lambda path: path.stat().st_mtime, reverse=True)
