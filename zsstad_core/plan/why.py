"""`make why`: the state of a stage's artifacts, with the full reasons."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from zsstad_core.cache.artifact import WHOLE, Artifact
from zsstad_core.cache.differences import Difference, Inputs, as_json, compare, newest_other, replaced_clips
from zsstad_core.cache.units import MANIFEST
from zsstad_core.errors import SettingsError
from zsstad_core.formatting import count_text
from zsstad_core.plan.plan import Plan
from zsstad_core.settings.base import Section
from zsstad_core.settings.pipeline import Settings


def artifacts_of(plan: Plan, target: str) -> list[Artifact]:
    """The artifacts that a target of make produces. Raises SettingsError naming the targets of the plan."""
    targets: dict[str, list[Artifact]] = {}
    for artifact in plan.all():
        targets.setdefault(artifact.stage.target, []).append(artifact)
    if target not in targets:
        raise SettingsError(
            f"STAGE={target} is not a stage of HEAD={plan.settings.head}; it must be one of {', '.join(targets)}"
        )
    return targets[target]


def why(plan: Plan, target: str) -> str:
    """The state of a target's artifacts as text, with the full reasons.

    Fresh: since when, and what made it. Else: which clips are to be done, and every difference from the newest other
    artifact of that stage. Raises SettingsError as `artifacts_of`, CacheError for damaged units.
    """
    planned = {artifact.path: as_json(artifact.inputs) for artifact in plan.all()}
    settings = plan.settings
    lines = [f"{target} of DATASET={settings.dataset} SPLIT={settings.split} HEAD={settings.head}"]
    for artifact in artifacts_of(plan, target):
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
    changed = [f"the file of {video} is another than before" for video in replaced_clips(artifact, todo)]
    if there:
        return [f"partial, {of_all} (first: {min(missing)})", *changed]
    state = f", {of_all}" if of_all else ""
    if changed:
        return [f"stale{state}", *changed]
    other = newest_other(artifact)
    if other is None:
        return [f"missing{state}", "no other artifact of this kind to compare with"]
    entries = [entry for difference in compare(other, artifact, planned) for entry in difference.entries()]
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
"""Entries of an artifact's inputs that are not named as the setting they come from -> that setting."""


def _of_setting(difference: Difference) -> str:
    """The setting that an entry comes from, in brackets; empty for versions, files and the like."""
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
