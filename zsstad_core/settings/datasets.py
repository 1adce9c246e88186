"""Settings of the datasets: where their files are, and which of them are wanted."""

import json
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from zsstad_core.settings.base import ADDED, BY_DIGEST, Section


class Jhmdb(Section):
    """J-HMDB: 928 trimmed clips of 21 actions, one annotated person a frame."""

    root: Annotated[str, BY_DIGEST] = "data/jhmdb"
    """Folder that the other paths of this section start from."""

    videos: Annotated[str, BY_DIGEST] = "videos"
    """Folder of clips, `CLASS/NAME.avi`, or of the official frames, `CLASS/NAME/00001.png` (Rename_Images)."""

    groundtruth: Annotated[str, BY_DIGEST] = "JHMDB-GT.pkl"
    """`JHMDB-GT.pkl`, or the official `puppet_mask` folder (`CLASS/NAME/puppet_mask.mat`)."""

    official_splits: Annotated[str, BY_DIGEST] = "splits"
    """Folder of the official lists (`CLASS_test_split1.txt`); read only with puppet masks, the pickle has its own."""

    official_split: Literal[1, 2, 3] = 1
    """Which of the three official splits says what is training and what is test. Papers 001 and 002: 1."""

    clips_per_class: Annotated[Annotated[int, Field(ge=1)] | None, BY_DIGEST] = None
    """Take only so many training and so many test clips of each class, the first by name; empty takes all."""


class Ucf101_24(Section):
    """UCF101-24: 3,194 untrimmed clips of 24 actions, one or more annotated persons."""

    root: Annotated[str, BY_DIGEST] = "data/ucf101_24"
    """Folder that the other paths of this section start from."""

    videos: Annotated[str, BY_DIGEST] = "videos"
    """Folder of clips, `CLASS/NAME.avi` or `.mp4`, of whatever size, or of frames, `CLASS/NAME/00001.jpg`."""

    groundtruth: Annotated[str, BY_DIGEST] = "pyannot.pkl"
    """The corrected annotation: `pyannot.pkl`, or `finalAnnots.mat`, which holds the same boxes."""

    test_list: Annotated[str, BY_DIGEST] = "testlist01.txt"
    """List of the test clips, `CLASS/NAME` or `CLASS/NAME.avi` a line. Papers 001 and 002: split 1."""

    train_list: Annotated[str | None, BY_DIGEST] = None
    """List of the training clips (`trainlist01.txt`); empty: all annotated clips that the test list does not name."""

    clips_per_class: Annotated[Annotated[int, Field(ge=1)] | None, BY_DIGEST] = None
    """Take only so many training and so many test clips of each class, the first by name; empty takes all."""


class Ava(Section):
    """AVA (v2.1, v2.2): films of which one frame a second is annotated, several persons with several actions each."""

    root: Annotated[str, BY_DIGEST] = "data/ava"
    """Folder that the other paths of this section start from."""

    videos: Annotated[str, BY_DIGEST] = "videos"
    """Folder of films or clips, `VIDEO_ID.mkv` (mp4, webm, avi, mov), or of folders of frames, `VIDEO_ID/`."""

    frame_files: Annotated[str, BY_DIGEST] = "{video}_{number}.jpg"
    """What frames in a folder are called; `{video}` is the video's id, `{number}` counts from 1. mmaction2's are called
    `img_{number}.jpg`."""

    fps: Annotated[float, Field(gt=0)] = 30.0
    """Frames a second of such folders. A file has its own times."""

    start: Annotated[float, Field(ge=0)] = 900.0
    """Second of the film at which videos start: 900 for the 15 minutes that are usually cut out, 0 for whole films."""

    first_second: Annotated[int, Field(ge=0, le=1_000_000), ADDED] = 902
    """The first second of a film that may be annotated, AVA's by default. Rows of other seconds are refused."""

    last_second: Annotated[int, Field(ge=0, le=1_000_000), ADDED] = 1798
    """The last one. Every second between the two that a video has is a keyframe: a wide range costs decoding."""

    around: Annotated[int, Field(ge=0)] = 0
    """How many more frames before and after each keyframe are extracted, `step` apart. A method needs some
    where its window reaches beyond the keyframes; a memory of keyframes, a second apart, needs none."""

    step: Annotated[float, Field(gt=0)] = 1.0
    """Distance of those frames, and of the neighbours that a method's window or memory reads, in `step_unit`."""

    step_unit: Literal["seconds", "frames"] = "seconds"
    """Unit of `step`. A neighbour so many seconds away is the frame nearest to that moment."""

    train: Annotated[str, BY_DIGEST] = "ava_train_v2.2.csv"
    """The official annotation of the training videos: video, second, box as fractions, action, person (or without)."""

    val: Annotated[str, BY_DIGEST] = "ava_val_v2.2.csv"
    """The official annotation of the validation videos, which are the test part here as in the papers."""

    labelmap: Annotated[str, BY_DIGEST] = "ava_action_list_v2.2.pbtxt"
    """Names of the actions by their numbers (pbtxt, or csv label_id,label_name). The label splits need all 80; with the
    60 of the ActivityNet task, rows of the other 20 are left out."""

    excluded_train: Annotated[str | None, BY_DIGEST] = "ava_train_excluded_timestamps_v2.2.csv"
    """Keyframes of the training videos whose annotation is not to be used; empty: none."""

    excluded_val: Annotated[str | None, BY_DIGEST] = "ava_val_excluded_timestamps_v2.2.csv"
    """Keyframes of the validation videos whose annotation is not to be used; empty: none."""

    @model_validator(mode="after")
    def _files_are_numbered(self) -> "Ava":
        if self.frame_files.count("{number}") != 1 or not self.frame_files.endswith((".jpg", ".png")):
            raise ValueError(
                f'frame_files is "{self.frame_files}"; it must have {{number}} once, and end in .jpg or .png'
            )
        return self

    @model_validator(mode="after")
    def _seconds_rise(self) -> "Ava":
        if self.last_second < self.first_second:
            raise ValueError(
                f"last_second is {self.last_second}; it must not be before first_second ({self.first_second})"
            )
        return self

    @model_validator(mode="after")
    def _frames_are_whole(self) -> "Ava":
        if self.step_unit == "frames" and self.step % 1:
            raise ValueError(f"step is {self.step}; in frames it must be a whole number: or set step_unit: seconds")
        return self


