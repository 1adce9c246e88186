"""stickworld as a dataset, which is rendered when it is first opened.

    ROOT/seed0-10x6-1f0c…/    named by what decides its content: seed, clips per class, and a digest of the renderer
        videos/ACTION/train-000.mp4  annotation.parquet  objects.parquet

So another version of the renderer renders into another folder, and artifacts of the old clips stay valid.
"""

import hashlib
import shutil
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from zsstad_core import stickworld
from zsstad_core.datasets.base import Part
from zsstad_core.errors import DataError, MissingFileError
from zsstad_core.settings import datasets as settings
from zsstad_core.stickworld.clips import ANNOTATION, clips, video_file
from zsstad_core.stickworld.labels import CLASSES
from zsstad_core.video import VideoSource

if TYPE_CHECKING:
    import pandas as pd


class Stickworld:
    """The dataset of `settings.datasets.stickworld` (see `zsstad_core.datasets.base.Dataset`).

    video_id is `ACTION/PART-NUMBER`, with the action for which the clip was made; other persons in it do other actions.
    """

    classes = CLASSES
    class_types = None
    keyframes = None
    annotated_size = None
    texts = None

    def __init__(self, chosen: settings.Stickworld) -> None:
        self._chosen = chosen

    def videos(self) -> list[VideoSource]:
        found = [VideoSource(name, path) for name, path in self._files.items() if path.is_file()]
        if not found:
            raise MissingFileError(f"{self.folder}: holds no clip any more; remove the folder, it is rendered again")
        return found

    def missing(self) -> list[str]:
        return [name for name, path in self._files.items() if not path.is_file()]

    def unlisted(self) -> list[str]:
        videos = self.folder / "videos"
        names = (path.relative_to(videos).with_suffix("").as_posix() for path in videos.glob("*/*.mp4"))
        return sorted(set(names) - self._parts.keys())

    def official_split(self) -> dict[str, Part]:
        return dict(self._parts)

    def annotation_files(self) -> list[Path]:
        return [self.folder / ANNOTATION]

    def groundtruth(self) -> "pd.DataFrame":
        import pandas as pd

        from zsstad_core.tables import table

        (path,) = self.annotation_files()
        try:
            rows = pd.read_parquet(path)
        except (OSError, ValueError) as error:
            raise DataError(f"{path}: does not read ({error}); remove its folder, it is rendered again") from error
        rows = rows.rename(columns={"person": "box"}).drop(columns="visible")
        return table("groundtruth", rows.assign(decoded=True))

    def refuse_impossible(self, videos: "pd.DataFrame") -> None:
        pass  # published

    @cached_property
    def folder(self) -> Path:
        """The folder of the clips, which are rendered if it is not there."""
        if not self.place.is_dir():
            _render(self.place, self._chosen)
        return self.place

    @cached_property
    def place(self) -> Path:
        """The folder of the clips, whether it is there or not."""
        chosen = self._chosen
        name = f"seed{chosen.seed}-{chosen.train_clips}x{chosen.test_clips}-{_source_digest()}"
        return Path(chosen.root) / name

    @cached_property
    def _parts(self) -> dict[str, Part]:
        chosen = self._chosen
        return {clip.video_id: clip.part for clip in clips(chosen.seed, chosen.train_clips, chosen.test_clips)}

    @cached_property
    def _files(self) -> dict[str, Path]:
        return {name: video_file(self.folder, name) for name in self._parts}


def _render(folder: Path, chosen: settings.Stickworld) -> None:
    """Render into a hidden folder beside `folder` and rename it when it is complete. A second process waits."""
    from filelock import FileLock

    from zsstad_core.stickworld.write import write_clips

    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(folder.parent / ".rendering.lock"):
            if folder.is_dir():
                return
            unfinished = folder.with_name(f".{folder.name}")
            shutil.rmtree(unfinished, ignore_errors=True)
            write_clips(unfinished, chosen.seed, chosen.train_clips, chosen.test_clips)
            unfinished.rename(folder)
    except OSError as error:
        raise DataError(
            f"{folder}: the clips cannot be rendered there ({error}); name another folder in datasets.stickworld.root"
        ) from error


def _source_digest() -> str:
    """The first eight hex digits of a digest of the renderer's source files."""
    digest = hashlib.sha256()
    for path in sorted(Path(stickworld.__file__).parent.glob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:8]
