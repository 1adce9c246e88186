"""What every dataset answers, whatever its files look like."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from zsstad_core.keyframes import Keyframes
from zsstad_core.video import VideoSource

if TYPE_CHECKING:
    import pandas as pd

type Part = Literal["train", "test"]
type ClassType = Literal["pose", "object", "person"]


class Dataset(Protocol):
    """A dataset on disk. A video is wanted where the annotation names it and the settings do not leave it out.

    All methods raise MissingFileError and DataError naming the file and the layout that was expected. None but
    `groundtruth` imports pandas: a plan asks the others often and must start fast.
    """

    @property
    def classes(self) -> tuple[str, ...]:
        """Action names in official order and spelling (`brush_hair`)."""

    @property
    def class_types(self) -> Mapping[str, ClassType] | None:
        """What kind of action each class is, where a person does several at once: one pose and any number of
        interactions with objects and persons (AVA). None where every person does one action."""

    @property
    def texts(self) -> str | None:
        """A YAML file of texts for its classes, that stands in place of `encoder.texts`; None where it has none."""

    @property
    def drawn_on(self) -> tuple[float, float] | None:
        """Width and height of the pictures that the annotation's boxes were drawn on, where these may be others than
        the videos on disk: the groundtruth stage scales boxes from them to what decodes. None: pixels of the video."""

    @property
    def keyframes(self) -> Keyframes | None:
        """Which frames are wanted, where only some are annotated (AVA: one a second). None where every frame is."""

    def videos(self) -> list[VideoSource]:
        """Wanted videos that are on disk, sorted by video_id; at least one."""

    def missing(self) -> list[str]:
        """Wanted videos that are not on disk, sorted."""

    def unknown(self) -> list[str]:
        """Videos on disk that the annotation does not name, sorted; they are left alone."""

    def groundtruth(self) -> "pd.DataFrame":
        """Table `groundtruth` of all wanted videos, also missing ones; `decoded` is true, `make groundtruth` sets it.

        With `keyframes` all rows are unplaced (`zsstad_core.unplaced`). What was left out and why may stand in
        `attrs["notes"]`, a list of sentences."""

    def refuse_impossible(self, videos: "pd.DataFrame") -> None:
        """Raise DataError, naming file and line, where a user's own annotation cannot be of the videos as they decode
        (table `videos`). Published annotations are taken as they are, with their faults."""

    def official_split(self) -> dict[str, Part]:
        """The official part of all wanted videos, also missing ones, sorted by video_id."""

    def annotation_files(self) -> list[Path]:
        """The files that decide `groundtruth` and `official_split`."""
