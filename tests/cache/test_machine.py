"""The cache against a plain model in memory, in whatever order things happen to it.

Extraction, its death at any line of the cache's code, other settings, clips that come, go and change, damage to any
file, verify, gc, invalidate and reading, as hypothesis likes. What a read gives follows from the clips and settings
alone (`World`), so that is what must be read, or an error that the next extraction mends.
"""

import json
import re
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from tests.cache.machine_damage import Damage
from tests.cache.machine_death import dies
from tests.cache.machine_world import PART_OF, Computed, World, extract, read, same_as_model
from zsstad_core.cache import folders, gc
from zsstad_core.cache.units import MANIFEST, Unit
from zsstad_core.cache.verify import verify
from zsstad_core.errors import CacheError

ids, contents, numbers = st.sampled_from(sorted(PART_OF)), st.sampled_from(["1", "22", "333"]), st.integers(0, 1)
harms = st.sampled_from(["flip", "cut", "delete"])
shares = st.integers(0, 9_999).map(lambda number: number / 10_000)  # all as likely, where floats are not


class CacheMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.root = self.folder / "cache" / "made"
        self.world = World((("catch/a", "1"), ("catch/b", "22"), ("golf/é", "333")))
        self.done: set[World] = set()  # what must be there: extracted, and nothing harmed since
        self.damage = Damage(self.root)
        self.first: dict[Path, bytes] = {}  # files of units, as they were when they were published first

    def teardown(self) -> None:
        shutil.rmtree(self.folder)

    # ---- what a user changes

    @rule(scan=numbers, encoder=numbers, clips_per_unit=st.integers(1, 3))
    def choose_settings(self, scan: int, encoder: int, clips_per_unit: int) -> None:
        self.world = World(self.world.clips, scan, encoder, clips_per_unit)

    @rule(name=ids, digest=contents)
    def add_or_replace_a_clip(self, name: str, digest: str) -> None:
        self._choose_clips(dict(self.world.clips) | {name: digest})

    @rule(name=ids)
    def remove_a_clip(self, name: str) -> None:
        self._choose_clips({other: digest for other, digest in self.world.clips if other != name})

    def _choose_clips(self, clips: dict[str, str]) -> None:
        self.world = replace(self.world, clips=tuple(sorted(clips.items())))

    # ---- what a user runs

    @rule()
    def extract(self) -> None:
        """Damage that it meets stops it, and is gone the next time."""
        for _ in range(self.damage.times + 1):
            damaged = self.damage.artifacts()
            try:
                return self._extract()
            except CacheError as error:
                if not damaged:
                    raise
                self._obey(str(error))
        raise AssertionError("extract does not get over the damage")

    def _extract(self) -> None:
        artifacts = self.world.artifacts(self.root)
        wanted = {(artifact.path.name, *clip) for artifact in artifacts for clip in artifact.members.items()}
        held, perhaps = self._held()
        computed: Computed = set()
        try:
            self._nothing_redone(lambda: extract(self.root, self.world, computed))
        finally:
            assert computed <= wanted - held
        assert wanted - held - perhaps <= computed
        hidden = [path.name for artifact in artifacts for path in artifact.path.rglob(".*")]
        assert all(name.startswith(folders.REMOVED) for name in hidden)  # these are for the next gc
        if self.damage.artifacts().isdisjoint(artifact.path for artifact in artifacts):
            self.done.add(self._content())

    @rule(line=st.integers(1, 150) | st.integers(1, 2500), by=st.sampled_from(["kill", "ctrl-c"]))
    def extract_and_die(self, line: int, by: Any) -> None:
        self._nothing_redone(lambda: dies(lambda: extract(self.root, self.world, set()), line, by))

    @rule(lines=st.lists(st.integers(1, 1500), min_size=1, max_size=3))
    def extract_killed_again_and_again(self, lines: list[int]) -> None:
        for line in lines:
            self.extract_and_die(line, "kill")
        self.extract()
        self.read_back()

    @rule()
    def read_back(self) -> None:
        for _ in range(self.damage.times + 2):
            try:
                return same_as_model(self.root, self.world, read(self.root, self.world))
            except CacheError as error:
                if self._content() in self.done:
                    raise
                self._obey(str(error))
                self.extract()
        raise AssertionError("what was extracted cannot be read")

    @rule()
    def verify(self) -> None:
        """It finds all damage and none where there is none; what it says is done."""
        units, inputs, artifacts = self.damage.units(), self.damage.inputs(), self.damage.artifacts()
        lines: list[str] = []
        found = verify([self.root], lines.append)
        assert found.damaged == len(lines)
        named = {Path(line.split(": ", 1)[0]) for line in lines}
        assert {path for path in named if path.name.startswith("unit-")} == units, lines
        assert {path for path in named if path.name == folders.INPUTS} == inputs, lines
        assert {path.parent for path in named} == artifacts, lines
        self._obey("\n".join(lines))

    @rule(days=st.sampled_from([0, 0, 14]))
    def gc(self, days: int) -> None:
        live = {artifact.path.name for artifact in self.world.artifacts(self.root)}
        before = self._units_of(live)
        try:
            self._gc(live, days)
        except CacheError:  # it is not known what an artifact needs
            if {path.parent.name for path in self.damage.inputs()} <= live:
                raise
            return
        assert self._units_of(live) == before
        assert gc.unneeded(self.root, live, days) == []
        assert {path.suffix for path in self.root.rglob(".*")} <= {".lock"}  # which the next extraction removes
        if days == 0:
            assert {path.name for path in folders.artifacts(self.root)} <= live
            self.done = {world for world in self.done if self._same_settings(world)}

    @rule(line=st.integers(1, 400), by=st.sampled_from(["kill", "ctrl-c"]))
    def gc_and_die(self, line: int, by: Any) -> None:
        live = {artifact.path.name for artifact in self.world.artifacts(self.root)}
        before = self._units_of(live)
        dies(lambda: self._gc(live, 0), line, by)
        assert self._units_of(live) == before
        self.done = {world for world in self.done if self._same_settings(world)}

    @rule(number=st.integers(0, 2))
    def invalidate(self, number: int) -> None:
        gone = self.world.artifacts(self.root)[number].path
        folders.remove(gone)
        self.done = {w for w in self.done if gone not in [artifact.path for artifact in w.artifacts(self.root)]}

    @rule()
    def verify_and_extract(self) -> None:
        """After verify has found it, one extraction mends all that is wanted, and gc takes the rest."""
        self.verify()
        self._extract()
        same_as_model(self.root, self.world, read(self.root, self.world))
        self.gc(0)
        self.verify()
        assert self.damage.artifacts() == set()

    # ---- what a disk does

    @precondition(lambda self: self.damage.candidates())
    @rule(
        harm=st.lists(st.tuples(shares, harms, shares), min_size=1, max_size=3),
        then=st.sampled_from(["read", "verify", "nothing"]),
    )
    def damage_files(self, harm: list[tuple[float, str, float]], then: str) -> None:
        for which, how, where in harm:
            if files := self.damage.candidates():
                self.damage.do(files[int(which * len(files))], how, where)
        self.done = set()
        {"read": self.read_back, "verify": self.verify, "nothing": list}[then]()

    # ---- what always holds

    @invariant()
    def units_are_whole_and_always_the_same(self) -> None:
        damaged = self.damage.units()
        for unit in self.root.glob("[!.]*/unit-*"):
            if unit in damaged:
                continue
            if unit / MANIFEST not in self.first:
                Unit(unit).verify()
            for path in unit.rglob("*"):
                if path.is_file():
                    assert self.first.setdefault(path, path.read_bytes()) == path.read_bytes()

    @invariant()
    def what_was_done_is_complete(self) -> None:
        assert all(artifact.is_complete() for world in self.done for artifact in world.artifacts(self.root))

    # ---- helpers

    def _content(self) -> World:
        return replace(self.world, clips_per_unit=1)

    def _same_settings(self, world: World) -> bool:
        return (world.scan, world.encoder) == (self.world.scan, self.world.encoder)

    def _held(self) -> tuple[Computed, Computed]:
        """Clips of units, and of those whose manifest is damaged, which is read where only a space is not as it was."""
        sure, perhaps, damaged = set(), set(), self.damage.files()
        for path in self.root.glob(f"[!.]*/unit-*/{MANIFEST}"):
            clips = json.loads(self.first.get(path, path.read_bytes()))["members"].items()
            (perhaps if path in damaged else sure).update((path.parts[-3], *clip) for clip in clips)
        return sure, perhaps

    def _nothing_redone(self, act: Callable[[], object]) -> None:
        """Call `act`; fails where it makes a unit that there is."""
        there = {path.parent for path in self.root.glob(f"[!.]*/unit-*/{MANIFEST}")} - self.damage.units()
        past = len(self._ledger())
        try:
            act()
        finally:
            made = self._ledger()[past:]
            assert len(set(made)) == len(made)
            assert there.isdisjoint(made)

    def _ledger(self) -> list[Path]:
        file = self.root / "ledger.jsonl"
        lines = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
        return [self.root / f"{line['stage']}-{line['key']}" / line["unit"] for line in lines]

    def _units_of(self, names: set[str]) -> dict[Path, bytes]:
        """The files of artifacts' units that have a manifest."""
        units = [path.parent for name in names for path in self.root.glob(f"{name}/unit-*/{MANIFEST}")]
        return {path: path.read_bytes() for unit in units for path in unit.rglob("*") if path.is_file()}

    def _gc(self, live: set[str], days: int) -> None:
        for thing in gc.unneeded(self.root, live, days):
            gc.remove(thing)

    def _obey(self, said: str) -> None:
        """Remove what messages say is to be removed by hand: damaged inputs with the lists beside, whole folders."""
        for file in re.findall(rf"^(\S+/{folders.INPUTS}): ", said, re.MULTILINE):
            for path in [Path(file), *folders.complete_files(Path(file).parent)]:
                path.unlink(missing_ok=True)
        for folder in re.findall(r"remove (/\S+) and run", said):
            folders.remove(Path(folder))


def explore(examples: int, steps: int) -> None:
    chosen = settings(max_examples=examples, stateful_step_count=steps)
    run_state_machine_as_test(CacheMachine, settings=settings(chosen, suppress_health_check=list(HealthCheck)))


def test_a_cache_is_what_it_was_made_of_whatever_happens_to_it() -> None:
    explore(examples=16, steps=20)


@pytest.mark.slow
@pytest.mark.timeout(14_400)  # a failure is made small first
def test_a_cache_is_what_it_was_made_of_whatever_happens_to_it_for_longer() -> None:
    explore(examples=100, steps=40)
