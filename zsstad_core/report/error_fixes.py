"""Compute what each kind of error costs: the AP after all errors of that kind are fixed.

As in TIDE (`error_kinds`, the paper's section 2.3), on the detections that the protocol counts and their matches:

    wrong action  the detection gets a class of the annotated person it overlaps that no detection found and for which
                  its box is not scored already; if there is none, or a better-scored detection has it, it is dropped
    wrong place   the box is moved onto a ground truth of its class that no detection found, or dropped
    both, background, duplicate   dropped
    missed        the ground truth does not count any more. A detection could not be added without a score; so the head
                  counts as being as good on the missed ground truth as on the found

The detections that stay keep the order and the matches that the evaluation gave them, and AP is computed by the
protocol's rule. A fix never removes a hit and never lowers a hit's rank, so AP never falls. After all fixes each
detection is a hit and each ground truth that still counts is found, so AP is 1: in every class with ground truth, by
every protocol. A class whose ground truths are all missed counts 1 if no detection of it is left, 0 while it has false
positives.

Fixed detections are not matched again. The evaluators would let a moved box match another person at the very same
place, `ava`'s limit of 50 per keyframe would count other detections in place of dropped detections, and `ava` orders
equal scores by the other detections (`metrics/ava.py`, point 4): without a duplicate, a hit and an error of equal
scores may swap. Such a swap is chance, not a cost of the duplicate. For a kind that is only dropped, the evaluator
gives the same AP for the tables without it; with `ava` only if nothing is beyond the limit and no two detections of a
class have equal scores.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from zsstad_core.metrics.matching import Ints
from zsstad_core.report.error_kinds import KINDS, MISSED, WRONG_ACTION, WRONG_PLACE, ErrorKinds
from zsstad_core.report.matches import Matches

AS_IS = "as is"

type Turned = dict[int, tuple[Ints, Ints]]


@dataclass(frozen=True)
class FixedAp:
    """AP after fixes, 0 to 1: one row per class (indexed by class_name), NaN for a class without ground truth.

    alone: columns "as is", and KINDS: only that kind is fixed. in_turn: "as is", and KINDS: that kind and all kinds
    before it are fixed; the last column is 1. The mean of some rows is the mAP of these classes.
    """

    alone: pd.DataFrame
    in_turn: pd.DataFrame

    def cost(self, classes: Iterable[str]) -> pd.DataFrame:
        """mAP over some classes, float64, one row per kind in the order of KINDS; NaN if no class has ground truth.

        Columns: alone, the mAP gained by fixing this kind alone; in turn, the mAP gained by fixing it after the kinds
        before it; reached, the mAP then.
        """
        alone, reached = self.alone.loc[list(classes)].mean(), self.in_turn.loc[list(classes)].mean()
        rows = {"alone": alone - alone[AS_IS], "in turn": reached.diff(), "reached": reached}
        return pd.DataFrame(rows).loc[list(KINDS)].rename_axis("kind")


def fix_errors(kinds: ErrorKinds) -> FixedAp:
    """The AP of each class as it is, after each fix alone, and after all fixes in turn."""
    as_is = _ap(kinds.matches, *_start(kinds))
    alone, in_turn = {AS_IS: as_is}, {AS_IS: as_is}
    turned_alone: Turned = {WRONG_ACTION: kinds.renamed, WRONG_PLACE: kinds.moved_alone}
    turned: Turned = {WRONG_ACTION: kinds.renamed, WRONG_PLACE: kinds.moved}
    state = _start(kinds)
    for kind, name in enumerate(KINDS, 1):
        alone[name] = _ap(kinds.matches, *_fix(kinds, kind, turned_alone, *_start(kinds)))
        state = _fix(kinds, kind, turned, *state)
        in_turn[name] = _ap(kinds.matches, *state)
    index = pd.Index(kinds.matches.classes, dtype="str", name="class_name")
    return FixedAp(pd.DataFrame(alone, index=index), pd.DataFrame(in_turn, index=index))


def _start(kinds: ErrorKinds) -> tuple[Ints, Ints, Ints]:
    """Class and truth of each detection (-1: dropped, false positive), and the class of each ground truth."""
    matches = kinds.matches
    return matches.class_N.copy(), matches.truth_N.copy(), matches.class_G.copy()


def _fix(
    kinds: ErrorKinds, kind: int, turned: Turned, class_N: Ints, truth_N: Ints, class_G: Ints
) -> tuple[Ints, Ints, Ints]:
    """The same arrays, changed in place, with one kind of error fixed. turned: what becomes hits, by kind."""
    if kind == MISSED:
        class_G[kinds.kind_G == MISSED] = -1
        return class_N, truth_N, class_G
    class_N[kinds.kind_N == kind] = -1
    if kind in turned:
        found, truth = turned[kind]
        class_N[found], truth_N[found] = class_G[truth], truth
    return class_N, truth_N, class_G


def _ap(matches: Matches, class_N: Ints, truth_N: Ints, class_G: Ints) -> list[float]:
    """AP of each class, if detections have the classes class_N and match the ground truths truth_N."""
    asked_K = np.bincount(class_G[class_G >= 0], minlength=len(matches.classes))
    ap = []
    for rows, before, asked in zip(
        matches.rows_by_class(class_N), matches.groundtruths().tolist(), asked_K.tolist(), strict=True
    ):
        nothing_left = before > 0 and asked == 0
        ap.append(float(len(rows) == 0) if nothing_left else matches.rules.area(truth_N[rows] >= 0, asked))
    return ap
