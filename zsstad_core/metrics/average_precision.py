"""Average precision of a ranked list: the area under the precision envelope, at every recall that is reached."""

import numpy as np
from numpy.typing import NDArray


def average_precision(hit_N: NDArray[np.bool_], groundtruths: int) -> float:
    """AP from 0 to 1 of detections ranked by falling score; NaN without ground truth, 0 without detections.

    All-point interpolation (PASCAL VOC since 2010, MultiSports' and ST-CLIP's evaluators): precision at a recall is
    the best precision at that recall or any higher one, and recall rises by 1/`groundtruths` at each hit. hit_N says
    which detections are true positives.
    """
    if groundtruths == 0:
        return float("nan")
    precision_N = np.cumsum(hit_N) / np.arange(1, len(hit_N) + 1)
    envelope_N = np.maximum.accumulate(precision_N[::-1])[::-1]
    return float(envelope_N[hit_N].sum() / groundtruths)
