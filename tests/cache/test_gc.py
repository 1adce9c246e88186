"""`make gc` takes what nothing needs, never what something needs, and may be killed at any moment."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cache.made_artifacts import VIDEOS, age, all_bytes, make, text, tokens, undivided
from tests.conftest import ROOT
from zsstad_core.cache import gc
from zsstad_core.cache.artifact import Artifact
from zsstad_core.cache.stages import INDEX, TRAIN
from zsstad_core.cache.units import MANIFEST
from zsstad_core.errors import CacheError


def names(things: list[gc.Unneeded], root: Path) -> dict[str, str]:
    return {str(thing.path.relative_to(root)): thing.why for thing in things}


def collect(root: Path, live: set[str], **more: bool) -> dict[str, str]:
    """Remove what can go; gives what went, with the reasons."""
    things = gc.unneeded(root, live, 14, **more)
    for thing in things:
        gc.remove(thing)
    return names(things, root)


def consistent(root: Path) -> bool:
    """Whether every file that says "complete" names units that are there."""
    files = root.glob("[!.]*/complete-*.json")
    return all(
        (file.parent / name / MANIFEST).is_file() for file in files for name in json.loads(file.read_text())["units"]
    )


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An index, tokens of it, a head trained on them, with checkpoints, and as much of another index; all old."""
    root = tmp_path / "cache" / "jhmdb"
    for version in (1, 2):
        for artifact in chain(root, version):
            make(artifact)
        checkpoints = root / "training" / chain(root, version)[2].key
        checkpoints.mkdir(parents=True)
        (checkpoints / "iter_1.pth").write_text("weights")
    age(root)
    return root


def chain(root: Path, version: int) -> tuple[Artifact, Artifact, Artifact]:
    index = Artifact(root, INDEX, {"decoder": version}, VIDEOS)
    frames = tokens(root, needs={"index": index.key})
    return index, frames, undivided(root, TRAIN, {"needs": {"tokens-frame": frames.key, "train videos": "0" * 16}})


# ---- what goes and what stays


@pytest.mark.fault(15)
def test_what_no_plan_names_goes_and_what_one_names_stays_to_the_byte(root: Path) -> None:
    live_ones = {artifact.path.name for artifact in chain(root, 1)}
    before = {name: content for name, content in all_bytes(root).items() if name.split("/")[0] in live_ones}
    sizes = {thing.path.name: thing.bytes for thing in gc.unneeded(root, live_ones, 14)}
    index, frames, head = chain(root, 2)
    assert sizes == {path.name: sum(map(len, all_bytes(path).values())) for path in (index.path, frames.path)}
    assert collect(root, live_ones) == dict.fromkeys([index.path.name, frames.path.name], "no plan names it")
    after = all_bytes(root)
    assert before.items() <= after.items()
    assert {name.split("/")[0] for name in after} == {*live_ones, head.path.name, "training"}
    assert collect(root, live_ones) == {}


def test_what_a_named_artifact_was_made_from_stays(root: Path) -> None:
    _, frames, _ = chain(root, 1)
    gone = collect(root, {frames.path.name})
    assert gone.keys() == {artifact.path.name for artifact in chain(root, 2)[:2]}


def test_what_was_changed_lately_stays_with_all_it_was_made_from(root: Path) -> None:
    os.utime(chain(root, 1)[1].done)
    gone = collect(root, set())
    assert gone.keys() == {artifact.path.name for artifact in chain(root, 2)[:2]}
    assert names(gc.unneeded(root, set(), 0), root).keys() == {artifact.path.name for artifact in chain(root, 1)[:2]}


def test_a_trained_head_goes_only_when_that_is_asked_for_and_its_checkpoints_with_it(root: Path) -> None:
    live_ones = {artifact.path.name for artifact in chain(root, 1)}
    head = chain(root, 2)[2]
    assert head.path.name not in collect(root, live_ones)
    assert (root / "training" / head.key / "iter_1.pth").is_file()
    assert collect(root, live_ones, trained=True) == {
        head.path.name: "no plan names it",
        f"training/{head.key}": "checkpoints; the trained head is gone",
    }
    assert (root / "training" / chain(root, 1)[2].key / "iter_1.pth").is_file()


def test_checkpoints_without_a_trained_head_go_unless_a_plan_would_go_on_from_them(root: Path) -> None:
    one, other = chain(root, 1)[2], chain(root, 2)[2]
    for head in (one, other):
        shutil.rmtree(head.path)
    assert {name for name in collect(root, {one.path.name}) if name.startswith("training")} == {f"training/{other.key}"}
    (root / "training" / one.key / "iter_2.pth").write_text("just now")
    assert not [name for name in collect(root, set()) if name.startswith("training")]


def test_where_it_is_not_known_what_is_needed_nothing_goes(root: Path) -> None:
    inputs = chain(root, 1)[1].path / "inputs.json"
    inputs.write_text("{")
    with pytest.raises(CacheError, match=r"inputs\.json is missing or does not read, so what it needs is not known"):
        gc.unneeded(root, set(), 14)
    assert gc.unneeded(root, {inputs.parent.name, chain(root, 1)[0].path.name}, 14)  # a plan names what it needs


def test_text_of_another_dataset_is_another_ones(root: Path) -> None:
    other = text(root.parent / "stickworld")
    make(other)
    age(other.root)
    collect(root, set())
    assert other.is_complete()


