"""What a reader of an answer must know besides it, as sentences. The output, answer.json and the page have them all."""

from collections.abc import Sequence

from zsstad_core.ask.answer import Answer
from zsstad_core.cache.read import read_artifact_table
from zsstad_core.evaluation.limits import LIMIT, full_frames
from zsstad_core.frozen.encoder_identity import RANDOM
from zsstad_core.plan.plan import Plan

type Remark = tuple[str, str]
"""A video, and a sentence about it."""

NOTE = f"{RANDOM}: labels mean nothing"
"""What stands in every frame of the annotated videos where `random_weights` has something to say."""


def left_out(plan: Plan) -> list[Remark]:
    """The videos that have no answer, each with the reason."""
    return [(video_id, failure.reason) for video_id, failure in sorted(plan.set_aside.items())]


def crowded(plan: Plan, answers: Sequence[Answer]) -> list[Remark]:
    """The videos in which persons may have been left out, because the detector keeps no more of them in a frame."""
    full, limit = full_frames(read_artifact_table(plan.detect, "boxes"), plan.settings), plan.settings.detector
    return [
        (
            one.video_id,
            f"{full[one.video_id]} of {len(one.frames)} frames have {limit.persons_per_frame} persons, all that "
            f"{LIMIT} keeps: others may be left out, raise it",
        )
        for one in answers
        if one.video_id in full
    ]


def random_weights(plan: Plan) -> str:
    """A sentence that says that the encoder's weights are random; empty if they are trained."""
    encoder = str(plan.score.made_with().get("encoder", ""))
    return f"{encoder}: labels and scores mean nothing" if RANDOM in encoder else ""
