"""A plan as text: the table of `make plan`, why something is stale, and the small makefile that make includes."""

import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from zsstad_core.cache import ledger
from zsstad_core.cache.artifact import WHOLE, Artifact
from zsstad_core.cache.differences import Difference, Inputs, newest_other, plain, replaced, since
from zsstad_core.cache.stages import DETECT, FINETUNE
from zsstad_core.cache.units import MANIFEST, published, short_digest, write_whole
from zsstad_core.errors import SettingsError
from zsstad_core.plan import Plan
from zsstad_core.quantities import count_text
from zsstad_core.quantities import duration_text as _duration
from zsstad_core.quantities import size_text as _size
from zsstad_core.settings import Section, Settings


def table(plan: Plan) -> str:
    """One line an artifact: state, units, clips, size on disk, expected time, and what changed since the last one."""
    pace = ledger.seconds_per_clip(plan.root)
    planned = {artifact.path: plain(artifact.inputs) for artifact in plan.all()}
    rows = [("artifact", "state", "units", "clips", "size", "expected", "why")]
    for artifact in plan.all():
        rows.append((artifact.path.name, *_row(artifact, pace, planned)))
    widths = [max(len(row[column]) for row in rows) for column in range(6)]
    return "\n".join(
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[6]]).rstrip()
        for row in rows
    )


def _row(
    artifact: Artifact, pace: Mapping[str, float], planned: Mapping[Path, Inputs]
) -> tuple[str, str, str, str, str, str]:
    there, todo = artifact.groups()
    size = sum(entry["bytes"] for unit in published(artifact.path) for entry in unit.manifest["files"].values())
    clips = str(len(artifact.members)) if artifact.members != {"": ""} else ""
    units = f"{len(there)}/{len(there) + len(todo)}"
    missing = sum(len(group.members) for group in todo)
    expected = _duration(pace[artifact.stage.name] * missing) if missing and artifact.stage.name in pace else ""
    if artifact.is_complete():
        return "fresh", units, clips, _size(size), "", ""
    changed = len(replaced(artifact, todo))
    if there:
        of_them = f", {changed} of them changed" if changed else ""
        why = f"{missing} clips to do{of_them}" if missing else "all clips are there already"
        return "partial", units, clips, _size(size), expected, why
    changes = f"{changed} clips changed" if changed else _changes(artifact, planned)
    return ("stale" if changes else "missing"), units, clips, "", expected, changes


def _changes(artifact: Artifact, planned: Mapping[Path, Inputs]) -> str:
    """What differs from the newest artifact of the same stage."""
    other = newest_other(artifact)
    return "; ".join(dict.fromkeys(map(str, since(other, artifact, planned)))) if other else ""


def of_stage(plan: Plan, stage: str) -> list[Artifact]:
    """The artifacts of a stage, by the name that make knows it by. Raises SettingsError naming those of the plan."""
    stages: dict[str, list[Artifact]] = {}
    for artifact in plan.all():
        stages.setdefault(artifact.stage.target, []).append(artifact)
    if stage not in stages:
        raise SettingsError(
            f"STAGE={stage} is not a stage of HEAD={plan.settings.head}; it must be one of {', '.join(stages)}"
        )
    return stages[stage]


def why(plan: Plan, stage: str) -> str:
    """The state of a stage's artifacts, and in full why it is so. Raises as `of_stage`, CacheError for damaged units.

    Fresh: since when, and what made it. Else: which clips are to be done, and every difference from the newest other
    artifact of that stage.
    """
    planned = {artifact.path: plain(artifact.inputs) for artifact in plan.all()}
    settings = plan.settings
    lines = [f"{stage} of DATASET={settings.dataset} SPLIT={settings.split} HEAD={settings.head}"]
    for artifact in of_stage(plan, stage):
        state, *reasons = _fresh(artifact) if artifact.is_complete() else _not_fresh(artifact, planned)
        lines += [f"{artifact.path.name}: {state}", *(f"  {reason}" for reason in reasons)]
    return "\n".join(lines)