# ---- leftovers


@pytest.fixture
def dead() -> int:
    """The number of no process: Linux gives none as high as this."""
    return int(Path("/proc/sys/kernel/pid_max").read_text())


@pytest.mark.fault(4)
def test_what_killed_processes_left_goes_and_what_others_write_stays(root: Path, dead: int) -> None:
    live_ones = {artifact.path.name for artifact in [*chain(root, 1), *chain(root, 2)]}
    frames = chain(root, 1)[1].path
    host = socket.gethostname()
    left = [frames / f".unit-1.{host}.{dead}.tmp", root / ".removed-detect-0123456789abcdef.5"]
    left += [frames / f".complete-1.json.{host}.{dead}.tmp", root / "training" / ".removed-0123456789abcdef.5"]
    stays = [frames / f".unit-1.{host}.{os.getpid()}.tmp", frames / f".unit-1.another.{dead}.tmp"]
    for path in [*left, *stays]:
        path.mkdir() if not path.name.startswith(".complete") else path.touch()
    assert collect(root, live_ones) == {str(path.relative_to(root)): "left by a killed process" for path in left}
    assert not any(path.exists() for path in left)
    assert all(path.is_dir() for path in stays)


def test_an_artifact_that_is_being_written_stays_however_old(root: Path, dead: int) -> None:
    index, frames, _ = chain(root, 2)
    (frames.path / f".unit-1.{socket.gethostname()}.{os.getpid()}.tmp").mkdir()
    (chain(root, 1)[1].path / f".unit-1.{socket.gethostname()}.{dead}.tmp").mkdir()
    age(root)
    assert collect(root, set()).keys() == {artifact.path.name for artifact in chain(root, 1)[:2]}
    assert index.is_complete()


def test_a_damaged_unit_goes_and_is_made_again(root: Path) -> None:
    live_ones = {artifact.path.name for artifact in [*chain(root, 1), *chain(root, 2)]}
    frames = chain(root, 1)[1]
    before = all_bytes(root)
    unit = min(frames.path.glob("unit-*"))
    (unit / MANIFEST).rename(unit / "manifest.damaged.json")
    assert collect(root, live_ones) == {f"{frames.path.name}/{unit.name}": "a damaged unit"}
    assert not unit.exists()
    assert consistent(root)
    assert make(frames) == [unit.name]
    assert all_bytes(root) == before


def test_a_unit_that_was_made_again_meanwhile_stays(root: Path) -> None:
    unit = min(chain(root, 1)[1].path.glob("unit-*"))
    content = all_bytes(unit)
    gc.remove(gc.Unneeded(unit, 0, "a damaged unit"))  # as it was when the list was made
    assert all_bytes(unit) == content


# ---- killed


COLLECT = """
import os, shutil, signal, sys
from pathlib import Path
from zsstad_core.cache import gc

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

def die_half_way(folder, **_):
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    for path in files[len(files) // 2 :]:  # units, while complete-*.json is still there
        path.unlink()
    die()

root, when, *live = sys.argv[1:]
things = gc.unneeded(Path(root), set(live), 14, trained=True)
if when == "rename":
    Path.rename = die
elif when == "after rename":
    os.fsync = die
else:
    shutil.rmtree = die_half_way
for thing in things:
    gc.remove(thing)
"""


@pytest.mark.fault(50)
@pytest.mark.parametrize("when", ["rename", "after rename", "half removed"])
@pytest.mark.parametrize("what", ["artifacts", "a damaged unit"])
def test_killed_it_leaves_nothing_that_looks_whole_and_is_not_and_the_next_one_finishes(
    root: Path, when: str, what: str
) -> None:
    chained = [*chain(root, 1), *(chain(root, 2) if what == "a damaged unit" else ())]
    live_ones = {artifact.path.name for artifact in chained}
    if what == "a damaged unit":
        damaged = min(chain(root, 2)[1].path.glob("unit-*"))
        (damaged / MANIFEST).rename(damaged / "manifest.damaged.json")
        age(root)
    kept = {name: content for name, content in all_bytes(root).items() if name.startswith(chain(root, 1)[1].path.name)}
    ended = []
    for _ in range(2):  # killed again where it went on, if there is such a place
        code = [sys.executable, "-c", COLLECT, str(root), when, *live_ones]
        ended.append(subprocess.run(code, cwd=ROOT, check=False).returncode)
        assert consistent(root)
        assert kept.items() <= all_bytes(root).items()
    assert ended[0] == -signal.SIGKILL
    assert ended[1] == (0 if (what, when) == ("a damaged unit", "after rename") else -signal.SIGKILL)
    assert bool(collect(root, live_ones, trained=True)) == (ended[1] != 0)
    assert collect(root, live_ones, trained=True) == {}
    assert kept.items() <= all_bytes(root).items()
    assert consistent(root)
    there = {path.name for path in root.iterdir()}
    assert there == live_ones | {"training"}
    assert all(artifact.is_complete() for artifact in chain(root, 1))


def test_what_another_process_removed_meanwhile_is_no_error(root: Path) -> None:
    things = gc.unneeded(root, set(), 14)
    collect(root, set())
    for thing in things:
        gc.remove(thing)
    assert collect(root, set()) == {}
