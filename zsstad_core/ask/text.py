"""The lines that `make ask` prints."""

from collections.abc import Sequence
from pathlib import Path

from zsstad_core.ask.answer import Answer
from zsstad_core.ask.remarks import left_out
from zsstad_core.cache import ledger
from zsstad_core.cache.stages import EVALUATE, GROUNDTRUTH
from zsstad_core.formatting import count_text
from zsstad_core.plan.plan import Plan

_LINES = 12  # spans that are printed for a video, and videos that are left out


def answer_lines(answer: Answer, labels: Sequence[str]) -> list[str]:
    """The answer for a video: a line for the video, and a line for each of its first spans."""
    length = float(answer.frames["end"].max() - answer.frames["time"].min())
    looked = len(answer.frames)
    frames = count_text(int(answer.video["frames"]), "frame")
    lines = [
        f"{answer.video_id}: {frames}, {length:.1f} s"
        + ("" if looked == int(answer.video["frames"]) else f", {looked} of them looked at")
        + f"; {count_text(len(answer.tracks), 'person')} followed"
    ]
    for span in answer.spans[:_LINES]:
        rows = span.rows, span.label
        lines.append(
            f"  {span.track:>3}  {span.start:8.2f} - {span.end:.2f} s  {labels[span.label]}  "
            f"{answer.probability_NK[rows].mean():.2f} (similarity {answer.similarity_NK[rows].mean():.3f})"
        )
    if len(answer.spans) > _LINES:
        lines.append(f"       and {len(answer.spans) - _LINES} more spans in answer.json")
    if answer.boxes.empty:
        lines.append("       nobody was found in any frame")
    elif not answer.spans:
        lines.append("       nobody is sure enough of any label (ask.threshold)")
    return lines


def left_out_lines(plan: Plan) -> list[str]:
    """A line for each of the first videos that have no answer."""
    videos = left_out(plan)
    lines = [f"{video_id}: left out: {reason}" for video_id, reason in videos[:_LINES]]
    return [*lines, *([f"and {len(videos) - _LINES} more in answer.json"] if len(videos) > _LINES else [])]


def ledger_sizes(plan: Plan) -> str:
    """How long the ledgers of a plan are, as `stages_text` takes it: `5120`, `5120 0`."""
    return " ".join(str(ledger.size(root)) for root in _roots(plan))


def stages_text(plan: Plan, sizes: str) -> str:
    """The line that tells which stages made something for a question, and whose results were in the cache already.
    Ground truth is left out: the user's videos have none.

    sizes: what `ledger_sizes` gave before the stages ran. A stage that found nothing to do, or tried a damaged video in
    vain, made nothing.
    """
    starts = map(int, sizes.split())
    made = {
        (root, *unit)
        for root, start in zip(_roots(plan), starts, strict=False)
        for unit in ledger.made_since(root, start)
    }
    named = [artifact for artifact in plan.all() if artifact.stage not in (GROUNDTRUTH, EVALUATE)]
    ran = {one.stage.target for one in named if (one.root, one.stage.name, one.key) in made}
    stages = dict.fromkeys(artifact.stage.target for artifact in named)
    anew, kept = ([name for name in stages if (name in ran) == wanted] for wanted in (True, False))
    return f"asked anew: {', '.join(anew) or 'nothing'}; kept: {', '.join(kept) or 'nothing'}"


def _roots(plan: Plan) -> list[Path]:
    return list(dict.fromkeys(artifact.root for artifact in plan.all()))
