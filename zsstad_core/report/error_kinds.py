"""Classify every false positive by its kind of error, and find the ground truth that no detection found.

After TIDE (Bolya, Foley, Hays and Hoffman, "TIDE: A General Toolbox for Identifying Object Detection Errors", ECCV
2020, sections 2.2 and 2.3), for detections of (box, class) pairs where a person may do several actions. A detection
that is no true positive is the first of these kinds that holds, with t the protocol's IoU and b = 0.1 (`background`):

    duplicate     IoU >= t with an annotated person who does the class: a better-scored detection has matched this
                  person (at equal scores: the detection that the protocol matches first)
    wrong action  IoU >= t with an annotated person who does something else
    wrong place   b <= IoU < t with an annotated person who does the class
    both          b <= IoU < t with an annotated person who does something else
    background    IoU < b with everybody

TIDE's code tests for a wrong place before a wrong action, and for a duplicate last. Persons of one frame overlap and
do the same things far more often than COCO's objects, and one person does several; so a box that overlaps a person well
is judged by that person here. A person who does an action that is not evaluated is an annotated person too. A ground
truth that no detection found is missed, unless fixing a wrong action or a wrong place makes a detection find it: then
it is counted there, as in TIDE. A box that is scored for a class already is not renamed to this class: if one box
covers two persons who do the same, one of them is missed.

Shapes: N rows of table detections, G of table groundtruth, Q pairs of both.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from zsstad_core.metrics.matching import Bools, Floats, Ints
from zsstad_core.report.matches import Matches, match_detections

BACKGROUND = 0.1
"""TIDE's background threshold."""

HIT, NOT_COUNTED = "hit", "not counted"
KINDS = ("wrong action", "wrong place", "both", "background", "duplicate", "missed")
"""The kinds in the order in which `error_fixes` fixes them: first what a better head, then what a better detector would
do."""

NAMES = (HIT, *KINDS, NOT_COUNTED)
WRONG_ACTION, WRONG_PLACE, BOTH, NOWHERE, DUPLICATE, MISSED = range(1, 7)  # indices in NAMES
_NOT_COUNTED = 7
_NO_PAIRS = (np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.float64))


@dataclass(frozen=True)
class ErrorKinds:
    """Every detection and every annotated (box, class) with its kind.

    matches: the tables and their matches. kind_N, kind_G: int8, the index in NAMES for each row of the tables;
    `detection` and `truth` are the same as words. renamed, moved, moved_alone: what fixes turn into hits, as rows of
    detections and the rows of groundtruth that they then find: wrong actions; wrong places after the wrong actions are
    renamed; wrong places if nothing is renamed.
    """

    matches: Matches
    kind_N: NDArray[np.int8]
    kind_G: NDArray[np.int8]
    renamed: tuple[Ints, Ints]
    moved: tuple[Ints, Ints]
    moved_alone: tuple[Ints, Ints]

    @property
    def detection(self) -> "pd.Categorical[str]":
        """Each row of table detections: hit, a kind of KINDS except missed, or not counted (by the protocol)."""
        return pd.Categorical.from_codes(self.kind_N, categories=pd.Index(NAMES))

    @property
    def truth(self) -> "pd.Categorical[str]":
        """Each row of table groundtruth: hit, missed, wrong action or wrong place (found when renamed or moved), or
        not counted (of a class that is not evaluated)."""
        return pd.Categorical.from_codes(self.kind_G, categories=pd.Index(NAMES))


def error_kinds(
    groundtruth: pd.DataFrame,
    detections: pd.DataFrame,
    classes: Sequence[str],
    iou: float = 0.5,
    protocol: str = "multisports",
    background: float = BACKGROUND,
) -> ErrorKinds:
    """The kind of each row of both tables. Arguments and DataErrors are those of `frame_ap`."""
    matches = match_detections(groundtruth, detections, classes, iou, protocol)
    free_G = matches.unfound()
    kind_N = np.full(len(matches.class_N), _NOT_COUNTED, np.int8)
    pairs: list[tuple[Ints, Ints, Floats]] = []
    for number, rows in enumerate(matches.rows_by_class()):
        wrong_P = rows[matches.truth_N[rows] < 0]
        kind_N[rows] = 0
        kind_N[wrong_P], in_reach = _of_class(matches, wrong_P, number, background, free_G)
        pairs.append(in_reach)
    found_Q, truth_Q, iou_Q = (np.concatenate(part) for part in zip(*pairs, strict=True)) if pairs else _NO_PAIRS
    rank_N = np.zeros(len(kind_N), np.int64)
    rank_N[matches.ranked_C] = np.arange(len(matches.ranked_C))
    order = np.lexsort((truth_Q, -iou_Q, rank_N[found_Q]))
    found_Q, truth_Q = found_Q[order], truth_Q[order]

    rename_Q = kind_N[found_Q] == WRONG_ACTION
    moved_alone = _match_moved(found_Q[~rename_Q], truth_Q[~rename_Q], free_G)
    renamed = _match_renamed(matches, found_Q[rename_Q], truth_Q[rename_Q])
    free_G[renamed[1]] = False
    moved = _match_moved(found_Q[~rename_Q], truth_Q[~rename_Q], free_G)
    free_G[moved[1]] = False
    kind_G = np.where(matches.class_G >= 0, 0, _NOT_COUNTED).astype(np.int8)
    kind_G[renamed[1]], kind_G[moved[1]], kind_G[free_G] = WRONG_ACTION, WRONG_PLACE, MISSED
    return ErrorKinds(matches, kind_N, kind_G, renamed, moved, moved_alone)


