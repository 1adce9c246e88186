"""All checks in order, each with what it needs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pandas as pd

from zsstad_core.doctor import classes, frames, labels, persons, scores, text, units, weights
from zsstad_core.doctor.finding import Finding
from zsstad_core.doctor.known import Known
from zsstad_core.evaluation.chance import chance_draws
from zsstad_core.evaluation.rows import tested_rows
from zsstad_core.frozen.detector.frame_boxes import PERSON


@dataclass(frozen=True)
class Check:
    """name: what is looked at. lacks: why it cannot be, or nothing. pointless_after: checks whose findings explain what
    this one would find."""

    name: str
    lacks: Callable[[Known], str]
    run: Callable[[Known], list[Finding]]
    pointless_after: tuple[str, ...] = ()


@dataclass(frozen=True)
class Examined:
    """findings: causes, and symptoms where there is no cause. looked: names of checks that were done. not_looked: of
    those that were not, with the reason."""

    findings: Sequence[Finding]
    looked: Sequence[str]
    not_looked: Sequence[tuple[str, str]]


def examine(known: Known) -> Examined:
    """Go through all checks that there is something to look at for."""
    findings: list[Finding] = []
    looked: list[str] = []
    not_looked: list[tuple[str, str]] = []
    explained: set[str] = set()
    for check in CHECKS:
        if before := explained.intersection(check.pointless_after):
            not_looked.append((check.name, f"mend {min(before)} first"))
        elif reason := check.lacks(known):
            not_looked.append((check.name, reason))
        else:
            found = check.run(known)
            looked.append(check.name)
            findings += found
            explained |= {check.name} if found else set()
    causes = [finding for finding in findings if finding.cause]
    return Examined(causes or findings, looked, not_looked)


def _annotation(known: Known) -> str:
    return "" if len(known.groundtruth) else "nothing is annotated"


def _pixels(known: Known) -> str:
    return _annotation(known) or ("make groundtruth first" if known.keyframes and not known.placed else "")


def _sizes(known: Known) -> str:
    return _pixels(known) or ("make index first" if known.videos is None else "")


def _actions(known: Known) -> str:
    return "" if (known.groundtruth["class_name"] != "").any() else "no action is annotated"


def _compared(known: Known) -> str:
    """Annotation on decoded frames."""
    if not known.placed:
        return "make groundtruth first"
    return "" if len(known.tested) else "no action is annotated in a test video"


def _detected(known: Known) -> str:
    if known.settings.scoring.boxes == "groundtruth":
        return "annotated persons are scored"
    if known.boxes is None:
        return "make detect first"
    return _compared(known)


def _numbered(known: Known) -> str:
    if not known.given:
        return "boxes are of our own detector"
    return _detected(known) or ("only keyframes are in the index" if known.keyframes else "")


def _text_encoder(known: Known) -> str:
    if not known.reads_text:
        return f"{known.settings.head} reads no text"
    return "tokens are given (encoder.tokens_from)" if known.settings.encoder.tokens_from else ""


def _trained_text(known: Known) -> str:
    if not known.reads_text:
        return f"{known.settings.head} reads no text"
    if known.settings.encoder.pretrained == "random" and not known.settings.encoder.tokens_from:
        return "weights are random"
    return "" if known.text is not None else "make text first"


def _image_tokens(known: Known) -> str:
    return _trained_text(known) or ("" if known.tokens else "make encode first, with a head that reads tokens")


def _head_scores(known: Known) -> str:
    if known.knows_truth:
        return f"the scores of {known.settings.head} are the annotation"
    return "" if known.detections is not None else "make score first"


def _evaluated(known: Known) -> str:
    if lacking := _head_scores(known) or _compared(known):
        return lacking
    return "" if known.metrics is not None else "make eval first"


def _scored_labels(known: Known) -> list[Sequence[str]]:
    """The classes that are scored against each other."""
    split = known.split
    if known.settings.scoring.labels == "all":
        return [(*split.seen, *split.unseen)]
    both = {"unseen": split.unseen, "seen": split.seen}
    return [both[name] for name in both if known.settings.scoring.labels in ("own", name)]


def _empty(known: Known) -> list[Finding]:
    there = known.groundtruth[known.groundtruth["decoded"]]
    part = there["video_id"].map(known.official_split)
    annotated = {name: set(there.loc[part == name, "class_name"]) for name in ("train", "test")}
    return classes.empty(known.split, annotated, known.trains, known.settings.scoring.labels)


def _shifted(known: Known) -> list[Finding]:
    assert known.frames is not None
    places = (
        known.frames
        if known.seconds is None
        else known.frames.merge(known.seconds, on=["video_id", "frame"]).assign(frame=lambda rows: rows["second"])
    )
    tested, boxes = known.in_steps(known.tested), known.in_steps(_persons(known))
    return frames.shifted(tested, boxes, places, known.given, "frame" if known.seconds is None else "second")


def _persons(known: Known) -> pd.DataFrame:
    boxes = known.tested_boxes
    return boxes[boxes["what"] == PERSON]


def _units(known: Known) -> list[Finding]:
    assert known.videos is not None
    # Boxes that reach out of the picture are wrong themselves, whatever fits them.
    suspected = known.given and not units.reach_out(known.annotated, known.videos)
    return units.other_units(known.tested, _persons(known), known.videos, suspected)


def _detected_beyond(known: Known) -> list[Finding]:
    assert known.frames is not None
    return frames.detected_beyond(known.tested_boxes, known.frames)


def _tokens(known: Known) -> list[Finding]:
    found = (weights.tokens_say_nothing(kind, rows, known.text) for kind, rows in known.tokens.items())  # type: ignore[arg-type]
    return [finding for findings in found for finding in findings]


def _scores(known: Known) -> list[Finding]:
    assert known.detections is not None
    return scores.constant(known.detections)


def _labels(known: Known) -> list[Finding]:
    assert known.detections is not None
    orders: dict[str, list[Sequence[str]]] = {
        "the dataset's list": [known.classes],
        "the split's lists": [known.split.unseen, known.split.seen],
    }
    return labels.off_by_one_in_scores(known.tested, known.detections, _scored_labels(known), orders)


def _chance(known: Known) -> list[Finding]:
    assert known.detections is not None
    assert known.metrics is not None
    tested = tested_rows(known.official_split, known.groundtruth, known.missing, known.detections)
    draws = chance_draws(known.settings, known.split, *tested)
    return scores.no_better_than_chance(known.metrics, draws)


_ANNOTATED, _BOXES, _FRAMES = "annotated boxes", "boxes' units and order", "frames"
_NUMBERS, _PERSONS, _INSIDE = "detected frame numbers", "detected persons", "boxes in the picture"

CHECKS = (
    Check(_ANNOTATED, _pixels, lambda known: units.fractions(known.annotated)),
    Check(
        "labels and folders", _actions, lambda known: labels.other_than_their_folders(known.groundtruth, known.classes)
    ),
    Check("empty classes", _actions, _empty),
    Check("label split", lambda known: "", lambda known: classes.shared(known.split, known.texts)),
    Check("class texts", _text_encoder, lambda known: text.tokenized(known)),
    Check(
        "encoder weights",
        _text_encoder,
        lambda known: (
            weights.random_weights(known.settings.encoder) or weights.activation_by_name(known.settings.encoder)
        ),
    ),
    Check(
        "weights against published values",
        lambda known: _text_encoder(known) or text.why_not_compared(known.settings.encoder),
        lambda known: weights.not_as_published(known.settings.encoder, text.encode),
        pointless_after=("encoder weights",),
    ),
    Check("annotated frames", _compared, lambda known: frames.annotated_beyond(known.tested, known.missing)),
    Check(_PERSONS, _detected, lambda known: persons.nobody(known.tested, known.tested_boxes, known.settings.scoring)),
    Check(_NUMBERS, _numbered, _detected_beyond),
    Check(_BOXES, _detected, _units, (_ANNOTATED, _PERSONS)),
    Check(_INSIDE, _sizes, lambda known: units.reach_out(known.annotated, known.videos), (_ANNOTATED, _BOXES)),  # type: ignore[arg-type]
    Check(_FRAMES, _detected, _shifted, (_ANNOTATED, _PERSONS, _NUMBERS, _BOXES, _INSIDE)),
    Check(
        "overlap",
        _detected,
        lambda known: persons.no_overlap(known.tested, _persons(known), known.settings.evaluation.iou),
        (_ANNOTATED, _PERSONS, _NUMBERS, _BOXES, _INSIDE, _FRAMES),
    ),
    Check("text tokens", _trained_text, lambda known: classes.same_direction(known.classes, known.text)),  # type: ignore[arg-type]
    Check("image tokens", _image_tokens, _tokens),
    Check("scores", _head_scores, _scores),
    Check("labels of scores", lambda known: _head_scores(known) or _compared(known), _labels, ("scores",)),
    Check("chance", _evaluated, _chance, ("scores",)),
)
