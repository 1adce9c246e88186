"""Targets: whose they are, and what is refused before anything is extracted."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.made_plans import settings
from zsstad_core import configure
from zsstad_core.datasets.label_types import LabelTypes, label_types, refuse_unfit
from zsstad_core.errors import DataError, SettingsError
from zsstad_core.learning.targets import class_of_clips, class_of_persons, classes_of_persons

SEEN = ("wave", "sit", "hold")
TYPES = {"sit": "pose", "stand": "pose", "hold": "object", "kiss": "person", "wave": "person"}
PERSONS = pd.DataFrame({"video_id": ["b", "a", "a", "c"], "frame": [0, 3, 3, 1], "box": [0, 1, 0, 0]})
ANNOTATED = pd.DataFrame(
    [("a", 3, 0, "sit"), ("a", 3, 1, "hold"), ("b", 0, 0, "wave"), ("c", 1, 0, "stand"), ("z", 0, 0, "sit")],
    columns=["video_id", "frame", "box", "class_name"],
)
MORE = pd.concat([ANNOTATED, pd.DataFrame([("a", 3, 1, "wave")], columns=ANNOTATED.columns)])


def test_a_target_is_the_place_of_the_persons_own_class():
    assert class_of_persons(PERSONS, ANNOTATED, SEEN).tolist() == [0, 2, 1, -1]


def test_a_person_with_two_seen_classes_has_no_single_target():
    with pytest.raises(DataError, match="a frame 3: a person has several classes; the softmax losses need one"):
        class_of_persons(PERSONS, MORE, SEEN)
    assert class_of_persons(PERSONS, MORE, ("hold",)).tolist() == [-1, 0, -1, -1]


def test_labels_are_all_that_the_person_does_of_the_seen():
    assert classes_of_persons(PERSONS, MORE, SEEN).tolist() == [
        [True, False, False],
        [True, False, True],
        [False, True, False],
        [False, False, False],
    ]


def test_the_order_of_the_annotation_does_not_matter():
    wanted = classes_of_persons(PERSONS, MORE, SEEN)
    for seed in range(5):
        shuffled = MORE.sample(frac=1, random_state=seed)
        np.testing.assert_array_equal(classes_of_persons(PERSONS, shuffled, SEEN), wanted)


CLIPS = pd.DataFrame({"video_id": ["b", "a"], "clip": 0})


def test_a_clips_target_is_the_class_that_its_video_shows_wherever_it_shows_it():
    shown = pd.DataFrame(
        [("a", 3, 0, "sit"), ("a", 4, 1, "sit"), ("b", 0, 0, "wave"), ("a", 9, 0, "stand"), ("z", 0, 0, "hold")],
        columns=ANNOTATED.columns,
    )
    assert class_of_clips(CLIPS, shown, SEEN).tolist() == [0, 1]
    for seed in range(5):
        assert class_of_clips(CLIPS, shown.sample(frac=1, random_state=seed), SEEN).tolist() == [0, 1]
    assert class_of_clips(CLIPS, shown, SEEN).dtype == np.int64
    assert len(class_of_clips(CLIPS.iloc[:0], shown, SEEN)) == 0


def test_a_clip_that_shows_several_of_the_classes_or_none_has_no_target():
    with pytest.raises(DataError, match=r"a: shows several actions \(sit, hold\), and the method judges a clip by one"):
        class_of_clips(CLIPS, ANNOTATED, SEEN)
    assert class_of_clips(CLIPS, ANNOTATED, ("wave", "sit")).tolist() == [0, 1]
    with pytest.raises(DataError, match=r"b: shows no action of the label split \(1 such videos\)"):
        class_of_clips(CLIPS, ANNOTATED, ("sit",))


def test_types_follow_the_order_of_the_labels():
    assert label_types(("kiss", "sit", "hold", "stand"), TYPES) == LabelTypes(pose=(1, 3), object=(2,), person=(0,))
    assert label_types(("kiss",), TYPES) == LabelTypes(pose=(), object=(), person=(0,))
    assert label_types(("kiss",), None) is None


def test_a_class_without_a_type_is_named():
    with pytest.raises(DataError, match=r"class run has no type; .* \(1 of 2 have none\)"):
        label_types(("sit", "run"), TYPES)


def refused(types: Any, trains: bool = True, classes: tuple[str, ...] = ("sit",), **changed: Any) -> None:
    dataset: Any = SimpleNamespace(classes=classes, class_types=types)
    refuse_unfit(settings(Path(), **changed), dataset, trains)


AVA, VOTE = {"training.loss": "ava"}, {"scoring.voting": "mean"}


@pytest.mark.parametrize(
    ("types", "changed", "says"),
    [
        (None, AVA, "training.loss is ava, which needs classes with a type .* set training.loss=focal"),
        (TYPES, {}, "training.loss is focal, which knows one action a person; .* set training.loss=ava"),
        (TYPES, {"training.loss": "cross_entropy"}, "training.loss is cross_entropy, .* set training.loss=ava"),
        (TYPES, AVA | VOTE, "scoring.voting is mean, which takes a video to show one action; .* scoring.voting=none"),
    ],
)
def test_what_does_not_fit_the_persons_is_one_line(types: Any, changed: dict[str, Any], says: str):
    with pytest.raises(SettingsError, match=says):
        refused(types, **changed)


def test_what_fits_is_not_refused():
    refused(None, **VOTE)
    refused(TYPES, **AVA)
    refused(TYPES, trains=False)  # nothing is trained: the loss does not matter
    refused(None, trains=False, **AVA)


def test_a_dataset_with_some_types_is_refused():
    with pytest.raises(DataError, match="class run has no type"):
        refused(TYPES, classes=("sit", "run"), **AVA)


def test_ava_brings_the_loss_and_the_labels_that_its_persons_need(tmp_path: Path):
    (tmp_path / "pipeline.yaml").touch()
    chosen = configure.load(tmp_path / "pipeline.yaml", overrides="dataset=ava")
    assert (chosen.training.loss, chosen.scoring.labels, chosen.scoring.voting) == ("ava", "all", "none")
    refused(TYPES, **{"training.loss": chosen.training.loss, "scoring.voting": chosen.scoring.voting})
