"""An extract that is killed before its first artifact says what it is made of harms neither verify nor gc."""

import signal
from pathlib import Path

import pytest

from tests.cache.machine_death import dies
from tests.cache.machine_world import World, extract
from zsstad_core.cache import folders, gc
from zsstad_core.cache.verify import verify


def killed_when_it_began(root: Path, *, holds_something: bool) -> World:
    """Extract, killed before the first artifact has its inputs.json: where there is nothing yet, or half of that."""
    world = World((("catch/a", "1"),))
    index = world.artifacts(root)[0].path
    for line in range(1, 200):
        assert dies(lambda: extract(root, world, set()), line, "kill") == -signal.SIGKILL
        if index.is_dir() and (any(index.iterdir()) or not holds_something):
            break
    assert not (index / folders.INPUTS).exists()
    return world


def test_an_extract_killed_when_it_began_is_no_damage(tmp_path: Path) -> None:
    killed_when_it_began(tmp_path / "made", holds_something=True)
    lines: list[str] = []
    verify([tmp_path / "made"], lines.append)
    assert lines == []


@pytest.mark.parametrize("holds_something", [False, True])
def test_an_extract_killed_when_it_began_does_not_stop_gc(tmp_path: Path, holds_something: bool) -> None:
    root = tmp_path / "made"
    killed_when_it_began(root, holds_something=holds_something)
    other = World((("catch/a", "1"),), scan=1).artifacts(root)[0]  # other settings are chosen now
    things = gc.unneeded(root, {other.path.name}, 14)
    assert all(thing.path.name.startswith(".") for thing in things)  # it was begun just now
