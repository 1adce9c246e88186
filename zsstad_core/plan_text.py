"""A plan as text: the table of `make plan`, why something is stale, and the small makefile that make includes."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from zsstad_core.cache import ledger
from zsstad_core.cache.artifact import Artifact, earlier
from zsstad_core.cache.units import canonical, published
from zsstad_core.plan import Plan


def table(plan: Plan) -> str:
    """One line an artifact: state, units, clips, size on disk, expected time, and what changed since the last one."""
    pace = ledger.seconds_per_clip(plan.root)
    rows = [("artifact", "state", "units", "clips", "size", "expected", "why")]
    for artifact in plan.all():
        rows.append((artifact.path.name, *_row(artifact, pace)))
    widths = [max(len(row[column]) for row in rows) for column in range(6)]
    return "\n".join(
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[6]]).rstrip()
        for row in rows
    )


def _row(artifact: Artifact, pace: Mapping[str, float]) -> tuple[str, str, str, str, str, str]:
    there, todo = artifact.groups()
    size = sum(entry["bytes"] for unit in published(artifact.path) for entry in unit.manifest["files"].values())
    clips = str(len(artifact.members)) if artifact.members != {"": ""} else ""
    units = f"{len(there)}/{len(there) + len(todo)}"
    missing = sum(len(group.members) for group in todo)
    expected = _duration(pace[artifact.stage] * missing) if missing and artifact.stage in pace else ""
    if artifact.is_complete():
        return "fresh", units, clips, _size(size), "", ""
    if there:
        return "partial", units, clips, _size(size), expected, f"{missing} clips to do"
    changes = _changes(artifact)
    return ("stale" if changes else "missing"), units, clips, "", expected, changes


def _changes(artifact: Artifact) -> str:
    """What differs from the newest artifact of the same stage, followed up to where it began."""
    for folder in earlier(artifact.root, artifact.stage, artifact.key):
        differences = list(_compare(_plain(artifact.inputs), _inputs(folder), artifact.root))
        return "; ".join(dict.fromkeys(differences))
    return ""


def _compare(now: Any, before: Any, root: Path, name: str = "") -> Iterator[str]:
    if isinstance(now, dict) and isinstance(before, dict):
        for key in sorted(now.keys() | before.keys()):
            dotted = f"{name}.{key}" if name else key
            if now.get(key) == before.get(key):
                continue
            old, new = (root / f"{key}-{value}" for value in (before.get(key), now.get(key)))
            if name == "needs" and _inputs(old) and _inputs(new):
                yield from _compare(_inputs(new), _inputs(old), root)
            elif name == "needs":
                yield f"{key} changed"
            else:
                yield from _compare(now.get(key), before.get(key), root, dotted)
        return
    yield f"{name}: {_short(before)} -> {_short(now)}"


def _inputs(folder: Path) -> dict[str, Any]:
    try:
        inputs: dict[str, Any] = json.loads((folder / "inputs.json").read_text())
    except (OSError, ValueError):
        return {}
    return inputs


def _plain(value: Mapping[str, Any]) -> Any:
    return json.loads(canonical(value))


def _short(value: Any) -> str:
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
