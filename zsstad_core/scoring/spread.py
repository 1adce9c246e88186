"""Scores of clips as scores of persons: each person in a clip gets the scores of the clip.

Shapes: C clips, R persons, K classes.
"""

import numpy as np
import pandas as pd

from zsstad_core.errors import DataError
from zsstad_core.scoring.rows import Scores


def scores_of_persons(clips: pd.DataFrame, scores: Scores, persons: pd.DataFrame) -> Scores:
    """The scores [R, K] of persons, taken from the scores [C, K] of the clips that they belong to.

    clips: columns video_id and clip, one row a clip. persons: columns video_id and, where clips are tracks, clip. This
    is not voting: a clip is classified once, and no person's own score goes into it. (Paper 002, section 5.1, for the
    video classifiers that it compares with.)

    Raises DataError naming the first person who belongs to no clip.
    """
    key = [name for name in ("video_id", "clip") if name in persons]
    place_R = pd.MultiIndex.from_frame(clips[key]).get_indexer(pd.MultiIndex.from_frame(persons[key]))
    if (place_R < 0).any():
        row = persons.iloc[int(np.flatnonzero(place_R < 0)[0])]
        raise DataError(
            f"{row.video_id} frame {row.frame} box {row.box}: belongs to no clip that was judged; score again"
        )
    return Scores(scores.probability_RK[place_R], scores.similarity_RK[place_R])
