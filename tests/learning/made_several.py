"""Persons that do several actions at once: made-up labels and types, for a bank and for a small cache."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest

from tests.learning.made_cache import made_plan
from tests.learning.made_tokens import Made
from zsstad_core.datasets import open_dataset
from zsstad_core.datasets.base import ClassType, Dataset
from zsstad_core.datasets.jhmdb import CLASSES
from zsstad_core.datasets.label_types import LabelTypes
from zsstad_core.plan import inventory
from zsstad_core.plan.plan import Plan
from zsstad_core.tables import table

# Of a bank: two poses, two interactions with objects, one with a person.
NAMES = ("sit", "hold", "stand", "kiss", "read")
TYPES = LabelTypes(pose=(0, 2), object=(1, 4), person=(3,))

# Of the dataset: split 2 leaves two poses, an object's class and two persons' unseen; the others are objects'.
CLASS_TYPES: Mapping[str, ClassType] = {
    **dict.fromkeys(CLASSES, "object"),
    **dict.fromkeys(("catch", "sit", "run", "climb_stairs"), "pose"),
    **dict.fromkeys(("wave", "pick", "shoot_gun"), "person"),
}


def random_labels(made: Made, seed: int = 0) -> np.ndarray:
    """bool [R, K]: of each person one pose, or none now and then, and any interactions."""
    rng = np.random.default_rng(seed)
    labels_RK = rng.random((len(made.persons), len(NAMES))) < 0.4
    pose_R = rng.integers(0, 3, len(made.persons))
    labels_RK[:, 0], labels_RK[:, 2] = pose_R == 0, pose_R == 1
    return labels_RK


class Several:
    """The small J-HMDB of `made_cache`, in which persons do more than one thing and are not alone.

    Person 0 does what its clip is called by, on even frames also `sit` (a pose beside the clip's, if that is one), on
    every third frame `pick`. Person 1, on odd frames, does `pour` and, in test clips, `stand`.
    """

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset

    def __getattr__(self, name: str) -> Any:
        return getattr(self._dataset, name)

    class_types = CLASS_TYPES

    def groundtruth(self) -> pd.DataFrame:
        first = self._dataset.groundtruth()
        test = first["video_id"].map(self._dataset.official_split()) == "test"
        second = first[first["frame"] % 2 == 1].assign(box=1, x1=lambda rows: rows["x1"] + 8, class_name="pour")
        parts = [
            first,
            first[(first["frame"] % 2 == 0) & (first["class_name"] != "sit")].assign(class_name="sit"),
            first[first["frame"] % 3 == 0].assign(class_name="pick"),
            second,
            second[test[second.index]].assign(class_name="stand"),
        ]
        return table("groundtruth", pd.concat(parts, ignore_index=True))


@contextmanager
def several_actions() -> Iterator[None]:
    """Plans that are made inside find `Several`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            inventory, "open_dataset", lambda name, settings: cast(Dataset, Several(open_dataset(name, settings)))
        )
        yield


def several_plan(folder: Path, **changed: Any) -> Plan:
    """A plan of it, in which iCLIP trains for a few steps with the loss that it needs."""
    small = {"blocks": "POCM", "memory_before": 2, "memory_after": 2, "prompting_layers": 1}
    run = {"loss": "ava", "iterations": 4, "warmup": 0, "batch": 4, "lr": 0.01}
    own = {f"heads.iclip.{name}": value for name, value in small.items()} | {
        f"training.{name}": value for name, value in run.items()
    }
    with several_actions():
        return made_plan(folder, **{**own, **changed})
