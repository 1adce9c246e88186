"""Choose frames to look at: where the head is right with a high score, and where its errors cost most.

The cost of an error is estimated for each error alone, in mAP over all evaluated classes, as if precision had no
envelope. A false positive costs what the precision at the hits ranked after it would gain without it (the sum over
these hits of k / r(r - 1), with k hits among the first r, divided by the number of ground truths of its class). A wrong
action or place that a fix turns into a hit, and a missed ground truth, also cost 1 / ground truths of their class: the
share of recall.

Shapes: N rows of table detections, G of table groundtruth.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from zsstad_core.metrics.matching import Floats, Ints
from zsstad_core.report.error_kinds import (
    BACKGROUND,
    HIT,
    KINDS,
    MISSED,
    NAMES,
    ErrorKinds,
)
from zsstad_core.report.shown_persons import frames_to_show
from zsstad_core.tables import BOX

type Corners = tuple[float, float, float, float]


@dataclass(frozen=True)
class MarkedBox:
    """A box of a frame: a detected person with one of its actions, or an annotated person who was missed.

    kind: "hit" or a kind of KINDS. box: its number in the table. class_name: the detected action; for a missed person
    an action that no detection found. score, probability: None for a missed person. annotated: the actions of the
    annotated person that it overlaps most, from the background threshold on; empty if there is none.
    """

    kind: str
    corners: Corners
    box: int
    class_name: str
    score: float | None
    probability: float | None
    annotated: tuple[str, ...]


@dataclass(frozen=True)
class Moment:
    """A frame, and why it is shown: the first box in `marked`, and its kind.

    cost: of the frame's errors of this kind together, in mAP from 0 to 1; 0 for a best moment. marked: the reason, then
    each other detected person with its best-scored action (best first), then each missed person. annotated: corners and
    actions of every annotated person.
    """

    video_id: str
    frame: int
    kind: str
    cost: float
    marked: tuple[MarkedBox, ...]
    annotated: tuple[tuple[Corners, tuple[str, ...]], ...]


def best_moments(kinds: ErrorKinds, groups: Sequence[Sequence[str]], each: int) -> list[Moment]:
    """At most `each` frames for each group of classes (unseen classes first) in which a person's best action is a hit.

    Frames with several such persons come first, then the best score; a video and a class are shown once
    (`frames_to_show`). The reason is the best-scored such person whose action is of the first group that has any.
    """
    matches = kinds.matches
    best = matches.best_of_each_person()
    right = best[kinds.kind_N[best] == 0]
    rows = matches.detections.iloc[right][["video_id", "frame", "class_name", "score"]]
    rows = rows.assign(annotated=[(name,) for name in rows["class_name"]], row=right)
    group_of = {name: number for number, classes in enumerate(groups) for name in classes}
    of_frame = {
        place: min(of["row"], key=lambda row: group_of.get(matches.classes[matches.class_N[row]], len(groups)))
        for place, of in rows.groupby(["video_id", "frame"], sort=False)
    }
    found = [of_frame[place] for place in frames_to_show(rows, groups, each)]
    return [_moment(kinds, HIT, 0.0, int(row)) for row in found]


def worst_moments(kinds: ErrorKinds, each: int) -> list[Moment]:
    """At most `each` frames for each kind of error, in the order of KINDS, each kind's most costly first.

    A frame is ranked by the cost of all its errors of the kind. Within a kind a video is shown once, and no frame is
    shown for two kinds, nor a frame that the video does not have. The reason is the most costly error.
    """
    matches, (cost_N, cost_G) = kinds.matches, costs(kinds)
    lacking = np.zeros(0, np.int64)
    if "decoded" in matches.groundtruth:
        lacking = np.unique(matches.frame_G[~matches.groundtruth["decoded"].to_numpy(bool)])
    moments: list[Moment] = []
    shown: set[int] = set()
    for kind, name in enumerate(KINDS, 1):
        missed = kind == MISSED
        kind_R, cost_R = (kinds.kind_G, cost_G) if missed else (kinds.kind_N, cost_N)
        frame_R, table = (matches.frame_G, matches.groundtruth) if missed else (matches.frame_N, matches.detections)
        rows = np.flatnonzero((kind_R == kind) & (cost_R > 0))
        rows = rows[~np.isin(frame_R[rows], lacking)]
        for row, cost in _dearest(table, rows, frame_R[rows], cost_R[rows], shown, each):
            shown.add(int(frame_R[row]))
            moments.append(_moment(kinds, name, cost, row))
    return moments


def costs(kinds: ErrorKinds) -> tuple[Floats, Floats]:
    """The approximate cost in mAP of each detection [N] and of each ground truth [G].

    A hit and a detection that does not count cost 0, and so does every ground truth that is not missed.
    """
    matches = kinds.matches
    truths_K = matches.groundtruths()
    share_K = np.divide(1.0, truths_K, out=np.zeros(len(truths_K)), where=truths_K > 0) / max((truths_K > 0).sum(), 1)
    cost_N, cost_G = np.zeros(len(matches.class_N)), np.zeros(len(matches.class_G))
    for number, rows in enumerate(matches.rows_by_class()):
        hit_C = matches.truth_N[rows] >= 0
        rank_C = np.arange(1, len(rows) + 1)
        gain_C = np.where(hit_C, np.cumsum(hit_C) / (rank_C * np.maximum(rank_C - 1, 1)), 0.0)
        behind_C = np.cumsum(gain_C[::-1])[::-1]  # the gain at a false positive itself is 0
        cost_N[rows] = np.where(hit_C, 0.0, behind_C * share_K[number])
    for found, truth in (kinds.renamed, kinds.moved):
        cost_N[found] += share_K[matches.class_G[truth]]
    missed = kinds.kind_G == MISSED
    cost_G[missed] = share_K[matches.class_G[missed]]
    return cost_N, cost_G


def _dearest(
    table: pd.DataFrame, rows: Ints, frame_R: Ints, cost_R: Floats, shown: set[int], each: int
) -> Iterator[tuple[int, float]]:
    """The most costly error of each of the most costly frames, and the cost of all errors of the frame."""
    frames, first, frame_F = np.unique(frame_R, return_index=True, return_inverse=True)
    cost_F = np.bincount(frame_F, cost_R, len(frames))
    video_F, number_F = (table[column].to_numpy()[rows[first]] for column in ("video_id", "frame"))
    videos: set[str] = set()
    for place in np.lexsort((number_F, pd.factorize(video_F, sort=True)[0], -cost_F)).tolist():
        if len(videos) == each:
            return
        if video_F[place] not in videos and int(frames[place]) not in shown:
            videos.add(video_F[place])
            of_frame = np.flatnonzero(frame_F == place)
            yield int(rows[of_frame[cost_R[of_frame].argmax()]]), float(cost_F[place])


def _moment(kinds: ErrorKinds, kind: str, cost: float, reason: int) -> Moment:
    """The moment of the frame of a row of detections, or of a row of groundtruth if the kind is missed."""
    matches, missed = kinds.matches, kind == NAMES[MISSED]
    table, frame_R = (matches.groundtruth, matches.frame_G) if missed else (matches.detections, matches.frame_N)
    frame = int(frame_R[reason])
    truth_R = np.flatnonzero(matches.frame_G == frame)
    annotated = _annotated_persons(matches.groundtruth, truth_R)
    found = matches.ranked_C[matches.frame_N[matches.ranked_C] == frame]
    lost = truth_R[kinds.kind_G[truth_R] == MISSED]
    found, lost = (found, np.append(reason, lost)) if missed else (np.append(reason, found), lost)
    detected = [_mark_detection(kinds, row, truth_R, annotated) for row in _one_a_box(matches.detections, found)]
    missing = [_mark_missed(matches.groundtruth, row, annotated) for row in _one_a_box(matches.groundtruth, lost)]
    marked = [*missing[:1], *detected, *missing[1:]] if missed else detected + missing
    where = table.iloc[reason]
    return Moment(str(where["video_id"]), int(where["frame"]), kind, cost, tuple(marked), tuple(annotated.values()))


def _one_a_box(table: pd.DataFrame, rows: Ints) -> list[int]:
    """The first row of each person of a frame."""
    rows_of = dict(zip(reversed(table["box"].to_numpy()[rows].tolist()), reversed(rows.tolist()), strict=True))
    return [rows_of[box] for box in dict.fromkeys(table["box"].to_numpy()[rows].tolist())]


def _annotated_persons(groundtruth: pd.DataFrame, truth_R: Ints) -> dict[int, tuple[Corners, tuple[str, ...]]]:
    """Corners and actions of each annotated person of a frame, by box."""
    rows = groundtruth.iloc[truth_R]
    persons: dict[int, tuple[Corners, tuple[str, ...]]] = {}
    for number, corners, action in zip(rows["box"], rows[BOX].to_numpy(np.float64), rows["class_name"], strict=True):
        known, does = persons.get(int(number), (_corners(corners), ()))
        persons[int(number)] = known, (*does, str(action))
    return persons


def _mark_detection(
    kinds: ErrorKinds, row: int, truth_R: Ints, annotated: dict[int, tuple[Corners, tuple[str, ...]]]
) -> MarkedBox:
    matches = kinds.matches
    under: tuple[str, ...] = ()
    _, place_Q, iou_Q = matches.overlaps(np.array([row]), truth_R)
    if iou_Q.max(initial=0.0) >= BACKGROUND:
        _, under = annotated[int(matches.groundtruth["box"].iloc[truth_R[place_Q[iou_Q.argmax()]]])]
    of = matches.detections.iloc[row]
    return MarkedBox(
        NAMES[kinds.kind_N[row]],
        _corners(of[BOX].to_numpy(np.float64)),
        int(of["box"]),
        str(of["class_name"]),
        float(of["score"]),
        float(of["probability"]),
        under,
    )


def _mark_missed(
    groundtruth: pd.DataFrame, row: int, annotated: dict[int, tuple[Corners, tuple[str, ...]]]
) -> MarkedBox:
    of = groundtruth.iloc[row]
    box = int(of["box"])
    return MarkedBox(NAMES[MISSED], annotated[box][0], box, str(of["class_name"]), None, None, annotated[box][1])


def _corners(corners_4: Floats) -> Corners:
    x1, y1, x2, y2 = corners_4.tolist()
    return x1, y1, x2, y2
