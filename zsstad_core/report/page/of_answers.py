"""Make the page of an answer to `make ask`: every video in the player, and no evaluation."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from zsstad_core.ask.answer import Answer, threshold_of
from zsstad_core.ask.remarks import Remark, left_out, random_weights
from zsstad_core.plan.plan import Plan
from zsstad_core.report.page.clips import ClipToShow, FoundPersons, make_clips
from zsstad_core.report.page.content import Page
from zsstad_core.report.page.provenance import provenance
from zsstad_core.tables import BOX


def page_of_answers(plan: Plan, answers: Sequence[Answer], command: str, remarks: Sequence[Remark] = ()) -> Page:
    """The page of some answers; command: the command line. Videos in which nobody was found are in the player too.
    remarks: on the videos.

    Raises as `video.decode`.
    """
    settings, labels = plan.settings, plan.dataset.classes
    shown = [ClipToShow(one.video_id, _summary(one, labels)) for one in answers]
    clips, note = make_clips(plan.videos, shown, found_persons(answers, labels), {}, settings.report)
    limit = f"{threshold_of(settings.ask, len(labels)):.2f}"
    if settings.ask.similarity is not None:
        limit += f", or a similarity below {settings.ask.similarity:g}"
    return Page(
        title=", ".join(one.video_id for one in answers),
        lead=f"Asked: {', '.join(labels)}.",
        notes=(
            *([f"{random}."] if (random := random_weights(plan)) else []),
            f"A probability is a softmax over these {len(labels)} labels: it says which of them fits best, not whether "
            "any of them does. The similarity, the cosine of a person's and a label's tokens, does not depend on the "
            "other labels.",
            f"A person whose best label has a probability below {limit} is labelled nothing.",
            *(f"{video_id}: {line}." for video_id, line in remarks),
            *(f"Left out: {video_id}: {reason}" for video_id, reason in left_out(plan)),
        ),
        clips=clips,
        clips_note=note,
        made=provenance(plan, command),
    )


def found_persons(answers: Sequence[Answer], labels: Sequence[str]) -> FoundPersons:
    """The detected persons of the videos, with the smoothed scores and the labels of the answers."""
    return FoundPersons(
        frames=pd.concat([one.frames.assign(video_id=one.video_id) for one in answers], ignore_index=True),
        detections=pd.concat([_detections(one, labels) for one in answers], ignore_index=True),
        tracks=pd.concat([one.boxes[["frame", "box", "track"]].assign(video_id=one.video_id) for one in answers]),
        chosen=pd.concat([_given_labels(one, labels) for one in answers]),
    )


def _summary(one: Answer, labels: Sequence[str]) -> str:
    """A sentence with the seconds of each label in a video, summed over all persons; the longest first."""
    seconds = pd.Series([span.end - span.start for span in one.spans], dtype=np.float64)
    of_label = seconds.groupby([labels[span.label] for span in one.spans]).sum().sort_values(ascending=False)
    times = ", ".join(f"{name} {time:.1f} s" for name, time in of_label.items())
    return f"All persons together: {times}" if times else "Nobody does any of it"


def _detections(one: Answer, labels: Sequence[str]) -> pd.DataFrame:
    """One row per box and label, in the order of the labels, with the smoothed probabilities."""
    rows = one.boxes.loc[one.boxes.index.repeat(len(labels)), ["frame", "box", *BOX, "box_score"]]
    return rows.assign(
        video_id=one.video_id,
        class_name=list(labels) * len(one.boxes),
        probability=one.probability_NK.ravel(),
        similarity=one.similarity_NK.ravel(),
    )


def _given_labels(one: Answer, labels: Sequence[str]) -> pd.DataFrame:
    names = np.array([*labels, ""], dtype=object)  # the index NOTHING is -1, the last
    return one.boxes[["frame", "box"]].assign(video_id=one.video_id, class_name=names[one.boxes["label"]])
