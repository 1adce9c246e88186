"""The scores of persons as tables.

Shapes: R persons, K classes.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from zsstad_core.scoring.rows import Scores
from zsstad_core.tables import BOX, table


class PersonTables(NamedTuple):
    """Table detections, and table similarities of the same rows."""

    detections: pd.DataFrame
    similarities: pd.DataFrame


def person_tables(persons: pd.DataFrame, scores: Scores, class_names: Sequence[str]) -> PersonTables:
    """One row for every person and class: score = probability x box_score, float64, never rounded.

    persons: table boxes. scores: [R, K], in the order of `persons` and `class_names`.
    """
    box_score = np.repeat(persons["score"].to_numpy(np.float64), len(class_names))
    probability = scores.probability_RK.ravel()
    detections = _each_class(persons, ["video_id", "frame", "box", *BOX], class_names)
    detections = detections.assign(probability=probability, box_score=box_score, score=probability * box_score)
    similarities = _each_class(persons, ["video_id", "frame", "box"], class_names)
    similarities = similarities.assign(similarity=scores.similarity_RK.ravel())
    return PersonTables(table("detections", detections), table("similarities", similarities))


def _each_class(persons: pd.DataFrame, columns: list[str], class_names: Sequence[str]) -> pd.DataFrame:
    """Some columns of the persons, repeated for each class."""
    rows = persons[columns].iloc[np.repeat(np.arange(len(persons)), len(class_names))]
    return rows.assign(class_name=np.tile(np.asarray(class_names, object), len(persons)))
