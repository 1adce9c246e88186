"""Find what nothing needs any more in a dataset's folder of the cache, and remove it.

These are kept: artifacts that a plan names, artifacts that were changed lately, and all artifacts that these need;
trained heads and fine-tuned detectors; and whatever another process is writing. A folder is renamed to a hidden name
before it is deleted, so that a removal that is killed leaves no half folder that looks whole; the next removal finishes
it.
"""

import json
import shutil
import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from zsstad_core.cache import folders
from zsstad_core.cache.stages import FINETUNE, TRAIN
from zsstad_core.cache.units import MANIFEST, is_leftover
from zsstad_core.errors import CacheError

TRAINING = "training"
"""The folder of checkpoints: a folder for each train artifact, named by its key, and for each finetune artifact, by its
name."""


@dataclass(frozen=True)
class Unneeded:
    """A folder or file that can be removed, its bytes, and the reason."""

    path: Path
    bytes: int
    why: str


def unneeded(root: Path, live: Collection[str], days: float, trained: bool = False) -> list[Unneeded]:
    """Everything in a dataset's folder that can be removed, artifacts first.

    live: names of the artifacts (`STAGE-KEY`) that plans name. days: an artifact that changed within so many days
    stays, with all that it needs. trained: whether heads and fine-tuned detectors can be removed too. Raises
    CacheError if the needs of an artifact that stays are not known.
    """
    since = time.time() - 86_400 * days
    there = {path.name: path for path in folders.artifacts(root)}
    lately = {name for name, path in there.items() if _last_change(path) > since or _is_written(path)}
    kept = _with_needs({*live, *lately}, there, set(live))
    if not trained:
        kept |= {name for name in there if folders.stage_name(name) in (TRAIN.name, FINETUNE.name)}
    gone = [path for name, path in there.items() if name not in kept]
    found = [(path, "no plan names it") for path in gone]
    for path in sorted((root / TRAINING).glob("[!.]*")):
        of_detector = folders.stage_name(path.name) == FINETUNE.name
        name = path.name if of_detector else f"{TRAIN.name}-{path.name}"
        what = "fine-tuned detector" if of_detector else "trained head"
        if name not in kept and _last_change(path) <= since:
            found.append((path, f"checkpoints; the {what} is gone"))
    for folder in [root, *sorted(path for path in root.glob("[!.]*") if path.is_dir() and path not in gone)]:
        found += [(path, "left by a killed process") for path in _leftovers(folder)]
    for name in sorted(kept & there.keys()):
        found += [(path, "a damaged unit") for path in folders.units(there[name]) if not (path / MANIFEST).is_file()]
    return [Unneeded(path, folders.size_of(path), why) for path, why in found]


def remove(thing: Unneeded) -> None:
    """Remove a folder or file. Raises CacheError if that is not allowed."""
    if thing.path.name.startswith("unit-"):
        _remove_damaged(thing.path)
    else:
        folders.remove(thing.path)


def _remove_damaged(unit: Path) -> None:
    """Remove a unit without a manifest, after the `complete` files that name it."""
    for file in folders.complete_files(unit.parent):
        if unit.name in _units_of(file):
            file.unlink(missing_ok=True)
    try:
        hidden = folders.hide(unit)
    except FileNotFoundError:
        return
    if (hidden / MANIFEST).is_file():  # a stage has made it again just now
        hidden.rename(unit)
    else:
        shutil.rmtree(hidden, ignore_errors=True)


def _units_of(complete: Path) -> Collection[str]:
    try:
        units = json.loads(complete.read_text())["units"]
    except (OSError, ValueError, KeyError, TypeError):
        return ()
    return units if isinstance(units, dict) else ()


def _with_needs(names: Collection[str], there: Mapping[str, Path], planned: Collection[str]) -> set[str]:
    """The named artifacts and all artifacts that they were made from, as far as their inputs are known."""
    kept: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name in kept:
            continue
        kept.add(name)
        if name not in there:
            continue
        inputs = folders.written_inputs(there[name])
        holds_something = any(there[name].glob("[!.]*"))  # if not, a stage was killed when it began
        if not inputs and holds_something and name not in planned:  # a plan names the needs of its own artifacts
            raise CacheError(
                f"{there[name]}: {folders.INPUTS} is missing or does not read, so what it needs is not known; nothing "
                "was removed: remove this folder first, or see what `make verify` says"
            )
        needs = inputs.get("needs", {})
        waiting += [f"{stage}-{key}" for stage, key in needs.items()] if isinstance(needs, dict) else []
    return kept


def _last_change(path: Path) -> float:
    """The time at which a folder, or an entry of it, was changed last."""
    times = [0.0]
    for entry in [path, *(path.iterdir() if path.is_dir() else ())]:
        try:
            times.append(entry.lstat().st_mtime)
        except OSError:
            continue  # gone meanwhile
    return max(times)


def _is_written(artifact: Path) -> bool:
    """Whether a process is writing the artifact; a temporary file of another host counts as being written."""
    return any(not is_leftover(path) for path in artifact.glob(".*.tmp"))


def _leftovers(folder: Path) -> Iterator[Path]:
    yield from sorted(folders.removed_by_halves(folder))
    yield from sorted(path for path in folder.glob(".*.tmp") if is_leftover(path))
