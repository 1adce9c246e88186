"""What a reader of an answer must know besides it, as sentences. The output, answer.json and the page have them all."""

from zsstad_core.plan.plan import Plan

type Remark = tuple[str, str]
"""A video, and a sentence about it."""


def left_out(plan: Plan) -> list[Remark]:
    """The videos that have no answer, each with the reason."""
    return [(video_id, failure.reason) for video_id, failure in sorted(plan.set_aside.items())]
