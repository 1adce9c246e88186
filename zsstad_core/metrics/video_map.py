"""Video AP of each class: tubes against tubes, by the conventions of MultiSports or of ACT and MOC (`protocols.py`).

The overlap of two tubes is the overlap of their durations times the mean overlap of their boxes. A duration reaches
from a tube's first to its last frame. The mean is taken over the frames between the later start and the earlier end in
which either tube has a box; a frame in which one tube has no box counts as 0 (annotated tubes may have gaps; the
published evaluators cannot read tubes with gaps, and compute the same for tubes without).

Shapes: T tubes, R rows (boxes) of tubes, sorted by tube and frame; Q pairs of tubes of one video.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from zsstad_core.boxes import paired_iou
from zsstad_core.errors import DataError
from zsstad_core.metrics.columns import (
    COUNTS,
    add_recall,
    boxes_of,
    codes,
    frame_keys,
    refuse_invalid,
    rows_of_each_class,
    video_names,
)
from zsstad_core.metrics.matching import Floats, Ints, hits, pairs_in_same_group
from zsstad_core.metrics.protocols import TubeRules, video_rules

RANGES: dict[str, tuple[float, ...]] = {
    "0.05:0.45": tuple(0.05 + 0.05 * i for i in range(9)),
    "0.10:0.90": tuple(0.1 + 0.1 * i for i in range(9)),
    "0.50:0.95": tuple(0.5 + 0.05 * i for i in range(10)),
}
"""The thresholds of a mean over several, by the name that MultiSports prints, as the floats that it computes."""


@dataclass(frozen=True)
class Tubes:
    """The tubes of one class."""

    tube_R: Ints
    """The tube of each row, rising from 0."""
    key_R: Ints
    """The frame of each row, as a number over all videos, rising within a tube."""
    box_R4: Floats

    def __len__(self) -> int:
        return int(self.tube_R[-1]) + 1 if len(self.tube_R) else 0


def video_ap(
    groundtruth: pd.DataFrame,
    tubes: pd.DataFrame,
    classes: Sequence[str],
    iou: Sequence[float],
    protocol: str = "multisports",
) -> dict[float, pd.DataFrame]:
    """Video AP of each class at each threshold: a table like that of `frame_ap`, by threshold.

    groundtruth: table `groundtruth`; the rows of a class with the same `box` in a video are a tube. tubes: the table of
    `link_tubes`; the rows of a class with the same `tube` in a video are a tube, whose score is their mean. Tubes of
    equal score are ordered by the names of their videos, then by their numbers (or names). A tube that overlaps several
    annotated tubes equally counts for the first of them by number, which is the order of the annotation.

    Raises DataError if a class is named twice, a score is not finite, or a tube has two boxes in a frame.
    """
    rules = video_rules(protocol)
    for threshold in iou:
        refuse_invalid(groundtruth, tubes, classes, threshold)
    names = pd.Index(list(classes), dtype="str", name="class_name")
    videos = video_names(groundtruth, tubes).sort_values()
    truth_rows = rows_of_each_class(codes(groundtruth["class_name"], names), len(names))
    found_rows = rows_of_each_class(codes(tubes["class_name"], names), len(names))
    score = tubes["score"].to_numpy(np.float64)
    rows: dict[float, list[tuple[float, int, int, int]]] = {threshold: [] for threshold in iou}
    for truth_G, found_N in zip(truth_rows, found_rows, strict=True):
        truth, _ = _tubes(groundtruth, "box", truth_G, videos, "ground truth")
        found, row_R = _tubes(tubes, "tube", found_N, videos, "detections")
        score_T = _means(found.tube_R, score[row_R])
        if rules.nms is not None:
            found, score_T = _suppress(found, score_T, rules, rules.nms)
        found = _reorder(found, np.argsort(-score_T, kind="stable"))
        found_Q, truth_Q, overlap_Q = tube_overlaps(found, truth, rules)
        for threshold in iou:
            hit_T = hits(found_Q, truth_Q, overlap_Q, len(found), threshold, rules.second_best)
            rows[threshold].append((rules.area(hit_T, len(truth)), len(truth), len(found), int(hit_T.sum())))
    return {
        threshold: add_recall(pd.DataFrame(counted, index=names, columns=COUNTS)) for threshold, counted in rows.items()
    }


def video_map(per_threshold: dict[float, pd.DataFrame], wanted: Sequence[float | str]) -> dict[str, "pd.Series[float]"]:
    """AP of each class, by the name of the threshold; for a name in RANGES, the mean AP over its thresholds."""
    return {
        str(name): pd.concat([per_threshold[t]["ap"] for t in thresholds([name])], axis=1)
        .mean(axis=1, skipna=False)
        .rename("ap")
        for name in wanted
    }


def thresholds(wanted: Sequence[float | str]) -> list[float]:
    """All thresholds of some numbers and names of RANGES, each once. Raises DataError for an unknown name."""
    unknown = [name for name in wanted if isinstance(name, str) and name not in RANGES]
    if unknown:
        raise DataError(f"video IoU {unknown[0]}; it must be a number, or one of {', '.join(RANGES)}")
    return list(dict.fromkeys(t for name in wanted for t in (RANGES[name] if isinstance(name, str) else (name,))))


def has_tubes(groundtruth: pd.DataFrame) -> bool:
    """Whether any annotated person is followed from one frame to the next (AVA's keyframes are a second apart)."""
    rows = groundtruth.sort_values(["video_id", "box", "class_name", "frame"])
    same = (rows[["video_id", "box", "class_name"]] == rows[["video_id", "box", "class_name"]].shift()).all(axis=1)
    return bool((same & (rows["frame"].diff() == 1)).any())


def tube_overlaps(a: Tubes, b: Tubes, rules: TubeRules) -> tuple[Ints, Ints, Floats]:
    """The overlap of each pair of tubes that share a frame: a_Q (rising), b_Q (rising within a), overlap_Q."""
    row_a_P, row_b_P = pairs_in_same_group(b.key_R, a.key_R)
    last_pixel = np.array([0, 0, rules.pixel, rules.pixel], np.float64)
    iou_P = paired_iou(a.box_R4[row_a_P] + last_pixel, b.box_R4[row_b_P] + last_pixel)
    pair_P = a.tube_R[row_a_P] * max(len(b), 1) + b.tube_R[row_b_P]
    pair_Q, number_P = np.unique(pair_P, return_inverse=True)
    a_Q, b_Q = np.divmod(pair_Q, max(len(b), 1))
    shared_Q, common_Q = np.bincount(number_P, iou_P, len(pair_Q)), np.bincount(number_P, minlength=len(pair_Q))

    (a_first, a_last), (b_first, b_last) = _extents(a), _extents(b)
    start_Q, end_Q = np.maximum(a_first[a_Q], b_first[b_Q]), np.minimum(a_last[a_Q], b_last[b_Q])
    either_Q = _rows_between(a, a_Q, start_Q, end_Q) + _rows_between(b, b_Q, start_Q, end_Q) - common_Q
    inter_Q = end_Q - start_Q + rules.frame
    union_Q = np.maximum(a_last[a_Q], b_last[b_Q]) - np.minimum(a_first[a_Q], b_first[b_Q]) + rules.frame
    # Two tubes of the same single frame: MultiSports divides 0 by 0; here their durations are equal.
    duration_Q = np.divide(inter_Q, union_Q, out=np.ones(len(pair_Q)), where=union_Q > 0)
    return a_Q, b_Q, duration_Q * (shared_Q / either_Q)


def _tubes(table: pd.DataFrame, number: str, rows: Ints, videos: "pd.Index[str]", what: str) -> tuple[Tubes, Ints]:
    """The tubes of some rows of one class, by video and then by number or name, and the rows in the tubes' order."""
    key, code = frame_keys(table.iloc[rows], videos), codes(table["video_id"].iloc[rows], videos).astype(np.int64)
    tube, _ = pd.factorize(table[number].to_numpy()[rows], sort=True)
    order = np.lexsort((key, tube, code))
    rows, key, tube, code = rows[order], key[order], tube[order], code[order]
    new = np.ones(len(rows), bool)
    new[1:] = (np.diff(tube) != 0) | (np.diff(code) != 0)
    twice = np.flatnonzero(~new[1:] & (key[1:] == key[:-1]))
    if len(twice):
        row = table.iloc[rows[twice[0]]]
        raise DataError(
            f"{what}: {row.video_id} frame {row.frame}: {number} {row[number]} of {row.class_name} has two boxes; "
            "a tube has one box a frame"
        )
    return Tubes(np.cumsum(new) - 1, key, boxes_of(table, rows)), rows


def _means(tube_R: Ints, score_R: Floats) -> Floats:
    """The mean score of each tube. The mean of equal scores is exactly that score, so that tubes can tie."""
    first_T = score_R[np.diff(tube_R, prepend=-1) != 0]
    means: Floats = first_T + np.bincount(tube_R, score_R - first_T[tube_R]) / np.bincount(tube_R)
    return means


def _reorder(tubes: Tubes, order: Ints) -> Tubes:
    """The tubes in `order`, in that order, without the other tubes."""
    place = np.full(len(tubes), -1)
    place[order] = np.arange(len(order))
    rows = np.flatnonzero(place[tubes.tube_R] >= 0)
    rows = rows[np.argsort(place[tubes.tube_R[rows]], kind="stable")]
    return Tubes(place[tubes.tube_R[rows]], tubes.key_R[rows], tubes.box_R4[rows])


def _suppress(tubes: Tubes, score_T: Floats, rules: TubeRules, nms: float) -> tuple[Tubes, Floats]:
    """The tubes that no better tube of their video overlaps by more than `nms`, and their scores.

    Of two tubes with equal scores the later is the better, as in the published code's reversed sort.
    """
    a_Q, b_Q, overlap_Q = tube_overlaps(tubes, tubes, rules)
    close = overlap_Q > nms
    neighbours = b_Q[close]
    bounds = np.searchsorted(a_Q[close], np.arange(len(tubes) + 1))
    kept, dropped = [], np.zeros(len(tubes), bool)
    for best in np.argsort(score_T, kind="stable")[::-1].tolist():
        if not dropped[best]:
            kept.append(best)
            dropped[neighbours[bounds[best] : bounds[best + 1]]] = True
    order = np.sort(np.array(kept, np.int64))
    return _reorder(tubes, order), score_T[order]


def _extents(tubes: Tubes) -> tuple[Ints, Ints]:
    """The first and the last frame of each tube, as keys."""
    new = np.diff(tubes.tube_R, prepend=-1) != 0
    return tubes.key_R[new], tubes.key_R[np.append(new[1:], True)[: len(new)]]


def _rows_between(tubes: Tubes, tube_Q: Ints, start_Q: Ints, end_Q: Ints) -> Ints:
    """How many boxes each tube of tube_Q has from start_Q to end_Q, both included: int64 [Q]."""
    frames = np.unique(tubes.key_R)
    place_R = tubes.tube_R * len(frames) + np.searchsorted(frames, tubes.key_R)  # rising
    first_Q, last_Q = np.searchsorted(frames, start_Q, side="left"), np.searchsorted(frames, end_Q, side="right")
    return np.searchsorted(place_R, tube_Q * len(frames) + last_Q) - np.searchsorted(
        place_R, tube_Q * len(frames) + first_Q
    )
