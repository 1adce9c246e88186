"""Claims on units: a process holds a file lock while it makes a unit; the operating system frees the lock when the
process ends, even by `kill -9`.

The hidden lock file is beside the unit. So two commands on one cache never make the same unit; neither do two hosts, if
their file system shares its locks (NFS 4, Lustre with `flock`). If it does not, both hosts make the unit, and the unit
that is finished first stays (`units.publish`).
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from zsstad_core.cache.artifact import Artifact, Group
from zsstad_core.cache.units import remove_leftovers
from zsstad_core.errors import CacheError


@contextmanager
def claim(group: Group, artifacts: Sequence[Artifact]) -> Iterator[list[Artifact] | None]:
    """Claim a group's unit in some artifacts: yields the artifacts that still lack it, which only this block may make.

    Yields None, and claims nothing, if another process is making the unit for any of the artifacts.
    """
    with ExitStack() as held:
        for artifact in artifacts:
            lock = artifact.path / f".{group.name}.lock"
            if not held.enter_context(_lock(lock)):
                yield None
                return
        yield [artifact for artifact in artifacts if not artifact.has(group)]


def tidy(artifact: Artifact) -> None:
    """Remove what killed processes of this host left: lock files without a holder, half-written units."""
    for lock in artifact.path.glob(".unit-*.lock"):
        with _lock(lock):
            pass
    remove_leftovers(artifact.path)


@contextmanager
def _lock(path: Path) -> Iterator[bool]:
    """Try to hold a lock in this block: yields whether it is held; its file is removed at the end."""
    lock = FileLock(path)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        yield False
        return
    except OSError as error:
        raise CacheError(
            f"{path}: cannot be written ({error.strerror or error}); make room there, or choose another cache.root"
        ) from error
    try:
        yield True
    finally:
        path.unlink(missing_ok=True)  # before the release: a process that waits for the old file sees that it is gone
        lock.release()
