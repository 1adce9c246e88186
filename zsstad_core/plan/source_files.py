"""The files that a plan is made from, by their digests; and the proof that what a stage has read of them is what the
digests say.

A digest is taken when the plan is made, and a stage reads the file later, often for hours. So the stage compares each
file's size, times and number (`digests.fingerprint`) before and after it reads: a file that is replaced and put back
between the two has other times.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from zsstad_core import video
from zsstad_core.cache.digests import DigestMemo, fingerprint
from zsstad_core.errors import DataError, UserError, VideosFailedError


class SourceFiles:
    """Digests of files and videos; each file is read for its digest at most once, on the first request."""

    def __init__(self, memo: DigestMemo) -> None:
        self._memo = memo
        self._digests: dict[Path, str] = {}
        self._fingerprints: dict[Path, str] = {}

    def digest(self, path: Path) -> str:
        """The SHA-256 of a file. Raises MissingFileError where there is none."""
        if path not in self._digests:
            self._fingerprints[path] = fingerprint(path)  # first, so that a change while the digest is taken shows too
            self._digests[path] = self._memo(path)
        return self._digests[path]

    def video_digest(self, source: video.VideoSource) -> str:
        """The SHA-256 of a video, as it is now. Raises as `video.digest`."""
        return self._memo(source.path, _digest_of(source))

    def named_in(self, text: str) -> list[Path]:
        """The files whose digests stand in a text, such as the inputs of an artifact."""
        return [path for path, digest in self._digests.items() if digest in text]

    def refuse_changed(self, paths: Iterable[Path]) -> None:
        """Raise DataError naming the first of these files that is not as it was before its digest was taken."""
        for path in paths:
            if fingerprint(path) != self._fingerprints[path]:
                raise DataError(
                    f"{path}: was changed or replaced while it was read, so nothing that was read of it is kept; "
                    "leave it as it is and run again"
                )

    @contextmanager
    def reading(self, videos: Mapping[str, video.VideoSource], members: Mapping[str, str]) -> Iterator[None]:
        """A block that reads the `members` (id -> digest) of `videos`.

        Raises VideosFailedError with every video that has another digest when the block begins, or that is not the
        same file with the same times when it ends. A video that is not there is left to who reads it.
        """
        before = {video_id: fingerprint(videos[video_id].path) for video_id in members}
        there = {video_id: videos[video_id] for video_id in members if before[video_id]}
        _raise(source for video_id, source in there.items() if self._differs(source, members[video_id]))
        yield
        _raise(videos[video_id] for video_id, first in before.items() if fingerprint(videos[video_id].path) != first)

    def _differs(self, source: video.VideoSource, digest: str) -> bool:
        try:
            return self.video_digest(source) != digest
        except UserError:  # it went, or does not read any more
            return True


def _raise(changed: Iterable[video.VideoSource]) -> None:
    failed = {
        source.video_id: f"{source.path}: was changed or replaced while it was read (is it still being copied?); "
        "leave it as it is and run again"
        for source in changed
    }
    if failed:
        raise VideosFailedError(failed)


def _digest_of(source: video.VideoSource) -> Callable[[Path], str]:
    return lambda _: video.digest(source)
