"""Videos that a stage could not process, set aside with the reason until the next run tries them again.

    cache/DATASET/set-aside/NAME.json    one file per video, so that no note overwrites another

A note is valid for one content of the video file: a video that is replaced is no longer set aside.
"""

import hashlib
import json
import socket
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from zsstad_core.cache.units import write_whole

_FOLDER = "set-aside"


@dataclass(frozen=True)
class Failure:
    """A video that a stage could not process, and the reason, in the words of the decoder if the decoder failed."""

    video_id: str
    digest: str
    stage: str
    reason: str
    when: str = ""
    host: str = ""


def note(root: Path, failure: Failure) -> None:
    """Set a video aside. Raises CacheError if the note cannot be written, unless the same note is there already."""
    if _same(recorded_failures(root, {failure.video_id: failure.digest}).get(failure.video_id), failure):
        return
    stamped = asdict(failure) | {"when": time.strftime("%Y-%m-%dT%H:%M:%S%z"), "host": socket.gethostname()}
    path = _file(root, failure.video_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, json.dumps(stamped, indent=1) + "\n")


def clear(root: Path, video_id: str) -> None:
    """Remove the note of a video. If the cache cannot be written to, the note stays, and the video stays set aside."""
    with suppress(OSError):
        _file(root, video_id).unlink(missing_ok=True)


def recorded_failures(root: Path, members: Mapping[str, str]) -> dict[str, Failure]:
    """The recorded failures of these videos (id -> digest of the file), by id."""
    failures: dict[str, Failure] = {}
    for path in sorted((root / _FOLDER).glob("*.json")):
        try:
            failure = Failure(**json.loads(path.read_text()))
        except (OSError, ValueError, TypeError):
            continue
        if members.get(failure.video_id) == failure.digest:
            failures[failure.video_id] = failure
    return failures


def _same(one: Failure | None, other: Failure) -> bool:
    return one is not None and (one.stage, one.reason) == (other.stage, other.reason)


def _file(root: Path, video_id: str) -> Path:
    return root / _FOLDER / f"{hashlib.sha256(video_id.encode()).hexdigest()[:16]}.json"
