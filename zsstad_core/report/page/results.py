"""The results of an evaluation in the form of the page: its numbers, classes, curves, confusions and errors."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from zsstad_core.evaluation.rows import EvaluatedRows
from zsstad_core.report import confusion, curves, error_fixes, error_kinds
from zsstad_core.report.page.content import ClassRow, Confusion, Curve, ErrorKind, Errors, FixInTurn, Number

type Groups = Mapping[str, str]
"""The group of each class: unseen or seen."""

_SAID = {
    "wrong action": "Somebody is there, and does something else.",
    "wrong place": "The action is right, the box too far off (IoU from 0.1 on, below what counts).",
    "both": "A box off the person, and an action that the person does not do.",
    "background": "Nobody is annotated there.",
    "duplicate": "A better-scored detection has found this person doing this already.",
    "missed": "Annotated, and no detection that a better action or a better box would mend.",
}


def numbers_of(metrics: Mapping[str, Any]) -> tuple[Number, ...]:
    """The three numbers of a zero-shot benchmark, in percent."""
    iou = metrics["protocol"]["iou"]
    count = pd.Series([row["group"] for row in metrics["classes"].values()]).value_counts()
    captions = {
        "unseen": f"frame mAP at IoU {iou:g}, {count.get('unseen', 0)} classes that no training clip shows",
        "seen": f"the same, {count.get('seen', 0)} classes that a head may be trained on",
        "harmonic": "harmonic mean of both",
    }
    for name, value in (metrics.get("chance") or {}).items():
        if value is not None:
            captions[name] += f"; by chance {100 * value:.2f}"
    return tuple(
        Number(name, "–" if metrics[name] is None else f"{100 * metrics[name]:.2f}", caption)
        for name, caption in captions.items()
    )


def classes_of(metrics: Mapping[str, Any]) -> tuple[ClassRow, ...]:
    """The classes of metrics.json."""
    return tuple(
        ClassRow(
            name,
            row["group"],
            row["ap"],
            row["recall"],
            row["groundtruth"],
            row["detections"],
            {f"at {iou}": ap for iou, ap in row["video ap"].items()},
        )
        for name, row in metrics["classes"].items()
    )


def curves_of(found: Sequence[curves.Curve], groups: Groups) -> tuple[Curve, ...]:
    """The curves of the classes that have a hit, rounded to visible precision."""
    return tuple(
        Curve(
            curve.class_name,
            groups[curve.class_name],
            None if math.isnan(curve.ap) else curve.ap,
            tuple(round(point.recall, 4) for point in curve.points),
            tuple(round(point.precision, 4) for point in curve.points),
            tuple(round(point.score, 4) for point in curve.points),
            curve.points.index(curve.best) if curve.best in curve.points else None,
        )
        for curve in found
        if curve.points
    )


def confusions_of(rows: EvaluatedRows, types: Mapping[str, str] | None) -> tuple[Confusion, ...]:
    """One confusion of all classes; if persons do several actions, one for each type of classes."""
    kinds = dict.fromkeys(types[name] for name in rows.classes) if types else [""]
    return tuple(
        _confusion(rows, [name for name in rows.classes if types is None or types[name] == kind], kind)
        for kind in kinds
    )


def _confusion(rows: EvaluatedRows, classes: list[str], kind: str) -> Confusion:
    found = confusion.confusion(rows.groundtruth, rows.detections, classes, rows.iou, rows.protocol)
    shown = [row for row, name in enumerate(found.annotated) if name in classes or found.persons[row].any()]
    return Confusion(
        title=f"actions of the type {kind}" if kind else "all actions",
        rows=tuple(found.annotated[row] for row in shown),
        columns=found.predicted,
        count=tuple(tuple(round(float(cell), 2) for cell in found.persons[row]) for row in shown),
        unseen=rows.split.unseen,
    )


def errors_of(kinds: error_kinds.ErrorKinds, of_classes: Sequence[curves.Curve], rows: EvaluatedRows) -> Errors:
    """The errors by kind: the count of all, the count at the operating point, and the cost in mAP."""
    everything = error_kinds.counts(kinds).sum()
    at_best = curves.at_best_f1(kinds.matches, of_classes)
    chosen = error_kinds.error_kinds(rows.groundtruth, at_best, rows.classes, rows.iou, rows.protocol)
    at_point = error_kinds.counts(chosen).sum()
    fixed = error_fixes.fix_errors(kinds)
    costs = {group: fixed.cost(classes) for group, classes in _groups(rows).items()}
    as_is = {group: fixed.alone.loc[list(names), error_fixes.AS_IS].mean() for group, names in _groups(rows).items()}
    return Errors(
        kinds=tuple(
            ErrorKind(
                kind,
                _SAID[kind],
                int(everything[kind]),
                int(at_point[kind]),
                {group: _number_or_none(cost["alone"][kind]) for group, cost in costs.items()},
            )
            for kind in error_kinds.KINDS
        ),
        in_turn=tuple(
            FixInTurn(
                group,
                (
                    ("as is", float(as_is[group])),
                    *((kind, float(cost["reached"][kind])) for kind in error_kinds.KINDS),
                ),
            )
            for group, cost in costs.items()
            if not math.isnan(as_is[group])
        ),
    )


def _groups(rows: EvaluatedRows) -> dict[str, tuple[str, ...]]:
    return {group: names for group, names in {"unseen": rows.split.unseen, "seen": rows.split.seen}.items() if names}


def _number_or_none(value: Any) -> float | None:
    return None if math.isnan(value) else float(value)
