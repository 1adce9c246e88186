"""Frame AP of each class, by the protocols of `protocols.py`; `multisports` is what iCLIP and ST-CLIP took over.

By `multisports`, a detection of a class is a true positive if the ground truth of that class in its frame that it
overlaps most reaches the IoU and no detection with a better score has taken that ground truth. Every other detection is
a false positive: duplicates, detections whose second-best ground truth would be free, and detections in frames (or
videos) without ground truth of the class. `multisports` does not count detections with a score of 0 or less, as iCLIP's
code does not; the other protocols do.

Two things differ from the published evaluators, on purpose: scores are not rounded to five decimals, and equal scores
keep the order of the table (the published code uses an unstable sort).

Shapes: G ground truths and N detections of one class, detections by falling score.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from zsstad_core.metrics.ava import ava_ap
from zsstad_core.metrics.columns import (
    COUNTS,
    add_recall,
    boxes_of,
    codes,
    frame_keys,
    refuse_invalid,
    refuse_repeated_groundtruth,
    rows_of_each_class,
    video_names,
)
from zsstad_core.metrics.matching import true_positives
from zsstad_core.metrics.protocols import frame_rules


def frame_ap(
    groundtruth: pd.DataFrame,
    detections: pd.DataFrame,
    classes: Sequence[str],
    iou: float = 0.5,
    protocol: str = "multisports",
) -> pd.DataFrame:
    """Frame AP of each class, one row per class in the order of `classes`, indexed by class_name.

    groundtruth: table `groundtruth`, the rows that count (of test videos; only `decoded` rows, if so chosen).
    detections: table `detections`, every scored (box, class).
    classes: the classes to evaluate; rows of other classes are ignored, in both tables.
    iou: smallest overlap of a true positive, inclusive.
    protocol: multisports, act, ava (see `ava_ap`), voc or voc07.

    Columns: ap (float64, 0 to 1; NaN for a class without ground truth, 0 for one without detections), groundtruth,
    detections, true_positives (int64), recall (float64, NaN without ground truth). A detection
    that overlaps several ground truths equally is matched with the first in the table. Boxes are unpacked one class at
    a time.

    Raises DataError if a class is named twice, a score is not finite, or an annotated (box, class) occurs twice (which
    is checked only if a column `box` numbers the persons).
    """
    if protocol == "ava":
        return ava_ap(groundtruth, detections, classes, iou)
    rules = frame_rules(protocol)
    refuse_invalid(groundtruth, detections, classes, iou)
    if "box" in groundtruth:
        refuse_repeated_groundtruth(groundtruth)
    names, videos = pd.Index(list(classes), dtype="str", name="class_name"), video_names(groundtruth)
    truth_frame, found_frame = frame_keys(groundtruth, videos), frame_keys(detections, videos)
    found_class = codes(detections["class_name"], names)
    score = detections["score"].to_numpy(np.float64)
    if protocol == "multisports":
        found_class = np.where(score > 0, found_class, -1)
    rows = []
    for truth_G, found_N in zip(
        rows_of_each_class(codes(groundtruth["class_name"], names), len(names)),
        rows_of_each_class(found_class, len(names)),
        strict=True,
    ):
        found_N = found_N[np.argsort(-score[found_N], kind="stable")]
        hit_N = true_positives(
            truth_frame[truth_G],
            boxes_of(groundtruth, truth_G),
            found_frame[found_N],
            boxes_of(detections, found_N),
            iou,
            rules.pixel,
            rules.second_best,
        )
        rows.append((rules.area(hit_N, len(truth_G)), len(truth_G), len(found_N), int(hit_N.sum())))
    return add_recall(pd.DataFrame(rows, index=names, columns=COUNTS))
