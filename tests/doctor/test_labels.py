"""Labels that are one place off are told from heads that know little, or nothing."""

import numpy as np
import pandas as pd
import pytest

from tests.doctor import made
from zsstad_core.doctor.labels import off_by_one_in_scores, other_than_their_folders

LABELS = [made.SPLIT.unseen, made.SPLIT.seen]
ORDERS = {"the dataset's list": [made.CLASSES], "the split's lists": LABELS}


def off(detections: pd.DataFrame, annotated: pd.DataFrame | None = None) -> list:
    truth = made.truth() if annotated is None else annotated
    return off_by_one_in_scores(truth, detections, LABELS, ORDERS)


def neighbours(step: int) -> dict[str, str]:
    return {name: group[(i + step) % len(group)] for group in LABELS for i, name in enumerate(group)}


@pytest.mark.parametrize(("step", "side"), [(1, "after"), (-1, "before")])
def test_labels_one_place_off_are_named_with_the_side(step: int, side: str) -> None:
    (finding,) = off(made.detections(of=neighbours(step)))
    assert finding.what == "labels off by one"
    assert f"the class {side} the true one" in finding.how_many


@pytest.mark.parametrize("knows", [0.0, 0.2, 1.5, 10.0])
def test_a_head_that_knows_little_or_much_is_not_called_off_by_one(knows: float) -> None:
    assert off(made.detections(knows)) == []


def test_a_head_that_calls_everybody_the_same_is_not_called_off_by_one() -> None:
    found = made.detections(0.0)
    favourite = found["class_name"].isin(["clap", "hug"])
    assert off(found.assign(probability=np.where(favourite, 0.9, 0.02))) == []


def test_classes_that_are_mixed_up_in_pairs_are_not_called_off_by_one() -> None:
    swapped = {"bow": "clap", "clap": "bow", "golf": "hug", "hug": "golf", "kick": "read", "read": "kick"}
    assert off(made.detections(of=swapped)) == []


def test_persons_of_several_actions_are_no_false_alarm() -> None:
    """As on AVA: everybody also does something that is common, and labels are scored apart."""
    also = made.truth().assign(class_name=lambda rows: np.where(rows["video_id"] < "g", "eat", "read"))
    several = pd.concat([made.truth(), also]).drop_duplicates(["video_id", "frame", "box", "class_name"])
    assert off(made.detections(), several) == []
    assert off(made.detections(of=neighbours(1)), several)


def test_three_classes_are_too_few_to_say() -> None:
    three = [made.SPLIT.unseen[:3]]
    found = made.detections(of=neighbours(1))
    assert off_by_one_in_scores(made.truth(), found, three, {"the list": three}) == []


def test_an_annotation_one_place_off_is_seen_by_the_folders_names() -> None:
    place = dict(zip(made.CLASSES, made.CLASSES[1:], strict=False))
    shifted = made.truth().replace({"class_name": place})
    (finding,) = other_than_their_folders(shifted, made.CLASSES)
    assert finding.what == "labels off by one"
    assert finding.example == "bow/0, annotated as clap"
    mixed = made.truth().assign(
        class_name=lambda rows: rows["class_name"].map(lambda name: "bow" if name > "h" else "wave")
    )
    (finding,) = other_than_their_folders(mixed, made.CLASSES)
    assert finding.what == "labels other than the folders' names"


def test_folders_that_are_called_as_a_class_in_some_videos_are_no_false_alarm() -> None:
    assert other_than_their_folders(made.truth(), made.CLASSES) == []
    one = made.truth().assign(class_name=lambda rows: rows["class_name"].mask(rows["video_id"] == "bow/0", "wave"))
    assert other_than_their_folders(one, made.CLASSES) == []
    all_in_golf = made.truth().assign(video_id=lambda rows: "golf/" + rows["video_id"].str.replace("/", "-"))
    assert other_than_their_folders(all_in_golf, made.CLASSES) == []  # a golf club's folder of whatever is done there
    assert other_than_their_folders(made.truth().iloc[:0], made.CLASSES) == []
