"""Count how often the head predicts one action for a person who is annotated with another.

A detected person is matched with the annotated person that it overlaps most, if the IoU reaches the protocol's
threshold. Nobody is matched twice: pairs are made by falling IoU, and at equal IoU by falling score, then in the order
of the annotation. The predicted action is the best-scored action that the protocol counts. Scores of classes that did
not compete in one softmax cannot be compared: if persons do several actions at once, call this for each type of classes
separately.

An annotated person who does several evaluated actions counts once for the predicted action if it is one of them; else
the count is shared equally among them. So all counts together are the annotated persons with an evaluated action, and
the detected persons that match none of these.

Shapes: K classes; P detected and A annotated persons; Q pairs of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from zsstad_core.metrics.matching import Floats, Ints
from zsstad_core.report.matches import match_detections

NOBODY, OTHER, MISSED = "nobody there", "another action", "missed"


@dataclass(frozen=True)
class Confusion:
    """Persons by annotated and by predicted action: `persons[i, j]` do annotated[i] and are predicted as predicted[j].

    annotated: the classes in the order given, OTHER (annotated persons without any of these classes), NOBODY (detected
    persons who match no annotated person, or one that another detection overlaps more). predicted: the classes, MISSED.
    persons: float64 [K + 2, K + 1]. OTHER and NOBODY are never MISSED.
    """

    annotated: tuple[str, ...]
    predicted: tuple[str, ...]
    persons: Floats


def confusion(
    groundtruth: pd.DataFrame,
    detections: pd.DataFrame,
    classes: Sequence[str],
    iou: float = 0.5,
    protocol: str = "multisports",
) -> Confusion:
    """Count the persons of both tables by annotated and predicted action.

    The tables and rules are those of `frame_ap`, and so are the DataErrors raised.
    """
    matches = match_detections(groundtruth, detections, classes, iou, protocol)
    found_P = matches.best_of_each_person()
    person_G, first_A = _persons(groundtruth, matches.frame_G)
    size, does_AK = len(matches.classes), np.zeros((len(first_A), len(matches.classes)), bool)
    evaluated = matches.class_G >= 0
    does_AK[person_G[evaluated], matches.class_G[evaluated]] = True
    row_AK = np.column_stack([does_AK, ~does_AK.any(1)]) / np.maximum(does_AK.sum(1), 1)[:, None]  # with OTHER

    place_Q, other_Q, iou_Q = matches.overlaps(found_P, first_A)
    close = np.flatnonzero(iou_Q >= matches.iou)
    close = close[np.lexsort((other_Q[close], place_Q[close], -iou_Q[close]))]
    is_P = _one_to_one(place_Q[close], other_Q[close], len(found_P))
    predicted_P = matches.class_N[found_P]
    persons = np.zeros((size + 2, size + 1))
    there = np.flatnonzero(is_P >= 0)
    right = does_AK[is_P[there], predicted_P[there]]
    np.add.at(persons, (predicted_P[there[right]], predicted_P[there[right]]), 1.0)
    wrong = there[~right]
    np.add.at(persons[: size + 1].T, predicted_P[wrong], row_AK[is_P[wrong]])
    np.add.at(persons[size + 1], predicted_P[is_P < 0], 1.0)
    seen_A = np.zeros(len(first_A), bool)
    seen_A[is_P[there]] = True
    persons[:size, size] = row_AK[~seen_A, :size].sum(0)
    return Confusion((*matches.classes, OTHER, NOBODY), (*matches.classes, MISSED), persons)


def _persons(groundtruth: pd.DataFrame, frame_G: Ints) -> tuple[Ints, Ints]:
    """The number of each row's annotated person (frame and box), from 0, and the first row of each person."""
    person_G, _ = pd.factorize(pd.MultiIndex.from_arrays([frame_G, groundtruth["box"].to_numpy()]))
    _, first_A = np.unique(person_G, return_index=True)
    return person_G, first_A


def _one_to_one(place_Q: Ints, other_Q: Ints, persons: int) -> Ints:
    """The annotated person that each detected person matches, -1 for none; the pairs come best first."""
    is_P, gone = np.full(persons, -1, np.int64), set()
    for place, other in zip(place_Q.tolist(), other_Q.tolist(), strict=True):
        if is_P[place] < 0 and other not in gone:
            gone.add(other)
            is_P[place] = other
    return is_P
