"""Compare every byte of artifacts with the digests recorded when it was written.

A flipped bit is found anywhere: in the files of a unit by the SHA-256 in its manifest, in the manifest by the digest
that it holds, in inputs.json by the key in the folder's name, in complete-*.json by its name, which is the digest of
the videos that it lists, each with the digest that its unit's manifest has. The bytes of JSON files are also compared
with those that would be written, since two texts can mean the same (`1e-07`, `1E-07`).
"""

import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zsstad_core.cache.folders import INPUTS, artifacts, complete_files, stage_name, units
from zsstad_core.cache.units import MANIFEST, Unit, short_digest
from zsstad_core.errors import CacheError
from zsstad_core.progress import Progress

DAMAGED = "manifest.damaged.json"  # the name of a manifest whose unit was found damaged
_THREADS = 8  # hashing releases the interpreter lock, and a network disk answers several readers faster than one


@dataclass(frozen=True)
class Verified:
    """How many units, artifacts and bytes (of whole units) were compared, and how many units and files are damaged."""

    units: int
    artifacts: int
    bytes: int
    damaged: int


def verify(roots: Sequence[Path], report: Callable[[str], None]) -> Verified:
    """Check all artifacts in datasets' folders; `report` gets one line for each unit or file that is damaged.

    If the cache can be written to, a damaged unit loses its manifest, so that the next make redoes it, and a damaged
    complete-*.json is removed, so that the next make writes it again from the units. Nothing else is changed.
    """
    found = [artifact for root in roots for artifact in artifacts(root)]
    folders = [unit for artifact in found for unit in units(artifact)]
    progress = Progress("verify", len(folders), "units") if folders else None
    size, faults, damaged = 0, 0, set[Path]()
    with ThreadPoolExecutor(_THREADS) as pool:
        try:
            for folder, (whole, fault) in zip(folders, pool.map(_unit, folders), strict=True):
                size += whole
                if fault:
                    report(fault)
                    damaged.add(folder)
                if progress:
                    progress.advance(1)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    for artifact in found:
        of_artifact = [*_artifact(artifact)] or [*_strangers(artifact, damaged)]
        for fault in [*of_artifact, *_complete(artifact, damaged)]:
            report(fault)
            faults += 1
    return Verified(len(folders), len(found), size, len(damaged) + faults)


def _unit(folder: Path) -> tuple[int, str]:
    """The bytes of a unit's files, and a line that says what is wrong with it (empty if nothing is)."""
    unit = Unit(folder)
    try:
        if not (folder / MANIFEST).is_file():
            known = ", as was found before; the next make redoes it" if (folder / DAMAGED).is_file() else ""
            return 0, f"{folder}: {MANIFEST} is missing{known or '; the next make that wants it redoes it'}"
        manifest = unit.manifest
        if (folder / MANIFEST).read_bytes() != _json_bytes(manifest):
            raise unit.damaged_error(f"{MANIFEST} is not as it was written")
        unit.verify()
        there = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    except CacheError as error:
        return 0, str(error)
    except OSError as error:
        return 0, f"{folder}: cannot be read ({error.strerror or error}); if it stays so, remove it and run again"
    more = sorted(there - {MANIFEST, *manifest["files"]})
    size = sum(entry["bytes"] for entry in manifest["files"].values())
    return size, f"{folder}: holds {', '.join(more)}, which its manifest does not list; remove it" if more else ""


def _artifact(folder: Path) -> Iterator[str]:
    """Lines that say what is wrong with the inputs of an artifact."""
    file = folder / INPUTS
    again = f"the complete-*.json beside it, and the next make that wants {folder.name} writes both again"
    try:
        content = file.read_bytes()
        inputs = json.loads(content)
    except FileNotFoundError:
        if any(folder.glob("[!.]*")):  # if not, it is being made just now
            yield f"{file}: is missing; remove {again}"
        return
    except (OSError, ValueError) as error:
        yield f"{file}: is not readable ({type(error).__name__}); remove it and {again}"
        return
    if content != _json_bytes(inputs):
        yield f"{file}: is not as it was written; remove it and {again}"
    elif folder.name != f"{stage_name(folder.name)}-{short_digest(inputs)}":
        yield (
            f"{file}: gives the key {short_digest(inputs)}, not that of the folder's name; if the folder may be "
            f"another's, remove the folder, else remove this file and {again}"
        )


def _strangers(folder: Path, damaged: set[Path]) -> Iterator[str]:
    """A line for each unit that was made for another artifact."""
    for path in units(folder):
        if path not in damaged and (path / MANIFEST).is_file() and (other := Unit(path).stranger_to(folder.name)):
            yield f"{path}: was made for {other}; remove it and run again"


def _complete(folder: Path, damaged: set[Path]) -> Iterator[str]:
    """Lines that say what is wrong with the complete-*.json files of an artifact."""
    for file in complete_files(folder):
        try:
            content = file.read_bytes()
            named = json.loads(content)["units"]
            if content != _json_bytes({"units": named}):
                raise CacheError("is not as it was written")
            if not any(folder / name in damaged for name in named):  # a damaged unit has to be redone, not this file
                _compare(file, named)
        except FileNotFoundError:
            continue  # removed meanwhile
        except OSError as error:
            yield f"{file}: cannot be read ({error.strerror or error}); if it stays so, remove it and run again"
        except CacheError as error:
            yield f"{file}: {error}; {_remove_complete(file)}"
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            yield f"{file}: is not readable ({type(error).__name__}); {_remove_complete(file)}"


def _compare(file: Path, named: dict[str, dict[str, Any]]) -> None:
    """Raise CacheError if the units differ from the recorded units, or their videos from those of the file's name."""
    videos: dict[str, str] = {}
    for name, recorded in named.items():
        if not (file.parent / name / MANIFEST).is_file():
            raise CacheError(f"names {name}, which is not there")
        unit = Unit(file.parent / name)
        if unit.manifest["digest"] != recorded["digest"]:
            raise CacheError(f"names another {name} than the one that is there")
        if strange := set(recorded["wanted"]) - set(unit.members):
            raise CacheError(f"names the video {min(strange)!r}, which {name} does not hold")
        videos |= {video: unit.members[video] for video in recorded["wanted"]}
    if file.name != f"complete-{short_digest(videos)}.json":
        raise CacheError("names other videos than its name does")


def _remove_complete(file: Path) -> str:
    """Remove a file that the next run writes again from the units; returns the words for it."""
    try:
        file.unlink()
    except OSError:
        return "remove it, and the next make writes it again"
    return "removed; the next make writes it again"


def _json_bytes(value: object) -> bytes:
    return (json.dumps(value, indent=1, sort_keys=True) + "\n").encode()
