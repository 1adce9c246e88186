"""The types of a set of labels, and checks that settings fit a dataset with or without types."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from zsstad_core.datasets.base import ClassType, Dataset
from zsstad_core.errors import DataError, SettingsError
from zsstad_core.settings.pipeline import Settings


@dataclass(frozen=True)
class LabelTypes:
    """The indices of a label set's classes by type, rising; together they are 0 to K - 1. A type may have no class."""

    pose: tuple[int, ...]
    object: tuple[int, ...]
    person: tuple[int, ...]


def label_types(class_names: Sequence[str], class_types: Mapping[str, ClassType] | None) -> LabelTypes | None:
    """The types of these labels, in their order; None if each person of the dataset does one action (no `class_types`).

    Raises DataError naming the first class that has no type.
    """
    if class_types is None:
        return None
    if untyped := [name for name in class_names if name not in class_types]:
        raise DataError(
            f"class {untyped[0]} has no type; where persons do several actions at once each class must be a pose, an "
            f"interaction with objects or one with persons ({len(untyped)} of {len(class_names)} have none)"
        )

    def places(kind: ClassType) -> tuple[int, ...]:
        return tuple(place for place, name in enumerate(class_names) if class_types[name] == kind)

    return LabelTypes(places("pose"), places("object"), places("person"))


def refuse_unfit(settings: Settings, dataset: Dataset, trains: bool) -> None:
    """Raise SettingsError if the loss (of a head that trains) or the voting does not fit the number of actions per
    person.

    Raises DataError if some of the dataset's classes have a type and others have none.
    """
    name, loss, voting = settings.dataset, settings.training.loss, settings.scoring.voting
    if label_types(dataset.classes, dataset.class_types) is None:
        if trains and loss == "ava":
            raise SettingsError(
                f"training.loss is ava, which needs classes with a type (pose, object or person); those of {name} have "
                "none: set training.loss=focal"
            )
        return
    if trains and loss != "ava":
        raise SettingsError(
            f"training.loss is {loss}, which knows one action a person; persons in {name} do several at once: "
            "set training.loss=ava"
        )
    if voting != "none":
        raise SettingsError(
            f"scoring.voting is {voting}, which takes a video to show one action; persons in {name} do several: "
            "set scoring.voting=none"
        )
