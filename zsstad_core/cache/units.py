"""A unit: the part of an artifact that holds some videos, in one folder that appears whole or not at all.

A unit is written in a temporary folder beside its place, its files are described in `manifest.json` (written last),
everything is flushed to disk, and the folder is renamed into place. A folder without a manifest is no unit. The name is
the digest of the members (each video with the digest of its file), so two processes that make the same unit use the
same name, and a changed video gives another name.

Bytes depend on the content only: when, where and how fast a unit was made is in the ledger, outside the artifact.
"""

import hashlib
import json
import os
import shutil
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from zsstad_core.cache.digests import sha256
from zsstad_core.cache.room import write_error
from zsstad_core.cache.shards import ShardedRows
from zsstad_core.cache.versions import FORMAT
from zsstad_core.errors import CacheError, DamagedUnitError

MANIFEST = "manifest.json"


def canonical(value: object) -> str:
    """The canonical JSON text of a value (sorted keys, no spaces), for digests and comparisons."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def short_digest(value: object) -> str:
    """First 16 hex digits of the SHA-256 of a value's canonical JSON."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()[:16]


def unit_name(members: Mapping[str, str]) -> str:
    """The name of the unit that holds these videos (id -> digest of the source)."""
    return f"unit-{short_digest(dict(members))}"


