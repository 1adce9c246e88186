"""Match detections with ground truth as an evaluation does: the basis of everything that explains a mAP.

The evaluators of `zsstad_core.metrics` decide here too what counts, in which order, and what is a true positive; so
what is made from `Matches` has the AP that `frame_ap` gives (a test checks it, for every protocol).

Shapes: N rows of table detections, G of table groundtruth; C rows of detections that count; Q pairs of both.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from zsstad_core.boxes import paired_iou
from zsstad_core.metrics.ava import evaluated_detections as evaluated_by_ava
from zsstad_core.metrics.columns import (
    boxes_of,
    codes,
    frame_keys,
    refuse_invalid,
    refuse_repeated_groundtruth,
    rows_of_each_class,
    video_names,
)
from zsstad_core.metrics.matching import Bools, Floats, Ints, hits, pairs_in_same_group
from zsstad_core.metrics.protocols import Rules, frame_rules


@dataclass(frozen=True)
class Matches:
    """Detections and the ground truth that each matches. Rows are row numbers of the two tables, in their given order.

    frame_N, frame_G: an int64 number for each frame, the same in both. class_N, class_G: int64, indices in `classes`;
    -1 for a class that is not evaluated, and for a detection that does not count. truth_N: int64, the row of
    groundtruth of which a detection is the true positive, or -1. ranked_C: int64, the detections that count, best
    first, all classes together; within a class they are in the order of its AP.
    """

    groundtruth: pd.DataFrame
    detections: pd.DataFrame
    classes: tuple[str, ...]
    rules: Rules
    iou: float
    frame_G: Ints
    frame_N: Ints
    class_G: Ints
    class_N: Ints
    truth_N: Ints
    ranked_C: Ints

    def groundtruths(self) -> Ints:
        """The number of ground truths of each class: int64 [classes]."""
        return np.bincount(self.class_G[self.class_G >= 0], minlength=len(self.classes))

    def unfound(self) -> Bools:
        """True for ground truth of an evaluated class that no detection found: bool [G]."""
        free_G: Bools = self.class_G >= 0
        free_G[self.truth_N[self.truth_N >= 0]] = False
        return free_G

    def rows_by_class(self, class_N: Ints | None = None) -> Iterator[Ints]:
        """Yield the rows of detections of each class, best first; `class_N` replaces the classes of the table."""
        code_C = (self.class_N if class_N is None else class_N)[self.ranked_C].astype(np.int32)
        for place_C in rows_of_each_class(code_C, len(self.classes)):
            yield self.ranked_C[place_C]

    def overlaps(self, found_P: Ints, truth_R: Ints) -> tuple[Ints, Ints, Floats]:
        """Every pair of some detections and some ground truths on the same frame, with the protocol's IoU.

        found_P, truth_R: rows of the tables. Returns indices in found_P (rising), indices in truth_R, and float64 IoU.
        """
        found_Q, truth_Q = pairs_in_same_group(self.frame_G[truth_R], self.frame_N[found_P])
        last_pixel = np.array([0, 0, self.rules.pixel, self.rules.pixel], np.float64)
        found_P4, truth_R4 = boxes_of(self.detections, found_P), boxes_of(self.groundtruth, truth_R)
        return found_Q, truth_Q, paired_iou((found_P4 + last_pixel)[found_Q], (truth_R4 + last_pixel)[truth_Q])

    def person(self) -> Ints:
        """The number of the detected person (video, frame, box) of each row that counts, else -1: int64 [N]."""
        person_N = np.full(len(self.class_N), -1, np.int64)
        frame_C = np.unique(self.frame_N[self.ranked_C], return_inverse=True)[1].astype(np.int64)
        box_C = np.unique(self.detections["box"].to_numpy()[self.ranked_C], return_inverse=True)[1]
        person_N[self.ranked_C] = frame_C * (int(box_C.max(initial=0)) + 1) + box_C
        return person_N

    def best_of_each_person(self) -> Ints:
        """The best-scored row of each detected person among the rows that count, best first: int64."""
        _, first = np.unique(self.person()[self.ranked_C], return_index=True)
        best: Ints = self.ranked_C[np.sort(first)]
        return best


def match_detections(
    groundtruth: pd.DataFrame,
    detections: pd.DataFrame,
    classes: Sequence[str],
    iou: float = 0.5,
    protocol: str = "multisports",
) -> Matches:
    """Match the detections with the ground truth as the protocol does.

    The arguments are those of `frame_ap`, and so are the DataErrors raised.
    """
    rules = frame_rules(protocol)
    refuse_invalid(groundtruth, detections, classes, iou)
    if protocol != "ava" and "box" in groundtruth:
        refuse_repeated_groundtruth(groundtruth)
    names, videos = pd.Index(list(classes), dtype="str"), video_names(groundtruth, detections)
    frame_G, frame_N = frame_keys(groundtruth, videos), frame_keys(detections, videos)
    class_G = codes(groundtruth["class_name"], names).astype(np.int64)
    class_N = codes(detections["class_name"], names).astype(np.int64)
    score_N = detections["score"].to_numpy(np.float64)
    # By `ava` equal scores are matched in one order and ranked in the reverse of it (`metrics/ava.py`, point 4).
    if protocol == "ava":
        matching_C = evaluated_by_ava(detections, names, videos, np.unique(frame_G))
        ranked_C = matching_C[::-1]
    else:
        counts_N = class_N >= 0
        if protocol == "multisports":
            counts_N &= score_N > 0
        ranked_C = np.flatnonzero(counts_N)
    ranked_C = ranked_C[np.argsort(-score_N[ranked_C], kind="stable")]
    if protocol != "ava":
        matching_C = ranked_C
    counted_N = np.full(len(class_N), -1, np.int64)
    counted_N[ranked_C] = class_N[ranked_C]

    truth_N = np.full(len(class_N), -1, np.int64)
    matches = Matches(
        groundtruth, detections, tuple(classes), rules, iou, frame_G, frame_N, class_G, counted_N, truth_N, ranked_C
    )
    for truth_R, place_P in zip(
        rows_of_each_class(class_G.astype(np.int32), len(names)),
        rows_of_each_class(class_N[matching_C].astype(np.int32), len(names)),
        strict=True,
    ):
        found_P = matching_C[place_P]
        taken_P = _take(matches, len(found_P), *matches.overlaps(found_P, truth_R))
        hit_P = taken_P >= 0
        truth_N[found_P[hit_P]] = truth_R[taken_P[hit_P]]
    return matches


def _take(matches: Matches, detections: int, found_Q: Ints, truth_Q: Ints, iou_Q: Floats) -> Ints:
    """The ground truth that each detection of one class matches, -1 for a false positive, as in `hits`."""
    hit_P = hits(found_Q, truth_Q, iou_Q, detections, matches.iou, matches.rules.second_best)
    close = np.flatnonzero(hit_P[found_Q] & (iou_Q >= matches.iou))
    close = close[np.lexsort((truth_Q[close], -iou_Q[close], found_Q[close]))]
    taken_P = np.full(detections, -1, np.int64)
    if not matches.rules.second_best:
        best = close[np.flatnonzero(np.diff(found_Q[close], prepend=-1))]
        taken_P[found_Q[best]] = truth_Q[best]
        return taken_P
    gone: set[int] = set()
    for found, truth in zip(found_Q[close].tolist(), truth_Q[close].tolist(), strict=True):
        if taken_P[found] < 0 and truth not in gone:
            gone.add(truth)
            taken_P[found] = truth
    return taken_P
