"""What made the results: settings, keys, versions, weights and the machine, as lists of names and values."""

import os
import platform
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from zsstad_core.plan.plan import Plan
from zsstad_core.report.page.content import Provenance
from zsstad_core.settings.base import Section
from zsstad_core.settings.pipeline import Settings

_PACKAGES = (
    *("torch", "torchvision", "open_clip_torch", "mmdet", "mmengine", "mmcv-lite", "av", "pillow", "numpy", "pandas"),
    *("zarr", "pyarrow", "trackers", "plotly"),
)


def provenance(plan: Plan, command: str) -> tuple[Provenance, ...]:
    """How the results of a plan were made, with the command. The plan's artifacts must be complete."""
    settings = plan.settings
    finished = datetime.fromtimestamp(plan.score.done.stat().st_mtime, UTC)
    training = [("trained on", settings.trained_on.dataset)] if settings.trained_on.dataset else []
    summary = [
        ("command", command),
        ("dataset", settings.dataset),
        ("label split", settings.split),
        ("unseen classes", _join_names(plan.split.unseen)),
        ("seen classes", _join_names(plan.split.seen)),
        ("head", settings.head),
        *training,
        ("scored", f"{finished:%Y-%m-%d %H:%M} UTC"),
    ]
    artifacts = list(plan.lineage())
    weights = [
        (artifact.stage.name, "; ".join(f"{name}: {value}" for name, value in sorted(artifact.made_with().items())))
        for artifact in artifacts
        if artifact.is_complete() and artifact.made_with()
    ]
    return (
        Provenance("In short", _entries(summary)),
        Provenance("Weights, as the artifacts say", _entries(weights)),
        Provenance("Keys of the artifacts", tuple((artifact.stage.name, artifact.key) for artifact in artifacts)),
        Provenance("Machine that wrote this page", tuple(machine())),
        Provenance("Versions", (("python", platform.python_version()), *((name, version(name)) for name in _PACKAGES))),
        Provenance("Settings that differ from the defaults", changed_settings(settings)),
        Provenance("All settings", tuple(_flat("", settings))),
    )


def machine() -> Iterator[tuple[str, str]]:
    """The machine that runs this process: system, processor, memory, GPU."""
    yield "system", f"{platform.system()} {platform.release()}, {platform.machine()}"
    yield "processor", f"{_processor()}, {os.cpu_count()} cores"
    yield "memory", f"{os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') / 2**30:.0f} GiB"
    yield "GPU", ", ".join(_gpus()) or "none"


def changed_settings(settings: Settings) -> tuple[tuple[str, str], ...]:
    """The settings that differ from the defaults, those of recipes included."""
    default = dict(_flat("", Settings()))
    changed = tuple((name, value) for name, value in _flat("", settings) if default.get(name) != value)
    return changed or (("none", "all are as by default"),)


def _flat(prefix: str, section: Section) -> Iterator[tuple[str, str]]:
    for name in type(section).model_fields:
        value = getattr(section, name)
        if isinstance(value, Section):
            yield from _flat(f"{prefix}{name}.", value)
        elif name != "recipes":
            yield f"{prefix}{name}", str(value)


def _gpus() -> list[str]:
    """The names of NVIDIA's GPUs; their driver's tool knows them without the seconds that torch takes to import."""
    words = ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"]
    try:
        listed = subprocess.run(words, capture_output=True, text=True, check=True, timeout=60)
    except (OSError, subprocess.SubprocessError):
        return []
    return listed.stdout.splitlines()


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:  # noqa: PTH123
            names = [line.partition(":")[2].strip() for line in file if line.startswith("model name")]
    except OSError:
        names = []
    return names[0] if names else platform.processor() or "a processor that does not say its name"


def _join_names(names: Any) -> str:
    return ", ".join(names) or "none"


def _entries(pairs: list[tuple[str, Any]]) -> tuple[tuple[str, str], ...]:
    return tuple((name, str(value)) for name, value in pairs)
