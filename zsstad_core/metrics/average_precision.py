"""Average precision of a ranked list, by the three definitions of the area in use.

Each function takes hit_N, which tells for each detection, by falling score, whether it is a true positive, and returns
a float from 0 to 1: NaN without ground truth, 0 without detections.
"""

import numpy as np
from numpy.typing import NDArray

type Bools = NDArray[np.bool_]


def average_precision(hit_N: Bools, groundtruths: int) -> float:
    """The area under the precision envelope, at every recall that is reached.

    All-point interpolation (PASCAL VOC since 2010; the evaluators of AVA, MultiSports and ST-CLIP): precision at a
    recall is the best precision at that recall or any higher one, and recall rises by 1/`groundtruths` at each hit.
    """
    if groundtruths == 0:
        return float("nan")
    precision_N = _precision(hit_N)
    envelope_N = np.maximum.accumulate(precision_N[::-1])[::-1]
    return float(envelope_N[hit_N].sum() / groundtruths)


def eleven_point(hit_N: Bools, groundtruths: int) -> float:
    """The mean of the best precision at or beyond the recalls 0, 0.1, ..., 1 (PASCAL VOC 2007).

    Recalls are compared as float64, as the public evaluators do: numpy's 0.3 and 0.6 (0.1 times 3 and 6) lie one bit
    above the quotients 3/10 and 6/10, so that these quotients do not reach them.
    """
    if groundtruths == 0:
        return float("nan")
    recall_N, precision_N = np.cumsum(hit_N) / groundtruths, _precision(hit_N)
    envelope_N1 = np.append(np.maximum.accumulate(precision_N[::-1])[::-1], 0.0)
    return float(envelope_N1[np.searchsorted(recall_N, np.linspace(0, 1, 11), side="left")].mean())


def trapezoid(hit_N: Bools, groundtruths: int) -> float:
    """The area under straight lines between the points (recall, precision), from (0, 1) on, without an envelope.

    As ACT and MOC (`pr_to_ap`), in float64; their code computes in float32.
    """
    if groundtruths == 0:
        return float("nan")
    precision_N = _precision(hit_N)
    before_N = np.concatenate([[1.0], precision_N])[: len(precision_N)]
    return float((before_N + precision_N)[hit_N].sum() / 2 / groundtruths)


def _precision(hit_N: Bools) -> NDArray[np.float64]:
    precision_N: NDArray[np.float64] = np.cumsum(hit_N) / np.arange(1, len(hit_N) + 1)
    return precision_N
