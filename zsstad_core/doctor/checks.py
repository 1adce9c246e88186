"""All checks in the order in which they run, each with the tables that it needs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pandas as pd

from zsstad_core.doctor import classes, frames, labels, persons, scores, text, units, weights
from zsstad_core.doctor.finding import Finding
from zsstad_core.doctor.plan_tables import PlanTables
from zsstad_core.evaluation.chance import chance_draws
from zsstad_core.evaluation.rows import tested_rows
from zsstad_core.frozen.detector.frame_boxes import PERSON


@dataclass(frozen=True)
class Check:
    """A check and its name. reason_to_skip: why the check cannot run, or an empty text. pointless_after: names of
    checks whose findings would explain the findings of this check."""

    name: str
    reason_to_skip: Callable[[PlanTables], str]
    run: Callable[[PlanTables], list[Finding]]
    pointless_after: tuple[str, ...] = ()


@dataclass(frozen=True)
class Examination:
    """The result of all checks. findings: the causes, or the symptoms if there is no cause. done: names of the checks
    that ran. skipped: names of the other checks, with the reason."""

    findings: Sequence[Finding]
    done: Sequence[str]
    skipped: Sequence[tuple[str, str]]


def examine(tables: PlanTables) -> Examination:
    """Run all checks whose tables are made already."""
    findings: list[Finding] = []
    done: list[str] = []
    skipped: list[tuple[str, str]] = []
    explained: set[str] = set()
    for check in CHECKS:
        if before := explained.intersection(check.pointless_after):
            skipped.append((check.name, f"mend {min(before)} first"))
        elif reason := check.reason_to_skip(tables):
            skipped.append((check.name, reason))
        else:
            found = check.run(tables)
            done.append(check.name)
            findings += found
            explained |= {check.name} if found else set()
    causes = [finding for finding in findings if finding.cause]
    return Examination(causes or findings, done, skipped)


def _annotation(tables: PlanTables) -> str:
    return "" if len(tables.groundtruth) else "nothing is annotated"


def _pixels(tables: PlanTables) -> str:
    return _annotation(tables) or ("make groundtruth first" if tables.keyframes and not tables.placed else "")


def _sizes(tables: PlanTables) -> str:
    return _pixels(tables) or ("make index first" if tables.videos is None else "")


def _actions(tables: PlanTables) -> str:
    return "" if (tables.groundtruth["class_name"] != "").any() else "no action is annotated"


def _compared(tables: PlanTables) -> str:
    """The reason to skip a check that needs annotation on decoded frames; empty if it can run."""
    if not tables.placed:
        return "make groundtruth first"
    return "" if len(tables.tested) else "no action is annotated in a test video"


def _detected(tables: PlanTables) -> str:
    if tables.settings.scoring.boxes == "groundtruth":
        return "annotated persons are scored"
    if tables.boxes is None:
        return "make detect first"
    return _compared(tables)


def _numbered(tables: PlanTables) -> str:
    if not tables.given:
        return "boxes are of our own detector"
    return _detected(tables) or ("only keyframes are in the index" if tables.keyframes else "")


def _text_encoder(tables: PlanTables) -> str:
    if not tables.reads_text:
        return f"{tables.settings.head} reads no text"
    return "tokens are given (encoder.tokens_from)" if tables.settings.encoder.tokens_from else ""


def _trained_text(tables: PlanTables) -> str:
    if not tables.reads_text:
        return f"{tables.settings.head} reads no text"
    if tables.settings.encoder.pretrained == "random" and not tables.settings.encoder.tokens_from:
        return "weights are random"
    return "" if tables.text is not None else "make text first"


def _image_tokens(tables: PlanTables) -> str:
    return _trained_text(tables) or ("" if tables.tokens else "make encode first, with a head that reads tokens")


def _head_scores(tables: PlanTables) -> str:
    if tables.knows_truth:
        return f"the scores of {tables.settings.head} are the annotation"
    return "" if tables.detections is not None else "make score first"


def _evaluated(tables: PlanTables) -> str:
    if lacking := _head_scores(tables) or _compared(tables):
        return lacking
    return "" if tables.metrics is not None else "make eval first"


def _scored_labels(tables: PlanTables) -> list[Sequence[str]]:
    """The groups of classes that are scored against each other."""
    split = tables.split
    if tables.settings.scoring.labels == "all":
        return [(*split.seen, *split.unseen)]
    both = {"unseen": split.unseen, "seen": split.seen}
    return [both[name] for name in both if tables.settings.scoring.labels in ("own", name)]


def _empty(tables: PlanTables) -> list[Finding]:
    there = tables.groundtruth[tables.groundtruth["decoded"]]
    part = there["video_id"].map(tables.official_split)
    annotated = {name: set(there.loc[part == name, "class_name"]) for name in ("train", "test")}
    return classes.empty(tables.split, annotated, tables.trains, tables.settings.scoring.labels)


def _shifted(tables: PlanTables) -> list[Finding]:
    assert tables.frames is not None
    places = (
        tables.frames
        if tables.seconds is None
        else tables.frames.merge(tables.seconds, on=["video_id", "frame"]).assign(frame=lambda rows: rows["second"])
    )
    tested, boxes = tables.in_steps(tables.tested), tables.in_steps(_persons(tables))
    return frames.shifted(tested, boxes, places, tables.given, "frame" if tables.seconds is None else "second")


def _persons(tables: PlanTables) -> pd.DataFrame:
    boxes = tables.tested_boxes
    return boxes[boxes["what"] == PERSON]


def _units(tables: PlanTables) -> list[Finding]:
    assert tables.videos is not None
    # If annotated boxes reach out of the picture, the annotation is wrong, whatever reading of the detections fits.
    suspected = tables.given and not units.reach_out(tables.annotated, tables.videos)
    return units.other_units(tables.tested, _persons(tables), tables.videos, suspected)


def _detected_beyond(tables: PlanTables) -> list[Finding]:
    assert tables.frames is not None
    return frames.detected_beyond(tables.tested_boxes, tables.frames)


def _tokens(tables: PlanTables) -> list[Finding]:
    found = (weights.tokens_say_nothing(kind, rows, tables.text) for kind, rows in tables.tokens.items())  # type: ignore[arg-type]
    return [finding for findings in found for finding in findings]


def _scores(tables: PlanTables) -> list[Finding]:
    assert tables.detections is not None
    return scores.constant(tables.detections)


def _labels(tables: PlanTables) -> list[Finding]:
    assert tables.detections is not None
    orders: dict[str, list[Sequence[str]]] = {
        "the dataset's list": [tables.classes],
        "the split's lists": [tables.split.unseen, tables.split.seen],
    }
    return labels.off_by_one_in_scores(tables.tested, tables.detections, _scored_labels(tables), orders)


def _chance(tables: PlanTables) -> list[Finding]:
    assert tables.detections is not None
    assert tables.metrics is not None
    tested = tested_rows(tables.official_split, tables.groundtruth, tables.missing, tables.detections)
    draws = chance_draws(tables.settings, tables.split, *tested)
    return scores.no_better_than_chance(tables.metrics, draws)


_ANNOTATED, _BOXES, _FRAMES = "annotated boxes", "boxes' units and order", "frames"
_NUMBERS, _PERSONS, _INSIDE = "detected frame numbers", "detected persons", "boxes in the picture"

CHECKS = (
    Check(_ANNOTATED, _pixels, lambda tables: units.fractions(tables.annotated)),
    Check(
        "labels and folders",
        _actions,
        lambda tables: labels.other_than_their_folders(tables.groundtruth, tables.classes),
    ),
    Check("empty classes", _actions, _empty),
    Check("label split", lambda tables: "", lambda tables: classes.shared(tables.split, tables.texts)),
    Check("class texts", _text_encoder, lambda tables: text.tokenized(tables)),
    Check(
        "encoder weights",
        _text_encoder,
        lambda tables: (
            weights.random_weights(tables.settings.encoder) or weights.activation_by_name(tables.settings.encoder)
        ),
    ),
    Check(
        "weights against published values",
        lambda tables: _text_encoder(tables) or text.why_not_compared(tables.settings.encoder),
        lambda tables: weights.not_as_published(tables.settings.encoder, text.encode),
        pointless_after=("encoder weights",),
    ),
    Check("annotated frames", _compared, lambda tables: frames.annotated_beyond(tables.tested, tables.missing)),
    Check(
        _PERSONS,
        _detected,
        lambda tables: persons.no_persons(tables.tested, tables.tested_boxes, tables.settings.scoring),
    ),
    Check(_NUMBERS, _numbered, _detected_beyond),
    Check(_BOXES, _detected, _units, (_ANNOTATED, _PERSONS)),
    Check(_INSIDE, _sizes, lambda tables: units.reach_out(tables.annotated, tables.videos), (_ANNOTATED, _BOXES)),  # type: ignore[arg-type]
    Check(_FRAMES, _detected, _shifted, (_ANNOTATED, _PERSONS, _NUMBERS, _BOXES, _INSIDE)),
    Check(
        "overlap",
        _detected,
        lambda tables: persons.no_overlap(tables.tested, _persons(tables), tables.settings.evaluation.iou),
        (_ANNOTATED, _PERSONS, _NUMBERS, _BOXES, _INSIDE, _FRAMES),
    ),
    Check("text tokens", _trained_text, lambda tables: classes.same_direction(tables.classes, tables.text)),  # type: ignore[arg-type]
    Check("image tokens", _image_tokens, _tokens),
    Check("scores", _head_scores, _scores),
    Check("labels of scores", lambda tables: _head_scores(tables) or _compared(tables), _labels, ("scores",)),
    Check("chance", _evaluated, _chance, ("scores",)),
)
