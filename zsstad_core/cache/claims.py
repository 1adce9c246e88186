"""Who is making a unit now: a file lock, which the operating system takes back when its holder ends, also by `kill -9`.

A hidden lock file stands beside the unit while somebody makes it. So two commands on one cache never make the same
unit; two hosts do not either, where their file system shares its locks (NFS 4, Lustre with `flock`). Where it does not,
both make it, and the unit of the faster one stays (`units.publish`).
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
    """Yields those of `artifacts` that still lack the group's unit, ours alone to make in this block.

    None where somebody else is making it for any of them; nothing is claimed then.
    """
    with ExitStack() as held:
        for artifact in artifacts:
            lock = artifact.path / f".{group.name}.lock"
            if not held.enter_context(_taken(lock)):
                yield None
                return
        yield [artifact for artifact in artifacts if not artifact.has(group)]


def tidy(artifact: Artifact) -> None:
    """Remove what killed processes of this host left: lock files that nobody holds, units that were half written."""
    for lock in artifact.path.glob(".unit-*.lock"):
        with _taken(lock):
            pass
    remove_leftovers(artifact.path)


@contextmanager
def _taken(path: Path) -> Iterator[bool]:
    """Whether the lock is ours in this block; its file goes with it."""
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
        path.unlink(missing_ok=True)  # while it is ours: who waits for the old file notices that it is gone
        lock.release()
