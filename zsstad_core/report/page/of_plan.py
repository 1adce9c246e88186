"""Make the page of an evaluation from the artifacts of a plan."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import pandas as pd

from zsstad_core.cache.read import read_artifact_table
from zsstad_core.evaluation.chance import below_chance
from zsstad_core.evaluation.metrics_file import read_metrics
from zsstad_core.evaluation.rows import EvaluatedRows, evaluated_rows, missing_groundtruth, tested_rows
from zsstad_core.evaluation.text import as_table
from zsstad_core.plan.plan import Plan
from zsstad_core.report import curves, error_kinds, moments
from zsstad_core.report.attention import attention_of_frames
from zsstad_core.report.page import attending, results, stills
from zsstad_core.report.page.choose import clips_to_show
from zsstad_core.report.page.clips import FoundPersons, make_clips
from zsstad_core.report.page.content import Attention, Page, Table
from zsstad_core.report.page.provenance import provenance
from zsstad_core.report.shown_persons import best_actions, places_to_show
from zsstad_core.splits import LabelSplit
from zsstad_core.tracks import link_persons

_ATTENDING = 3  # frames shown for unseen classes, and for seen classes


@dataclass(frozen=True)
class EvaluatedTables:
    """Tables detections, groundtruth and frames of a plan; `frames` holds the frames searched for persons."""

    detections: pd.DataFrame
    groundtruth: pd.DataFrame
    frames: pd.DataFrame

    @cached_property
    def best(self) -> pd.DataFrame:
        """Table of each person's best action, from `best_actions`."""
        return best_actions(self.detections, self.groundtruth)


def page_of(plan: Plan, tables: Sequence[Table], command: str) -> Page:
    """The page of an evaluated plan. tables: its numbers, and published numbers; command: the command line.

    Raises as `video.decode` for the clips that are shown, CacheError if an artifact is not there.
    """
    metrics = read_metrics(plan.evaluate)
    read = _read_tables(plan)
    first, *notes = as_table({**metrics, "split": plan.settings.split}).split("\n\n")[0].splitlines()
    lead = (
        f"Every person in every frame of {metrics['groundtruth']['clips']} test clips, named out of "
        + labels_text(plan.split, plan.settings.scoring.labels, plan.method.trains)
        if notes
        else first
    )
    page = Page(
        title=f"{plan.settings.head} on {plan.settings.dataset}, label split {plan.settings.split}",
        lead=lead,
        notes=(*notes, *_below_chance(metrics)),
        tables=tuple(tables),
        attention=attention_of(plan, read),
        made=provenance(plan, command),
    )
    if "nothing to evaluate against" in metrics:
        return _with_clips(page, plan, read, (), ())
    return _with_results(page, plan, read, metrics)


def labels_text(split: LabelSplit, labels: str, trains: bool) -> str:
    """The end of the page's first sentence: against which labels a person is scored (`scoring.labels`)."""
    unseen, seen = len(split.unseen), len(split.seen)
    if labels == "own" and unseen and seen:
        never = "; of the unseen ones no training clip showed any." if trains else "."
        return f"{unseen} unseen actions or out of {seen} seen ones, whichever group the clip's own action is of{never}"
    count = {"unseen": unseen, "seen": seen}.get(labels, unseen + seen)
    hidden = unseen if trains and seen and labels != "seen" else 0
    return f"{count} actions" + (f", {hidden} of which no training clip showed." if hidden else ".")


def _below_chance(metrics: dict[str, Any]) -> list[str]:
    below = [f"{name} {100 * value:.2f}" for name, value in below_chance(metrics).items()]
    return [f"Below chance ({', '.join(below)}): make doctor, with the same variables, looks for why."] if below else []


def groups_of(plan: Plan) -> dict[str, str]:
    """The group of each class of the label split: seen or unseen."""
    return {**dict.fromkeys(plan.split.seen, "seen"), **dict.fromkeys(plan.split.unseen, "unseen")}


def _with_results(page: Page, plan: Plan, read: EvaluatedTables, metrics: dict[str, Any]) -> Page:
    groups, rows, each = groups_of(plan), _evaluated_rows(plan, read), plan.settings.report.moments
    kinds = error_kinds.error_kinds(rows.groundtruth, rows.detections, rows.classes, rows.iou, rows.protocol)
    of_classes = curves.curves(kinds.matches)
    best = moments.best_moments(kinds, (rows.split.unseen, rows.split.seen), each)
    worst = moments.worst_moments(kinds, each)
    pts = read.frames.set_index(["video_id", "frame"])["pts"]
    page = replace(
        page,
        numbers=results.numbers_of(metrics),
        classes=results.classes_of(metrics),
        curves=results.curves_of(of_classes, groups),
        confusions=results.confusions_of(rows, plan.dataset.class_types),
        errors=results.errors_of(kinds, of_classes, rows),
        moments=stills.moments_of([*best, *worst], plan.videos, pts, groups, plan.settings.report.picture),
    )
    return _with_clips(page, plan, read, best, worst)


def _with_clips(
    page: Page, plan: Plan, read: EvaluatedTables, best: Sequence[moments.Moment], worst: Sequence[moments.Moment]
) -> Page:
    chosen = plan.settings.report
    shown = clips_to_show(read.best, plan.split.unseen, best, worst, chosen.clips)
    videos = {each.video_id for each in shown}
    detections = read.detections[read.detections["video_id"].isin(videos)]
    followed = plan.settings.tracks
    frames = read.frames[read.frames["video_id"].isin(videos)]
    tracks = link_persons(detections, frames, followed.lost_after, followed.high_score)
    found = FoundPersons(frames, detections, tracks, read.groundtruth)
    clips, note = make_clips(plan.videos, shown, found, groups_of(plan), chosen)
    return replace(page, clips=clips, clips_note=note)


def _read_tables(plan: Plan) -> EvaluatedTables:
    frames = read_artifact_table(plan.index, "frames")
    if plan.dataset.keyframes is not None:  # frames around keyframes are encoded, but not searched for persons
        keyframes = read_artifact_table(plan.index, "keyframes")[["video_id", "frame"]]
        frames = frames.merge(keyframes.drop_duplicates(), on=["video_id", "frame"])
    return EvaluatedTables(
        read_artifact_table(plan.score, "detections"), read_artifact_table(plan.groundtruth, "groundtruth"), frames
    )


def _evaluated_rows(plan: Plan, read: EvaluatedTables) -> EvaluatedRows:
    """The rows that the evaluation counts, as the evaluate stage chooses them."""
    missing = missing_groundtruth(plan.dataset, plan.missing)
    tested = tested_rows(plan.official_split, read.groundtruth, missing, read.detections)
    return evaluated_rows(plan.settings, plan.split, *tested)


def attention_of(plan: Plan, read: EvaluatedTables) -> tuple[Attention, ...]:
    """The attention of persons on some test frames; empty for a head without attention."""
    if not plan.method.explain or not plan.method.explains(plan.settings):
        return ()
    places = places_to_show(plan, read.best, _ATTENDING)
    if not places:
        return ()
    return tuple(attending.attention_on(attention_of_frames(plan, read.best, places), plan.settings.report.picture))