@dataclass(frozen=True)
class Unit:
    """A published unit."""

    path: Path

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """The content of the manifest. Raises CacheError if it is cut, edited, or of another format."""
        path = self.path / MANIFEST
        try:
            manifest: dict[str, Any] = json.loads(path.read_text())
            written_in = manifest["format"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise self.damaged_error(f"{MANIFEST} is not readable ({type(error).__name__})") from error
        if written_in != FORMAT:  # checked first: nothing else is known of another format
            raise CacheError(
                f"{self.path}: written in cache format {written_in}, this version reads {FORMAT}; "
                f"use the version that wrote it, or remove {self.path.parent} and run again"
            )
        if manifest.get("digest") != short_digest({k: v for k, v in manifest.items() if k != "digest"}):
            raise self.damaged_error(f"{MANIFEST} does not match its own digest")
        if self.path.name != unit_name(manifest["members"]):
            raise self.damaged_error(f"holds the videos of {unit_name(manifest['members'])}")
        return manifest

    @property
    def members(self) -> dict[str, str]:
        return dict(self.manifest["members"])

    @property
    def made_with(self) -> dict[str, Any]:
        return dict(self.manifest["made_with"])

    def stranger_to(self, artifact: str) -> str:
        """The name of the artifact for which the unit was made, if that is not this one; empty if it is, or if the
        manifest is from before it was noted."""
        made_for = str(self.manifest.get("artifact", artifact))
        return "" if made_for == artifact else made_for

    def chunk_checksums(self, array: str) -> dict[int, list[int]]:
        """The crc32c of each chunk of an array that the manifest lists, by shard; empty if it lists none."""
        listed = {name: entry["crc32c"] for name, entry in self.manifest["files"].items() if "crc32c" in entry}
        of_array = {name.split("/")[2]: text for name, text in listed.items() if name.startswith(f"{array}/c/")}
        return {
            int(shard): [int(text[at : at + 8], 16) for at in range(0, len(text), 8)]
            for shard, text in of_array.items()
        }

    def file(self, name: str) -> Path:
        """The path of a file of the unit, after its content has been compared with the manifest."""
        entry = self.manifest["files"].get(name)
        path = self.path / name
        if entry is None or not path.is_file():
            raise self.damaged_error(f"{name} is missing")
        if path.stat().st_size != entry["bytes"] or sha256(path) != entry["sha256"]:
            raise self.damaged_error(f"{name} fails its checksum")
        return path

    def folder(self, name: str) -> Path:
        """The path of a folder of the unit (a Zarr array), after its files have been compared with the manifest: the
        array's description by content, the other files by size.

        The checksums of the array protect its chunks while they are read; its description has no checksum.
        """
        inside = {file: entry for file, entry in self.manifest["files"].items() if file.startswith(f"{name}/")}
        if not inside:
            raise self.damaged_error(f"{name} is missing")
        for file, entry in inside.items():
            path = self.path / file
            if not path.is_file() or path.stat().st_size != entry["bytes"]:
                raise self.damaged_error(f"{file} is missing or cut")
            if path.name == "zarr.json" and sha256(path) != entry["sha256"]:
                raise self.damaged_error(f"{file} fails its checksum")
        return self.path / name

    def verify(self) -> None:
        """Compare every byte of every file with the manifest. Raises CacheError naming the first file that differs."""
        for name in self.manifest["files"]:
            self.file(name)

    def damaged_error(self, what: str) -> DamagedUnitError:
        """Rename the manifest of a damaged unit, so that its stage makes the unit again; returns the error to raise."""
        try:
            (self.path / MANIFEST).rename(self.path / "manifest.damaged.json")
            clips = list(self.__dict__.get("manifest", {}).get("members", ()))  # if it was read
            which = f" ({len(clips)} clips, first {clips[0]})" if clips not in ([], [""]) else ""
            way_out = f"the next make that needs it will redo this unit{which}"
        except OSError:
            way_out = f"remove {self.path} and run its stage again"
        return DamagedUnitError(f"{self.path}: {what}; {way_out}")


def published_units(artifact: Path) -> list[Unit]:
    """The units of an artifact that have a manifest, by name."""
    if not artifact.is_dir():
        return []
    return [Unit(path) for path in sorted(artifact.glob("unit-*")) if (path / MANIFEST).is_file()]


@contextmanager
def publish(artifact: Path, members: Mapping[str, str], about: Mapping[str, Any]) -> Iterator[Path]:
    """Write a unit: yields the folder to fill; leaving the block publishes it, an exception leaves nothing.

    about: further entries of the manifest, such as `made_with`. A whole unit of that name that is already there stays:
    another process was faster, and made the same unit.
    """
    place = artifact / unit_name(members)
    folder = artifact / f".{place.name}.{socket.gethostname()}.{os.getpid()}.tmp"
    shutil.rmtree(folder, ignore_errors=True)
    try:
        folder.mkdir(parents=True)
        yield folder
        files = _described_files(folder)
        made_for = {"artifact": artifact.name, "members": dict(members)}
        manifest = {"format": FORMAT, **made_for, "files": files, "made_with": {}, **about}
        manifest["digest"] = short_digest(manifest)
        (folder / MANIFEST).write_text(json.dumps(manifest, indent=1, sort_keys=True) + "\n")
        for path in [*folder.rglob("*"), folder]:
            flush(path)
        for name, entry in files.items():  # a write may have failed without an error
            if (folder / name).stat().st_size != entry["bytes"] or sha256(folder / name) != entry["sha256"]:
                raise CacheError(f"{place}: {name} does not read back as it was written; check the disk and run again")
        if place.exists() and not (place / MANIFEST).is_file():
            shutil.rmtree(place)
        try:
            folder.rename(place)
        except OSError:
            if not (place / MANIFEST).is_file():
                raise
        flush(artifact)
    except OSError as error:
        raise CacheError(
            f"{place}: {write_error(error, artifact)}; nothing of this unit was kept, finished units were: mend that "
            "(free some space?) and run again"
        ) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _described_files(folder: Path) -> dict[str, dict[str, Any]]:
    """Size and SHA-256 of every file in a folder, by its relative path; of a shard also the crc32c of its chunks."""
    files: dict[str, dict[str, Any]] = {
        str(path.relative_to(folder)): {"bytes": path.stat().st_size, "sha256": sha256(path)}
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    for described in folder.glob("*.zarr/zarr.json"):
        rows = ShardedRows(described.parent)
        for shard, checksums in rows.checksums().items():
            name = f"{described.parent.name}/{rows.shard_name(shard)}"
            files[name]["crc32c"] = "".join(f"{checksum:08x}" for checksum in checksums)
    return files


def remove_leftovers(artifact: Path) -> None:
    """Remove the half-written files and folders that killed processes of this host left."""
    for path in artifact.glob(".*.tmp"):
        if not is_leftover(path):
            continue
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def is_leftover(path: Path) -> bool:
    """Whether a hidden file or folder, `.NAME.HOST.PID.tmp`, was left by a process of this host that has ended."""
    name, _, pid = path.name.removesuffix(".tmp").rpartition(".")
    return name.endswith(f".{socket.gethostname()}") and pid.isdecimal() and not is_running(int(pid))


def write_whole(path: Path, text: str) -> None:
    """Write a small file so that it is there whole or not at all, also after a power cut.

    Raises CacheError if it cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{socket.gethostname()}.{os.getpid()}.tmp")
    try:
        temporary.write_text(text)
        flush(temporary)
        temporary.replace(path)
        flush(path.parent)
    except OSError as error:
        raise CacheError(
            f"{path}: cannot be written ({write_error(error, path)}); make room there, or choose another cache.root"
        ) from error


def flush(path: Path) -> None:
    """Make the system write a file, or the entries of a folder, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def is_running(pid: int) -> bool:
    """Whether this host has a process of that number that has not ended.

    A killed process keeps its number until its parent has asked how it ended, which may be long: in a container often
    nobody asks.
    """
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:  # there is none, or no /proc, or it shows one's own processes only
        return _has_number(pid)
    return state not in {"Z", "X"}


def _has_number(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