def _match_moved(found_Q: Ints, truth_Q: Ints, free_G: Bools) -> tuple[Ints, Ints]:
    """Give each detection its first free ground truth.

    The pairs come by falling score of the detection, then by falling IoU. Returns rows of detections and rows of
    groundtruth.
    """
    open_Q = free_G[truth_Q]
    taken: dict[int, int] = {}
    gone: set[int] = set()
    for found, truth in zip(found_Q[open_Q].tolist(), truth_Q[open_Q].tolist(), strict=True):
        if found not in taken and truth not in gone:
            taken[found] = truth
            gone.add(truth)
    return np.array(list(taken), np.int64), np.array(list(taken.values()), np.int64)


def _match_renamed(matches: Matches, found_Q: Ints, truth_Q: Ints) -> tuple[Ints, Ints]:
    """The same for detections that change their class, but not to a class for which the box is scored already."""
    size, person_N = len(matches.classes), matches.person()
    named_C = person_N[matches.ranked_C] * size + matches.class_N[matches.ranked_C]
    name_Q = person_N[found_Q] * size + matches.class_G[truth_Q]
    new_Q = ~np.isin(name_Q, named_C)
    taken: dict[int, int] = {}
    gone: set[int] = set()
    named: set[int] = set()
    columns = (column[new_Q].tolist() for column in (found_Q, truth_Q, name_Q))
    for found, truth, name in zip(*columns, strict=True):
        if found not in taken and truth not in gone and name not in named:
            taken[found] = truth
            gone.add(truth)
            named.add(name)
    return np.array(list(taken), np.int64), np.array(list(taken.values()), np.int64)


def counts(kinds: ErrorKinds) -> pd.DataFrame:
    """The number of detections and ground truths of each kind, int64: one row per class, indexed by class_name.

    The columns hit and KINDS except missed count detections by their class, and add up to the detections of the class
    that count; missed counts ground truths. groundtruth is hit + within reach + missed, where within reach counts the
    ground truths that are found when wrong actions are renamed and wrong places are moved.
    """
    matches, size = kinds.matches, len(kinds.matches.classes)

    def count(kind: int, kind_R: NDArray[np.int8], class_R: Ints) -> Ints:
        return np.bincount(class_R[(kind_R == kind) & (class_R >= 0)], minlength=size)

    columns = {HIT: count(0, kinds.kind_N, matches.class_N)}
    for kind, name in enumerate(KINDS, 1):
        missed = kind == MISSED
        columns[name] = count(kind, *((kinds.kind_G, matches.class_G) if missed else (kinds.kind_N, matches.class_N)))
    reach = [count(kind, kinds.kind_G, matches.class_G) for kind in (WRONG_ACTION, WRONG_PLACE)]
    columns |= {"within reach": reach[0] + reach[1], "groundtruth": matches.groundtruths()}
    return pd.DataFrame(columns, index=pd.Index(matches.classes, dtype="str", name="class_name"))


def _of_class(
    matches: Matches, wrong_P: Ints, number: int, background: float, free_G: Bools
) -> tuple[Ints, tuple[Ints, Ints, Floats]]:
    """The kinds of the false positives of one class, [P]; and their pairs with free ground truths that a fix can reach.

    The pairs are rows of detections, rows of groundtruth, and IoU.
    """
    place_Q, truth_Q, iou_Q = matches.overlaps(wrong_P, np.arange(len(matches.class_G)))
    same_Q = matches.class_G[truth_Q] == number
    starts = np.flatnonzero(np.diff(place_Q, prepend=-1))
    other_P, same_P = np.zeros(len(wrong_P)), np.zeros(len(wrong_P))
    if len(starts):
        other_P[place_Q[starts]] = np.maximum.reduceat(np.where(same_Q, 0.0, iou_Q), starts)
        same_P[place_Q[starts]] = np.maximum.reduceat(np.where(same_Q, iou_Q, 0.0), starts)
    kind_P = np.select(
        [same_P >= matches.iou, other_P >= matches.iou, same_P >= background, other_P >= background],
        [DUPLICATE, WRONG_ACTION, WRONG_PLACE, BOTH],
        NOWHERE,
    )
    kind_Q = kind_P[place_Q]
    reach_Q = (kind_Q == WRONG_ACTION) & (iou_Q >= matches.iou) | (kind_Q == WRONG_PLACE) & same_Q & (
        iou_Q >= background
    )
    reach_Q &= free_G[truth_Q]
    return kind_P, (wrong_P[place_Q[reach_Q]], truth_Q[reach_Q], iou_Q[reach_Q])
