"""Write the makefile that make includes: a rule for each step of a plan, and variables that name the files to make."""

import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from zsstad_core.cache.artifact import Artifact
from zsstad_core.cache.stages import FINETUNE
from zsstad_core.cache.units import short_digest, write_whole
from zsstad_core.plan.graph import Step
from zsstad_core.plan.plan import Plan

_ALONE = ("index", "groundtruth", "finetune", "detect", "track", "encode", "text", "score")
"""Stages that have a target of make of their own name; the other stages run in `extract`, `train` and `eval`."""


def makefile(plan: Plan) -> str:
    """The rules for every artifact: the file that marks it complete, the files that must exist before, and the stage.

    Prerequisites are order-only: whether a file exists decides, never its time.
    """
    made: dict[str, list[Artifact]] = {step.target: step.makes for step in plan.steps()}
    train = [plan.train] if plan.train else []
    lines = [
        f"EXTRACTED := {_files(plan.extract())}",
        *(f"{stage.upper()} := {_files(made.get(stage, []))}" for stage in _ALONE),
        f"TRAINED := {_files(train)}",
        f"EVALUATED := {_files([plan.evaluate])}",
        f"EXTRACT_MESSAGE := {_result(plan, 'extract', plan.extract())}",
        f"FINETUNE_MESSAGE := {_result(plan, 'finetune', made.get(FINETUNE.target, []))}",
        f"TRAIN_MESSAGE := {_result(plan, 'train', train)}",
        *rules({"$(CHOICE)": plan}),
    ]
    return "\n".join(lines)


def write_makefile(text: str) -> Path:
    """Write rules to a file whose name is a digest of them, so that two makes at once do not disturb each other.

    Removes such files that are older than a day. Returns the path.
    """
    file = Path(".plan", f"{short_digest(text)}.mk")
    file.parent.mkdir(exist_ok=True)
    write_whole(file, text)
    for old in file.parent.glob("*.mk"):
        if old.stat().st_mtime < time.time() - 86_400:
            old.unlink(missing_ok=True)
    return file


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
    return f"{_files(step.makes)}{grouped} | {_files(step.needs)}\n\t@$(STAGE) stages.{step.target} {choice}\n"


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
