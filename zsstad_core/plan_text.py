"""A plan as text: the table of `make plan`, why something is stale, and the small makefile that make includes."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from zsstad_core.cache import ledger
from zsstad_core.cache.artifact import Artifact, Group, earlier
from zsstad_core.cache.units import canonical, published
from zsstad_core.plan import Plan

Inputs = dict[str, Any]


def table(plan: Plan) -> str:
    """One line an artifact: state, units, clips, size on disk, expected time, and what changed since the last one."""
    pace = ledger.seconds_per_clip(plan.root)
    planned = {artifact.path: _plain(artifact.inputs) for artifact in plan.all()}
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
    expected = _duration(pace[artifact.stage] * missing) if missing and artifact.stage in pace else ""
    if artifact.is_complete():
        return "fresh", units, clips, _size(size), "", ""
    replaced = _replaced(artifact, todo)
    if there:
        of_them = f", {replaced} of them changed" if replaced else ""
        why = f"{missing} clips to do{of_them}" if missing else "all clips are there already"
        return "partial", units, clips, _size(size), expected, why
    changes = f"{replaced} clips changed" if replaced else _changes(artifact, planned)
    return ("stale" if changes else "missing"), units, clips, "", expected, changes


def _replaced(artifact: Artifact, todo: Sequence[Group]) -> int:
    """How many of the clips to be done were done when their files had another content."""
    waiting = {video: digest for group in todo for video, digest in group.members.items()}
    held = {item for unit in published(artifact.path) for item in unit.members.items()}
    return len({video for video, digest in held if waiting.get(video, digest) != digest})


def _changes(artifact: Artifact, planned: Mapping[Path, Inputs]) -> str:
    """What differs from the newest artifact of the same stage, followed up to where it began."""

    def inputs(name: str) -> Inputs:
        return planned.get(artifact.root / name) or _written(artifact.root / name)

    for folder in earlier(artifact.root, artifact.stage, artifact.key):
        return "; ".join(dict.fromkeys(_compare(inputs(artifact.path.name), inputs(folder.name), inputs)))
    return ""


def _compare(now: Inputs, before: Inputs, inputs: Callable[[str], Inputs], prefix: str = "") -> Iterator[str]:
    """Each difference as `name: old -> new`; where the key of another artifact differs, the differences of that one.

    inputs: those of an artifact by its folder's name, empty where they are not known any more.
    """
    for name in sorted(now.keys() | before.keys()):
        new, old = now.get(name), before.get(name)
        if new == old:
            continue
        if prefix == "needs.":
            above, above_before = inputs(f"{name}-{new}"), inputs(f"{name}-{old}")
            if above and above_before:
                yield from _compare(above, above_before, inputs)
            else:
                yield f"{name} {'changed' if new and old else 'is read now' if new else 'is not read now'}"
        elif isinstance(new, dict) and isinstance(old, dict):
            yield from _compare(new, old, inputs, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}: {_short(old)} -> {_short(new)}"


def _written(folder: Path) -> Inputs:
    try:
        inputs: Inputs = json.loads((folder / "inputs.json").read_text())
    except (OSError, ValueError):
        return {}
    return inputs


def _plain(value: Mapping[str, Any]) -> Inputs:
    plain: Inputs = json.loads(canonical(value))
    return plain


def _short(value: Any) -> str:
    if isinstance(value, dict):
        return "{...}"
    text = "nothing" if value is None else str(value)
    return text if len(text) <= 40 else f"{text[:37]}..."


def _size(size: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def makefile(plan: Plan) -> str:
    """Rules for every artifact: the file that says it is complete, what must be complete before, and the stage.

    Prerequisites are order-only: whether a file exists decides, never its time.
    """
    tokens = [plan.tokens(kind) for kind in plan.kinds()]
    boxes = [artifact for artifact in plan.extract() if artifact.stage == "detect"]
    text = [artifact for artifact in plan.extract() if artifact.stage == "text"]
    train = [plan.train] if plan.train else []
    rules = [
        _rule([plan.index], [], "index"),
        _rule([plan.groundtruth], [plan.index], "groundtruth"),
        *([_rule(boxes, [plan.index], "detect")] if boxes else []),
        *([_rule(tokens, [plan.index, plan.groundtruth, *boxes], "encode")] if tokens else []),
        *([_rule(text, [], "text")] if text else []),
        *([_rule(train, plan.extract(), "train")] if train else []),
        _rule([plan.score], [*plan.extract(), *train], "score"),
        _rule([plan.evaluate], [plan.score, plan.groundtruth], "evaluate"),
    ]
    gone = [artifact.done for artifact in plan.all() if artifact.done.exists() and not artifact.is_complete()]
    lines = [
        f"EXTRACTED := {_files(plan.extract())}",
        f"INDEX := {_files([plan.index])}",
        f"GROUNDTRUTH := {_files([plan.groundtruth])}",
        f"DETECT := {_files(boxes)}",
        f"ENCODE := {_files(tokens)}",
        f"TEXT := {_files(text)}",
        f"SCORE := {_files([plan.score])}",
        f"TRAINED := {_files(train)}",
        f"EVALUATED := {_files([plan.evaluate])}",
        f"EXTRACT_SAYS := {_says(plan, 'extract', plan.extract())}",
        f"TRAIN_SAYS := {_says(plan, 'train', train)}",
        *([f".PHONY: {' '.join(map(str, gone))}"] if gone else []),
        "",
        *rules,
    ]
    return "\n".join(lines)


def _rule(targets: list[Artifact], needs: list[Artifact], stage: str) -> str:
    grouped = " &:" if len(targets) > 1 else ":"
    return f"{_files(targets)}{grouped} | {_files(needs)}\n\t@$(RUN) stages.{stage} $(CHOICE)\n"


def _files(artifacts: list[Artifact]) -> str:
    return " ".join(str(artifact.done) for artifact in artifacts)


def _says(plan: Plan, target: str, artifacts: list[Artifact]) -> str:
    if target == "train" and not artifacts:
        return f"train: {plan.settings.head} has nothing to train"
    fresh = all(artifact.is_complete() for artifact in artifacts)
    state = "nothing to do, all is fresh:" if fresh else "done:"
    return f"{target}: {state} {len(artifacts)} artifacts of {len(plan.members)} clips in {plan.root}"
