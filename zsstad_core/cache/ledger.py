"""The ledger: when, where and how fast each unit was made, as one JSON line per unit. It lies beside the artifacts, not
in one."""

import json
import os
import socket
import statistics
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_FILE = "ledger.jsonl"


def record(root: Path, stage: str, key: str, unit: str, clips: int, seconds: Mapping[str, float], **more: Any) -> None:
    """Append the line of a unit. seconds: the time it took, "total" and parts. One write, so that lines do not mix."""
    line = {
        "stage": stage,
        "key": key,
        "unit": unit,
        "clips": clips,
        "seconds": {name: round(value, 3) for name, value in seconds.items()},
        "when": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "host": socket.gethostname(),
        "pid": os.getpid(),
        **more,
    }
    descriptor = os.open(root / _FILE, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(descriptor, (json.dumps(line) + "\n").encode())
    finally:
        os.close(descriptor)


def size(root: Path) -> int:
    """The bytes of the ledger: where the next line begins."""
    try:
        return (root / _FILE).stat().st_size
    except OSError:
        return 0


def made_since(root: Path, start: int) -> set[tuple[str, str]]:
    """Stage and key of each unit whose line begins at or after byte `start`. A line that was cut counts as no line."""
    made = set()
    try:
        lines = (root / _FILE).read_bytes()[start:].decode(errors="replace").splitlines()
    except OSError:
        return set()
    for text in lines:
        try:
            line = json.loads(text)
            made.add((str(line["stage"]), str(line["key"])))
        except (ValueError, KeyError, TypeError):
            continue
    return made


def seconds_per_clip(root: Path) -> dict[str, float]:
    """The median seconds per clip in each stage, over the last twenty units; stages without a unit are absent."""
    past: dict[str, list[float]] = {}
    try:
        lines = (root / _FILE).read_text(errors="replace").splitlines()
    except OSError:
        return {}
    for text in lines:
        try:
            line = json.loads(text)
            seconds = line["seconds"]["total"] / max(1, line["clips"])
            past.setdefault(line["stage"], []).append(seconds)
        except (ValueError, KeyError, TypeError):
            continue  # a line that was cut when its process was killed
    return {stage: statistics.median(values[-20:]) for stage, values in past.items()}
