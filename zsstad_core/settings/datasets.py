"""Settings of the datasets: where their files are, and which of them are wanted."""

from typing import Annotated, Literal

from pydantic import Field

from zsstad_core.settings.base import HOW, Section


class Jhmdb(Section):
    """J-HMDB: 928 trimmed clips of 21 actions, one annotated person a frame."""

    root: Annotated[str, HOW] = "data/jhmdb"
    """Folder that the other paths of this section start from."""

    videos: Annotated[str, HOW] = "videos"
    """Folder of clips, `CLASS/NAME.avi`, or of the official frames, `CLASS/NAME/00001.png` (Rename_Images)."""

    groundtruth: Annotated[str, HOW] = "JHMDB-GT.pkl"
    """`JHMDB-GT.pkl`, or the official `puppet_mask` folder (`CLASS/NAME/puppet_mask.mat`)."""

    official_splits: Annotated[str, HOW] = "splits"
    """Folder of the official lists (`CLASS_test_split1.txt`); read only with puppet masks, the pickle has its own."""

    official_split: Literal[1, 2, 3] = 1
    """Which of the three official splits says what is training and what is test. Papers 001 and 002: 1."""

    clips_per_class: Annotated[Annotated[int, Field(ge=1)] | None, HOW] = None
    """Take only so many training and so many test clips of each class, the first by name; empty takes all."""


class Stickworld(Section):
    """stickworld: jointed figures in 18 actions, rendered from a seed when they are first asked for."""

    root: Annotated[str, HOW] = "data/stickworld"
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
    stickworld: Stickworld = Stickworld()