def _fresh(artifact: Artifact) -> list[str]:
    clips = "" if artifact.members == WHOLE else f" for {count_text(len(artifact.members), 'clip')}"
    made_with = [f"made with {name}: {value}" for name, value in sorted(artifact.made_with().items())]
    times = [(unit.path / MANIFEST).stat().st_mtime for unit, _ in artifact.parts()]
    newest = max(times, default=artifact.done.stat().st_mtime)
    return [f"fresh{clips} since {_time(newest)}", *made_with]


def _not_fresh(artifact: Artifact, planned: Mapping[Path, Inputs]) -> list[str]:
    there, todo = artifact.groups()
    missing = [video for group in todo for video in group.members]
    of_all = "" if artifact.members == WHOLE else f"{len(missing)} of {count_text(len(artifact.members), 'clip')} to do"
    if there and not missing:
        return ["partial, all clips are there already; the next make says so"]
    changed = [f"the file of {video} is another than before" for video in replaced(artifact, todo)]
    if there:
        return [f"partial, {of_all} (first: {min(missing)})", *changed]
    state = f", {of_all}" if of_all else ""
    if changed:
        return [f"stale{state}", *changed]
    other = newest_other(artifact)
    if other is None:
        return [f"missing{state}", "no other artifact of this kind to compare with"]
    entries = [entry for difference in since(other, artifact, planned) for entry in difference.entries()]
    differences = [f"{line}{_of_setting(entry)}" for entry in entries for line in entry.lines()]
    return [f"stale{state}", f"compared with {other.name} of {_time(other.stat().st_mtime)}:", *differences]


_SETTING_OF = {
    "encoder.weights": "encoder.pretrained",
    "boxes from": "detector.boxes_from",
    "finetune": "detector.finetune.epochs",
    "texts": "encoder.texts, encoder.template, encoder.underscores",
    "seen": "split",
    "unseen": "split",
}
"""Settings whose entries in the inputs of an artifact go by another name."""


def _of_setting(difference: Difference) -> str:
    """The setting that an entry comes from, in brackets; nothing for versions, files and the like."""
    parts = difference.name.split(".")
    for end in range(len(parts), 0, -1):
        name = ".".join(parts[:end])
        if name in _SETTING_OF or _is_setting(parts[:end]):
            return f"  (setting {_SETTING_OF.get(name, name)})"
    return ""


def _is_setting(parts: Sequence[str]) -> bool:
    kind: Any = Settings
    for part in parts:
        if not (isinstance(kind, type) and issubclass(kind, Section)) or part not in kind.model_fields:
            return False
        kind = kind.model_fields[part].annotation
    return not (isinstance(kind, type) and issubclass(kind, Section))


def _time(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds))


def makefile(plan: Plan) -> str:
    """Rules for every artifact: the file that says it is complete, what must be complete before, and the stage.

    Prerequisites are order-only: whether a file exists decides, never its time.
    """
    made = {stage: targets for targets, _, stage in _steps(plan)}
    train = [plan.train] if plan.train else []
    lines = [
        f"EXTRACTED := {_files(plan.extract())}",
        *(f"{stage.upper()} := {_files(made.get(stage, []))}" for stage in _ALONE),
        f"TRAINED := {_files(train)}",
        f"EVALUATED := {_files([plan.evaluate])}",
        f"EXTRACT_SAYS := {_says(plan, 'extract', plan.extract())}",
        f"FINETUNE_SAYS := {_says(plan, 'finetune', made.get('finetune', []))}",
        f"TRAIN_SAYS := {_says(plan, 'train', train)}",
        *rules({"$(CHOICE)": plan}),
    ]
    return "\n".join(lines)


_ALONE = ("index", "groundtruth", "finetune", "detect", "encode", "text", "score")
"""Stages that have a target of make by their own name."""


