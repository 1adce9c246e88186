"""SHA-256 of source files, remembered as long as a file's size and times stay the same.

The digest, never the time, goes into keys. The memo only saves the time of reading gigabytes again, and may be lost. A
file that changed in the last seconds is not remembered, because a second change could leave its time as it is.
"""

import hashlib
import json
import os
import stat
import time
from collections.abc import Callable
from pathlib import Path

from zsstad_core.errors import MissingFileError
from zsstad_core.progress import PATIENCE_S, Progress

_SETTLED_S = 2.0
_MEGABYTE = 1 << 20
_PART = 4 * _MEGABYTE


def sha256(path: Path) -> str:
    """Hex SHA-256 of a file's bytes; a large file shows its progress."""
    digest, part = hashlib.sha256(), bytearray(_PART)
    progress = Progress(f"digest of {path.name}", path.stat().st_size // _MEGABYTE, "MB", PATIENCE_S)
    with path.open("rb", buffering=0) as file:
        while size := file.readinto(part):
            digest.update(memoryview(part)[:size])
            progress.advance(size // _MEGABYTE)
    return digest.hexdigest()


class DigestMemo:
    """Digests by path, kept in one JSON file; `compute` makes a digest that the memo lacks.

    An entry that does not prove itself (a bit has flipped, or somebody has edited it) counts as absent.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._changed = False
        try:
            known = json.loads(path.read_text())
        except (OSError, ValueError):
            known = {}  # a memo only: absent or unreadable costs a recomputation
        self._known: dict[str, object] = known if isinstance(known, dict) else {}
        self._real: dict[str, str] = {}

    def __call__(self, path: Path, compute: Callable[[Path], str] = sha256) -> str:
        """Digest of a file, or of a folder by `compute`. Raises MissingFileError if there is neither."""
        try:
            name, status = self._found(os.fspath(path))
            stamp, newest = _stamp(path, status)
        except OSError as error:
            raise MissingFileError(f"{path}: {error.strerror or error}; check the path in pipeline.yaml") from error
        match self._known.get(name):
            case [known_stamp, str(digest), proof] if known_stamp == stamp and proof == _proof(name, stamp, digest):
                return digest
        digest = compute(path)
        if time.time() - newest > _SETTLED_S and fingerprint(path).startswith(stamp):  # it did not change meanwhile
            self._known[name] = [stamp, digest, _proof(name, stamp, digest)]
            self._changed = True
        return digest

    def _found(self, path: str) -> tuple[str, os.stat_result]:
        """The path of a file or folder without links, and its status."""
        status = os.lstat(path)
        folder, name = os.path.split(path)
        if stat.S_ISLNK(status.st_mode) or name in {"", os.curdir, os.pardir}:
            return os.path.realpath(path), Path(path).stat()
        if folder not in self._real:  # most files share theirs
            self._real[folder] = os.path.realpath(folder)
        return f"{self._real[folder].rstrip('/')}/{name}", status

    def save(self) -> None:
        """Write the memo if it has changed; in a cache that cannot be written to, do nothing."""
        if not self._changed:
            return
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            temporary = self.path.with_name(f"{self.path.name}.{os.getpid()}.tmp")
            temporary.write_text(json.dumps(self._known))
            temporary.replace(self.path)
        except OSError:
            return


def fingerprint(path: Path) -> str:
    """A text that differs after a file, or an entry of a folder, was changed or replaced, also if what was there before
    has been put back; "" if there is nothing. Changes are told apart as finely as the file system keeps times."""
    try:
        status = path.stat()
        stamp, _ = _stamp(path, status)
    except OSError:
        return ""
    return f"{stamp}-{status.st_dev}-{status.st_ino}"


def _stamp(path: Path, status: os.stat_result) -> tuple[str, float]:
    """A text that changes when a file (or an entry of a folder) changes, and the newest time in seconds.

    The text holds the time of the last change (ctime) because the time of the last writing can be set back: `cp -p`,
    `rsync -t` and `tar x` put another file of the same size and time in a file's place.
    """
    if not stat.S_ISDIR(status.st_mode):
        return _times(status), max(status.st_mtime, status.st_ctime)
    entries = sorted((entry.name, entry.stat()) for entry in os.scandir(path))
    text = "\n".join(f"{name} {_times(entry)}" for name, entry in entries)
    newest = max(max(s.st_mtime, s.st_ctime) for s in [status, *(entry for _, entry in entries)])
    return hashlib.sha256(text.encode()).hexdigest(), newest


def _proof(name: str, stamp: str, digest: str) -> str:
    text = f"{name}\0{stamp}\0{digest}".encode(errors="surrogateescape")
    return hashlib.blake2b(text, digest_size=8).hexdigest()


def _times(status: os.stat_result) -> str:
    return f"{status.st_size}-{status.st_mtime_ns}-{status.st_ctime_ns}"
