"""What is on disk for a dataset: videos, digests, annotation. A process reads it once, for all its plans."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from pathlib import Path

from zsstad_core import video
from zsstad_core.cache import set_aside
from zsstad_core.cache.digests import DigestMemo
from zsstad_core.cache.units import canonical
from zsstad_core.datasets import open_dataset
from zsstad_core.datasets.base import Part
from zsstad_core.progress import watched
from zsstad_core.settings.pipeline import Settings


class Inventory:
    """The files of a dataset under some settings; each is listed and digested at most once, on the first request.

    Raises SettingsError, MissingFileError or DataError as the dataset does.
    """

    def __init__(self, settings: Settings, memo: DigestMemo) -> None:
        self.root = Path(settings.cache.root) / settings.dataset
        self.dataset = open_dataset(settings.dataset, settings)
        self._memo = memo
        self._digests: dict[Path, str] = {}
        self._texts: dict[str, list[list[str]]] = {}

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
        return {name: self._memo(source.path, _digest_of(source)) for name, source in videos}

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
        if path not in self._digests:
            self._digests[path] = self._memo(path)
        return self._digests[path]

    def digests(self, paths: Iterable[Path]) -> dict[str, str]:
        """The SHA-256 of each file, by the shortest end of its path that no other of these paths has."""
        return {name: self.digest(path) for name, path in _shortest_names(paths).items()}

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


def _digest_of(source: video.VideoSource) -> Callable[[Path], str]:
    return lambda _: video.digest(source)


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
