"""What is on disk for a dataset: videos, digests, annotation. A process reads it once, for all its plans."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from functools import cached_property
from pathlib import Path
from typing import Any

from zsstad_core import video
from zsstad_core.cache import set_aside
from zsstad_core.cache.digests import DigestMemo
from zsstad_core.cache.units import canonical
from zsstad_core.datasets import open_dataset
from zsstad_core.datasets.base import Dataset, Part
from zsstad_core.plan.source_files import SourceFiles
from zsstad_core.progress import watched
from zsstad_core.settings.pipeline import Settings


class Inventory:
    """The files of a dataset under some settings; each is listed and digested at most once, on the first request.

    Raises SettingsError, MissingFileError or DataError as the dataset does.
    """

    def __init__(self, settings: Settings, memo: DigestMemo) -> None:
        self.root = Path(settings.cache.root) / settings.dataset
        self._settings, self._memo, self._files = settings, memo, SourceFiles(memo)
        self.dataset = self.open_dataset()
        self._texts: dict[str, list[list[str]]] = {}

    def open_dataset(self) -> Dataset:
        """The dataset, opened anew: it has read nothing yet."""
        return open_dataset(self._settings.dataset, self._settings)

    @cached_property
    def official_split(self) -> Mapping[str, Part]:
        """The part, training or test, of every wanted video, also of those that are not on disk."""
        return self.dataset.official_split()

    @cached_property
    def videos(self) -> Mapping[str, video.VideoSource]:
        """The wanted videos that are on disk, by video_id."""
        return {source.video_id: source for source in self.dataset.videos()}

    @cached_property
    def video_digests(self) -> Mapping[str, str]:
        """The SHA-256 of each video that is on disk."""
        videos = watched(self.videos.items(), "digests", len(self.videos), "videos")
        return {name: self._files.video_digest(source) for name, source in videos}

    @cached_property
    def set_aside(self) -> Mapping[str, set_aside.Failure]:
        """The videos on disk that a stage could not read, and why."""
        return set_aside.recorded_failures(self.root, self.video_digests)

    @cached_property
    def missing(self) -> list[str]:
        """Wanted videos in which nothing can be found: they are not on disk, or set aside. Sorted."""
        return sorted([*self.dataset.missing(), *self.set_aside])

    @cached_property
    def annotation(self) -> Mapping[str, str]:
        """The SHA-256 of each file that decides the ground truth and the official split."""
        return self.digests(self.dataset.annotation_files())

    def digest(self, path: Path) -> str:
        """The SHA-256 of a file. Raises MissingFileError where there is none."""
        return self._files.digest(path)

    def digests(self, paths: Iterable[Path]) -> dict[str, str]:
        """The SHA-256 of each file, by the shortest end of its path that no other of these paths has."""
        return {name: self.digest(path) for name, path in _shortest_names(paths).items()}

    def refuse_changed(self, inputs: Mapping[str, Any]) -> None:
        """Raise DataError if a file that decides an artifact's content (`Artifact.inputs`) is not as it was before its
        digest was taken: a stage calls this after it has read the file, and before it writes."""
        self._files.refuse_changed(self._files.named_in(canonical(inputs)))
        if "annotation" in inputs:  # one digest for all its files
            self._files.refuse_changed(self.dataset.annotation_files())

    def reading(self, members: Mapping[str, str]) -> AbstractContextManager[None]:
        """A block that reads videos (id -> digest). Raises VideosFailedError with every video that is not, or does not
        stay, what its digest says."""
        return self._files.reading(self.videos, members)

    def texts(self, deciding: object, read: Callable[[], list[list[str]]]) -> list[list[str]]:
        """The result of `read`, which is called once for all equal settings (`deciding`, as plain data)."""
        key = canonical(deciding)
        if key not in self._texts:
            self._texts[key] = read()
        return self._texts[key]

    def save(self) -> None:
        """Remember the digests that were computed, for the next process."""
        self._memo.save()


class Inventories:
    """One inventory for each dataset, cache and settings of the dataset, which all plans of the process share."""

    def __init__(self) -> None:
        self._memos: dict[str, DigestMemo] = {}
        self._inventories: dict[str, Inventory] = {}

    def of(self, settings: Settings) -> Inventory:
        """The inventory of the settings' dataset, which is opened on the first request. Raises as `Inventory`."""
        root, own = settings.cache.root, getattr(settings.datasets, settings.dataset)
        key = canonical([root, settings.dataset, own.model_dump(mode="json")])
        if key not in self._inventories:
            if root not in self._memos:
                self._memos[root] = DigestMemo(Path(root) / "digests.json")
            self._inventories[key] = Inventory(settings, self._memos[root])
        return self._inventories[key]


def _shortest_names(paths: Iterable[Path]) -> dict[str, Path]:
    """Each path by its shortest end that no other path has, so that the folder of the files decides nothing."""
    names: dict[str, Path] = {}
    left, depth = list(dict.fromkeys(paths)), 0
    while left:
        depth += 1
        ends = {path: "/".join(path.parts[-depth:]) for path in left}
        times = Counter(ends.values())
        names |= {end: path for path, end in ends.items() if times[end] == 1}
        left = [path for path in left if times[ends[path]] > 1]
    return names
