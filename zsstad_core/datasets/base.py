"""The interface that every dataset implements, whatever its files look like."""

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
    """A dataset on disk. A video is wanted if the annotation names it and the settings do not leave it out.

    All methods raise MissingFileError and DataError naming the file and the expected layout. Only `groundtruth` imports
    pandas: a plan often calls the other methods, and must start fast.
    """

    @property
    def classes(self) -> tuple[str, ...]:
        """Action names in official order and spelling (`brush_hair`)."""

    @property
    def class_types(self) -> Mapping[str, ClassType] | None:
        """The type of each class, if a person does several actions at once: one pose and any number of interactions
        with objects and persons (AVA). None if every person does one action."""

    @property
    def texts(self) -> str | None:
        """A YAML file of texts for the classes, in place of `encoder.texts`; None if there is none."""

    @property
    def annotated_size(self) -> tuple[float, float] | None:
        """Width and height of the pictures on which the boxes were annotated, if the videos on disk may have another
        size: the groundtruth stage scales the boxes to the decoded frames. None: boxes are in pixels of the video."""

    @property
    def keyframes(self) -> Keyframes | None:
        """The rule for the wanted frames, if only some are annotated (AVA: one a second); None if all are wanted."""

    def videos(self) -> list[VideoSource]:
        """The wanted videos that are on disk, sorted by video_id; at least one."""

    def missing(self) -> list[str]:
        """The wanted videos that are not on disk, sorted."""

    def unlisted(self) -> list[str]:
        """The videos on disk that the annotation does not name, sorted; no stage reads them."""

    def groundtruth(self) -> "pd.DataFrame":
        """Table `groundtruth` of all wanted videos, on disk or missing; `decoded` is true until `make groundtruth` sets
        it.

        With `keyframes` all rows are unplaced (`zsstad_core.unplaced`). `attrs["notes"]`
        may hold sentences on the rows that were left out, and why."""

    def refuse_impossible(self, videos: "pd.DataFrame") -> None:
        """Raise DataError, naming file and line, if a user's annotation cannot belong to the decoded videos (table
        `videos`). Published annotations are never refused: their faults are part of the published numbers."""

    def official_split(self) -> dict[str, Part]:
        """The official part of all wanted videos, on disk or missing, sorted by video_id."""

    def annotation_files(self) -> list[Path]:
        """The files that decide `groundtruth` and `official_split`."""
