"""A detector's class names: which of them is the person, and that every label has one. Imports no torch."""

from collections.abc import Sequence

import numpy as np

from zsstad_core.errors import ModelError, did_you_mean
from zsstad_core.frozen.detector.frame_boxes import PERSON, FrameBoxes


def person_index(classes: Sequence[str], person_class: str, where: str) -> int:
    """The label of persons. person_class: `detector.person_class`; where: how the message begins.

    Raises ModelError, with the nearest name, where no class is called so.
    """
    if person_class in classes:
        return list(classes).index(person_class)
    known = ", ".join(classes[:5]) + ("..." if len(classes) > 5 else "")
    raise ModelError(
        f"{where}: finds {known}, and no class is called {person_class}; a detector of persons is wanted: name its "
        f"class of persons with detector.person_class{did_you_mean(person_class, classes)}, or take another detector"
    )


def with_person(classes: Sequence[str], person_class: str, where: str) -> tuple[str, ...]:
    """The class names as every stage after the detector reads them: the class of persons is called "person".

    Another class of that name becomes "other person", so that it counts as an object. Raises as `person_index`.
    """
    person = person_index(classes, person_class, where)
    names = [f"other {PERSON}" if name == PERSON != person_class else name for name in classes]
    names[person] = PERSON
    return tuple(names)


def refuse_unnamed_labels(boxes: FrameBoxes, classes: Sequence[str]) -> None:
    """Raise ModelError if a label has no class name: the detector's names are not those of its model."""
    strange = boxes.label[(boxes.label < 0) | (boxes.label >= len(classes))]
    if len(strange):
        label: np.int64 = strange[0]
        raise ModelError(
            f"detector: gives label {label}, and names {len(classes)} classes, whose labels are 0 to "
            f"{len(classes) - 1}; its class names belong to another model"
        )
