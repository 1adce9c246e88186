"""What is written beside the answer: the annotated videos and the page. Each may fail with a remark."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from zsstad_core.ask import refusals
from zsstad_core.ask.annotated import write_annotated
from zsstad_core.ask.answer import Answer
from zsstad_core.ask.drawing import marks
from zsstad_core.ask.remarks import Remark
from zsstad_core.errors import UserError
from zsstad_core.plan.plan import Plan

PAGE = "index.html"


def remove_old(folder: Path, shown: Mapping[str, str]) -> None:
    """Remove the annotated videos and the page of an earlier answer: they must not stand beside a new one."""
    for name in (*shown.values(), PAGE):
        (folder / name).unlink(missing_ok=True)


def annotate_all(
    plan: Plan, answers: Sequence[Answer], names: Mapping[str, str], folder: Path, note: str = ""
) -> tuple[dict[str, str], list[Remark]]:
    """Write the annotated video of each answer; returns the names of the files that are there, by video, and a remark
    for each loss and for times that are not those of the file. note: a text to stand in every frame."""
    shown: dict[str, str] = {}
    remarks: list[Remark] = []
    for one in answers:
        name = names[one.video_id]
        try:
            frames, lines = write_annotated(
                plan.videos[one.video_id], marks(one, plan.dataset.classes), folder / name, note
            )
            refusals.refuse_other_frames(one, frames)
        except (UserError, OSError) as error:
            (folder / name).unlink(missing_ok=True)
            lines = [f"not annotated: {error}"]
        else:
            shown[one.video_id] = name
        remarks += [(one.video_id, line) for line in lines]
    return shown, remarks


def attempt(name: str, write: Callable[[], None]) -> list[str]:
    """Call `write`, which writes the file of that name; returns no line, or the one that says why it is not there."""
    try:
        write()
    except (UserError, OSError) as error:
        return [f"without {name}: {error}"]
    return []
