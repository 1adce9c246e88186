"""Write the makefile that make includes: a rule for each step of a plan, and variables that name the files to make.

No text of a user stands in it, where make or a shell would read it: choices are in a file beside it (`write_choices`),
and a cache whose name would need quotes is refused (`refusals.refuse_cache_root`).
"""

import argparse
import hashlib
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from zsstad_core import configure
from zsstad_core.cache.artifact import Artifact
from zsstad_core.cache.stages import FINETUNE
from zsstad_core.cache.units import short_digest, write_whole
from zsstad_core.command_line import choices_text
from zsstad_core.plan.graph import Step
from zsstad_core.plan.plan import Plan

_ALONE = ("index", "groundtruth", "finetune", "detect", "track", "encode", "text", "score")
"""Stages that have a target of make of their own name; the other stages run in `extract`, `train` and `eval`."""

_FOLDER = Path(".plan")
_DAY = 86_400


def makefile(plan: Plan, choice: str) -> str:
    """The rules for every artifact: the file that marks it complete, the files that must exist before, and the stage.

    choice: the arguments of the stages, as `write_choices` gives them. Prerequisites are order-only: whether a file
    exists decides, never its time.
    """
    made: dict[str, list[Artifact]] = {step.target: step.makes for step in plan.steps()}
    train = [plan.train] if plan.train else []
    lines = [
        f"EXTRACTED := {_files(plan.extract())}",
        *(f"{stage.upper()} := {_files(made.get(stage, []))}" for stage in _ALONE),
        f"TRAINED_HEAD := {_files(train)}",
        f"EVALUATED := {_files([plan.evaluate])}",
        f"EXTRACT_MESSAGE := {_result(plan, 'extract', plan.extract())}",
        f"FINETUNE_MESSAGE := {_result(plan, 'finetune', made.get(FINETUNE.target, []))}",
        f"TRAIN_MESSAGE := {_result(plan, 'train', train)}",
        *rules({choice: plan}),
    ]
    return "\n".join(lines)


def write_makefile(text: str) -> Path:
    """Write rules to a file whose name is a digest of them, so that two makes at once do not disturb each other.

    Removes what older makes left in that folder. Returns the path.
    """
    file = _FOLDER / f"{short_digest(text)}.mk"
    _FOLDER.mkdir(exist_ok=True)
    write_whole(file, text)
    _remove_old()
    return file


def write_choices(options: argparse.Namespace) -> str:
    """Write the choices of a command line to a file whose name is a digest of them. Returns the argument of a stage."""
    text = choices_text(configure.chosen(options)).encode("utf-8", "surrogateescape")
    file = _FOLDER / f"{hashlib.sha256(text).hexdigest()[:16]}.choices"
    _FOLDER.mkdir(exist_ok=True)
    temporary = file.with_suffix(f".{os.urandom(8).hex()}")
    temporary.write_bytes(text)
    temporary.replace(file)
    return f"--choices={file}"


def _remove_old() -> None:
    """Remove makefiles of the day before, which make has read, and choices that no stage has read for a month."""
    for pattern, days in (("*.mk", 1), ("*.choices", 30), ("given-*/*", 30), ("given-*", 30)):
        for old in _FOLDER.glob(pattern):
            with suppress(OSError):  # another make has removed it, or a folder holds newer files
                if old.stat().st_mtime < time.time() - days * _DAY:
                    old.rmdir() if old.is_dir() else old.unlink()


def rules(plans: Mapping[str, Plan]) -> list[str]:
    """The rules of several plans in one makefile; an artifact of several plans has one rule.

    plans: by the arguments that their stages get.
    """
    gone: list[Path] = []
    written: dict[Path, str] = {}
    for choice, plan in _with_training_plans(plans):
        gone += [artifact.done for artifact in plan.all() if artifact.done.exists() and not artifact.is_complete()]
        gone += [plan.index.done] if plan.set_aside else []  # videos that were set aside are tried again
        for step in plan.steps():
            new = [target for target in step.makes if target.done not in written]
            if new:
                written |= dict.fromkeys((target.done for target in new), _rule(step._replace(makes=new), choice))
    phony = [f".PHONY: {' '.join(map(str, dict.fromkeys(gone)))}"] if gone else []
    return [*phony, "", *dict.fromkeys(written.values())]


def _with_training_plans(plans: Mapping[str, Plan]) -> Iterator[tuple[str, Plan]]:
    """The plans, each after the plan under which its head is trained, if that is another plan."""
    for choice, plan in plans.items():
        if plan.training_plan is not None and plan.train is not None:
            yield f"{choice} --training-plan", plan.training_plan
        yield choice, plan


def _rule(step: Step, choice: str) -> str:
    grouped = " &:" if len(step.makes) > 1 else ":"
    return f"{_files(step.makes)}{grouped} | {_files(step.needs)}\n\t@$(START) stages.{step.target} {choice}\n"


def _files(artifacts: Sequence[Artifact]) -> str:
    return " ".join(str(artifact.done) for artifact in artifacts)


def _result(plan: Plan, target: str, artifacts: Sequence[Artifact]) -> str:
    """What make prints when a target is done."""
    if target == "train" and not artifacts:
        return f"train: {plan.settings.head} has nothing to train"
    if target == "finetune" and not artifacts:
        return f"finetune: {_why_not_finetuned(plan)}"
    fresh = all(artifact.is_complete() for artifact in artifacts)
    state = "nothing to do, all is fresh:" if fresh else "done:"
    return f"{target}: {state} {len(artifacts)} artifacts of {len(plan.members)} clips in {plan.root}"


def _why_not_finetuned(plan: Plan) -> str:
    if plan.settings.detector.boxes_from:
        return "the boxes are from a file, no detector is used"
    if not plan.finetune:
        return "detector.finetune.epochs is 0, the detector stays as it is"
    return f"{plan.settings.head} with scoring.boxes={plan.settings.scoring.boxes} reads no detected box"
