"""Refuse questions that cannot be asked, before anything is computed, and answers that cannot be given.

`zsstad_core.ask.question` refuses mistakes in VIDEO= and LABELS=; the encoder refuses a label that is too long.
"""

import errno
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from zsstad_core.ask.answer import Answer
from zsstad_core.cache.artifact import other_artifacts
from zsstad_core.cache.differences import Difference, as_json, compare
from zsstad_core.cache.folders import written_inputs
from zsstad_core.cache.stages import TRAIN
from zsstad_core.errors import DataError, SettingsError
from zsstad_core.plan.plan import Plan
from zsstad_core.video import VideoSource
from zsstad_core.video.film import open_film


def refuse_without_pictures(sources: Iterable[VideoSource]) -> None:
    """Raise DataError if no file opens and has a film that is its own; with the reason of the first file.

    Of several, the files that do not open are left out of the answer by stage index, which names them.
    """
    reasons: list[DataError] = []
    for source in sources:
        try:
            _open(source)
        except DataError as error:
            reasons.append(error)
        else:
            return
    more = f" (and {len(reasons) - 1} more files, of which none opens either)" if len(reasons) > 1 else ""
    raise DataError(f"{reasons[0]}{more}") from reasons[0]


def _open(source: VideoSource) -> None:
    import av

    try:
        with open_film(source.path):
            pass
    except av.error.FFmpegError as error:
        reason = error.strerror if error.errno != errno.EINVAL else "Invalid data found"
        raise DataError(f"{source.path}: is no video that opens: {reason}") from error


def refuse_other_encoder(plan: Plan) -> None:
    """Raise SettingsError if the head would have to be trained again only because another encoder is chosen."""
    if plan.training_plan is None or plan.train is None or plan.train.is_complete():
        return
    planned = {artifact.path: as_json(artifact.inputs) for artifact in plan.training_plan.all()}
    mine = as_json(plan.train.inputs)
    others = [
        folder
        for folder in other_artifacts(plan.training_plan.root, TRAIN, plan.train.key)
        if all(written_inputs(folder).get(name) == mine[name] for name in ("head", "seen"))
    ]
    differences = [[*filter(_of_encoder, compare(folder, plan.train, planned))] for folder in others]
    if differences and all(differences):
        there = plan.training_plan.settings
        raise SettingsError(
            f"the head {there.head} of {there.dataset}, label split {there.split}, was trained with another encoder "
            f"({differences[0][0]}); ask with that one, or train it with this: make train DATASET={there.dataset} "
            f"SPLIT={there.split} HEAD={there.head} with the same SET="
        )


def refuse_nobody(plan: Plan, answers: Sequence[Answer]) -> None:
    """Raise DataError if no person was found in any video."""
    if any(len(one.boxes) for one in answers):
        return
    first, detector, scoring = answers[0], plan.settings.detector, plan.settings.scoring
    where = f"{first.video_id}: " if len(answers) == 1 else f"{len(answers)} videos: "
    frames = sum(len(one.frames) for one in answers)
    sure = f", scoring.threshold {scoring.threshold:g}" if scoring.select == "threshold" else ""
    by = detector.boxes_from or f"{detector.title()}, detector.person_score {detector.person_score:g}"
    raise DataError(
        f"{where}no person in any of the {frames} frames that were looked at ({by}{sure}); lower these scores, or take "
        "another detector"
    )


def refuse_overwriting(plan: Plan, folder: Path, shown: Mapping[str, str]) -> None:
    """Raise SettingsError if an annotated video would overwrite a video of the question."""
    asked = {source.path.resolve() for source in plan.videos.values()}
    for name in shown.values():
        if (folder / name).resolve() in asked:
            raise SettingsError(f"{folder / name}: is a video that you ask about; choose another OUT=")


def refuse_other_frames(answer: Answer, frames: int) -> None:
    """Raise DataError if the annotated video has more or fewer frames than the index says."""
    if frames != int(answer.video["frames"]):
        raise DataError(
            f"{answer.video_id}: has {frames} frames now, and had {int(answer.video['frames'])} when it was looked at; "
            "ask again"
        )


def _of_encoder(difference: Difference) -> bool:
    return difference.name.startswith("encoder.")