def write_makefile(text: str) -> Path:
    """Write rules to a file of their own, named by content: two makes at once do not disturb each other."""
    file = Path(".plan", f"{short_digest(text)}.mk")
    file.parent.mkdir(exist_ok=True)
    write_whole(file, text)
    for old in file.parent.glob("*.mk"):
        if old.stat().st_mtime < time.time() - 86_400:
            old.unlink(missing_ok=True)
    return file


def rules(plans: Mapping[str, Plan]) -> list[str]:
    """Rules of several plans in one makefile, by the arguments of their stages; an artifact of several has one rule."""
    gone: list[Path] = []
    written: dict[Path, str] = {}
    for choice, plan in _with_sources(plans):
        gone += [artifact.done for artifact in plan.all() if artifact.done.exists() and not artifact.is_complete()]
        gone += [plan.index.done] if plan.set_aside else []  # which are tried again
        for targets, needs, stage in _steps(plan):
            new = [target for target in targets if target.done not in written]
            if new:
                written |= dict.fromkeys((target.done for target in new), _rule(new, needs, stage, choice))
    phony = [f".PHONY: {' '.join(map(str, dict.fromkeys(gone)))}"] if gone else []
    return [*phony, "", *dict.fromkeys(written.values())]


def _with_sources(plans: Mapping[str, Plan]) -> Iterator[tuple[str, Plan]]:
    """The plans, each with the one that its head is trained under, where that is another."""
    for choice, plan in plans.items():
        if plan.source is not None and plan.train is not None:
            yield f"{choice} --source", plan.source
        yield choice, plan


def _steps(plan: Plan) -> list[tuple[list[Artifact], list[Artifact], str]]:
    """Each stage of a plan: what it makes, what it reads, its name."""
    tokens = [plan.tokens(kind) for kind in plan.kinds()]
    finetune = [artifact for artifact in plan.extract() if artifact.stage == FINETUNE]
    boxes = [artifact for artifact in plan.extract() if artifact.stage == DETECT]
    text = [artifact for artifact in plan.extract() if artifact.stage.target == "text"]
    train = [plan.train] if plan.train else []
    steps = [
        ([plan.index], [], "index"),
        ([plan.groundtruth], [plan.index], "groundtruth"),
        (finetune, [plan.index, plan.groundtruth], "finetune"),
        (boxes, [plan.index, *finetune], "detect"),
        (tokens, [plan.index, plan.groundtruth, *boxes], "encode"),
        (text, [], "text"),
        (train if plan.source is None else [], plan.extract(), "train"),
        ([plan.score], [*plan.extract(), *train], "score"),
        ([plan.evaluate], [plan.score, plan.groundtruth], "evaluate"),
    ]
    return [step for step in steps if step[0]]


def _rule(targets: list[Artifact], needs: list[Artifact], stage: str, choice: str) -> str:
    grouped = " &:" if len(targets) > 1 else ":"
    return f"{_files(targets)}{grouped} | {_files(needs)}\n\t@$(RUN) stages.{stage} {choice}\n"


def _files(artifacts: list[Artifact]) -> str:
    return " ".join(str(artifact.done) for artifact in artifacts)


def _says(plan: Plan, target: str, artifacts: list[Artifact]) -> str:
    if target == "train" and not artifacts:
        return f"train: {plan.settings.head} has nothing to train"
    if target == "finetune" and not artifacts:
        return f"finetune: {_not_finetuned(plan)}"
    fresh = all(artifact.is_complete() for artifact in artifacts)
    state = "nothing to do, all is fresh:" if fresh else "done:"
    return f"{target}: {state} {len(artifacts)} artifacts of {len(plan.members)} clips in {plan.root}"


def _not_finetuned(plan: Plan) -> str:
    if plan.settings.detector.boxes_from:
        return "the boxes are from a file, no detector is used"
    if not plan.finetune:
        return "detector.finetune.epochs is 0, the detector stays as it is"
    return f"{plan.settings.head} with scoring.boxes={plan.settings.scoring.boxes} reads no detected box"
