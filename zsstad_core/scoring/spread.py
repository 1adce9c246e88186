"""Scores of clips as scores of persons: everybody in a clip does what the clip shows.

Shapes: C clips, R persons, K classes.
"""

import numpy as np
import pandas as pd

from zsstad_core.errors import DataError
from zsstad_core.scoring.rows import Scores


def scores_of_persons(clips: pd.DataFrame, scores: Scores, persons: pd.DataFrame) -> Scores:
    """The scores [R, K] of the clip that each person belongs to, out of those of the clips, [C, K].

    clips: columns video_id and clip, a row a clip. persons: columns video_id and, where clips are tracks, clip. This is
    no voting: a clip is judged once, and no person's own score goes into it. (Paper 002, section 5.1, for the video
    classifiers that it compares with.)

    Raises DataError naming the first person that no clip holds.
    """
    key = [name for name in ("video_id", "clip") if name in persons]
    place_R = pd.MultiIndex.from_frame(clips[key]).get_indexer(pd.MultiIndex.from_frame(persons[key]))
    if (place_R < 0).any():
        row = persons.iloc[int(np.flatnonzero(place_R < 0)[0])]
        raise DataError(
            f"{row.video_id} frame {row.frame} box {row.box}: belongs to no clip that was judged; score again"
        )
    return Scores(scores.probability_RK[place_R], scores.similarity_RK[place_R])