def _names(value: Any) -> Any:
    """Names with commas between them are a list too, as is JSON's way to write one: SET= knows no other."""
    if isinstance(value, str) and value.startswith("["):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return [name.strip() for name in value.split(",")] if isinstance(value, str) else value


class Folder(Section):
    """A folder of videos of one's own, with or without annotated persons and actions."""

    root: Annotated[str, BY_DIGEST] = "data/folder"
    """Folder of videos, at any depth, in any container that FFmpeg opens. The other paths here start from it."""

    videos: Annotated[list[str], BeforeValidator(_names), BY_DIGEST] = Field(default=[])
    """Video files, wherever they are, instead of all below `root`: their names are their ids, with as much of the path
    as tells them apart. `make ask` sets it."""

    every: Annotated[int, Field(ge=1)] = 1
    """Look at every n-th frame only: nobody is detected, encoded or scored on the others. Only without annotation."""

    per_second: Annotated[float, Field(gt=0)] | None = None
    """Or at so many frames a second, the first of each such part of a second; a slower video is looked at whole."""

    labels: Annotated[list[str], BeforeValidator(_names), BY_DIGEST] = Field(default=[])
    """Names of the actions, `[opening a door, reading]`, in SET= without brackets; empty: those of the annotation."""

    texts: Annotated[str | None, BY_DIGEST] = None
    """A YAML file of texts for these labels, as `encoder.texts`, in whose place it stands; but for this dataset alone,
    so that it has no bearing on the one that TRAINED_ON= names."""

    annotation: Annotated[str | None, BY_DIGEST] = None
    """CSV or JSON file of boxes: video, frame, x1, y1, x2, y2 and, where wanted, person, label and part; empty: nothing
    is annotated, and there is nothing to evaluate against (docs/datasets.md)."""

    train_list: Annotated[str | None, BY_DIGEST] = None
    """List of the training videos, one a line; empty: those whose `part` is train in the annotation, or none. All
    others are test."""

    @model_validator(mode="after")
    def _looks_at_the_annotated_frames(self) -> "Folder":
        if self.every > 1 and self.per_second is not None:
            raise ValueError(f"every is {self.every} and per_second {self.per_second:g}; set one of them")
        if self.annotation is not None and (self.every > 1 or self.per_second is not None):
            named = "per_second" if self.per_second is not None else "every"
            raise ValueError(
                f"{named} leaves frames out, and annotation may name any of them; leave out one of these settings"
            )
        return self


class Stickworld(Section):
    """stickworld: jointed figures in 18 actions, rendered from a seed when they are first asked for."""

    root: Annotated[str, BY_DIGEST] = "data/stickworld"
    """Folder where clips are rendered to, in a folder of their own for each seed and number of clips."""

    seed: Annotated[int, Field(ge=0)] = 0
    """Seed of the clips; another one gives other people, places and cameras."""

    train_clips: Annotated[int, Field(ge=1)] = 10
    """Training clips a class. In most of them others do other actions beside."""

    test_clips: Annotated[int, Field(ge=1)] = 6
    """Test clips a class. A clip is the same whatever these numbers are."""


class Datasets(Section):
    """One section a dataset."""

    jhmdb: Jhmdb = Jhmdb()
    ucf101_24: Ucf101_24 = Ucf101_24()
    folder: Folder = Folder()
    ava: Ava = Ava()
    stickworld: Stickworld = Stickworld()
