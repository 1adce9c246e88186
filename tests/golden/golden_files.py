"""The golden files of numbers, and what differs from them.

metrics.json    run -> numbers of metrics.json
weights.json    run -> of every tensor shape, mean, deviation and norm; every machine must come close
bits.json       machine -> of every run's tensors a digest of their bytes; the same kind of machine must hit them
scores.json     saved head -> person -> class -> probability and similarity
"""

import json
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
HEADS = HERE / "heads"
NAMES = ("metrics", "weights", "bits", "scores")
UNREACHABLE = re.compile(r"prompting\.layers\.\d+\.(norm1|q_proj|k_proj)\.|blocks\.\d+\.key\.bias$")
"""Parameters of iCLIP that no gradient reaches: it may do without them, and old files of weights hold them."""

type Golden = dict[str, dict[str, Any]]


def read(name: str) -> Golden:
    path = HERE / f"{name}.json"
    found: Golden = json.loads(path.read_text()) if path.is_file() else {}
    return found


def write(name: str, golden: Golden) -> None:
    """One line a tensor, number or person."""
    groups = []
    for group, entries in golden.items():
        lines = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in entries.items()]
        groups.append(f"{json.dumps(group)}: {{\n" + ",\n".join(lines) + "\n}")
    (HERE / f"{name}.json").write_text("{\n" + ",\n".join(groups) + "\n}\n")


def saved_head(name: str) -> Path:
    """The file of a saved head's weights."""
    return HEADS / f"{name.replace(' ', '-')}.pt"


def bits_of(machine: str, run: str) -> dict[str, str]:
    """The digests of a run's tensors on a machine that the file names."""
    entries = read("bits")[machine]
    return {key.partition(": ")[2]: digest for key, digest in entries.items() if key.startswith(f"{run}: ")}


def metrics_differ(golden: Mapping[str, Any], found: Mapping[str, Any], tolerance: float) -> list[str]:
    """Numbers that are gone, or another by more than the tolerance. Further numbers are welcome."""
    lines = [f"{key}: was {golden[key]}, is not there" for key in golden if key not in found]
    for key in golden.keys() & found.keys():
        was, now = golden[key], found[key]
        if (was is None) != (now is None) or (was is not None and abs(was - now) > tolerance):
            lines.append(f"{key}: was {was}, is {now}")
    return sorted(lines)


def weights_differ(golden: Mapping[str, Any], found: Mapping[str, Any]) -> list[str]:
    """Tensors with another shape, or of which a number is another by more than a hundred-thousandth."""
    lines = _lost_and_new(golden, found)
    for key in golden.keys() & found.keys():
        (was_shape, *was), (now_shape, *now) = golden[key], found[key]
        close = [math.isclose(a, b, rel_tol=1e-5, abs_tol=1e-7) for a, b in zip(was, now, strict=True)]
        if was_shape != now_shape or not all(close):
            lines.append(f"{key}: was {golden[key]}, is {found[key]}")
    return sorted(lines)


def bits_differ(golden: Mapping[str, str], found: Mapping[str, str]) -> list[str]:
    """Tensors that are not the same to the last bit."""
    lines = _lost_and_new(golden, found)
    return sorted(
        [*lines, *(f"{key}: other bits" for key in golden.keys() & found.keys() if golden[key] != found[key])]
    )


def scores_differ(golden: Mapping[str, Any], found: Mapping[str, Any]) -> list[str]:
    """Pairs of a person and a class that are not there, or score otherwise by more than a millionth."""
    was, now = _pairs(golden), _pairs(found)
    lines = [f"{pair}: is there on one side only" for pair in was.keys() ^ now.keys()]
    for pair in was.keys() & now.keys():
        if any(abs(a - b) > 1e-6 for a, b in zip(was[pair], now[pair], strict=True)):
            lines.append(f"{pair}: was {was[pair]}, is {now[pair]} (probability, similarity)")
    return sorted(lines)


def _pairs(scores: Mapping[str, Any]) -> dict[str, list[float]]:
    return {f"{person} {label}": pair for person, labels in scores.items() for label, pair in labels.items()}


def _lost_and_new(golden: Mapping[str, Any], found: Mapping[str, Any]) -> list[str]:
    lost = [f"{key}: is not there" for key in golden.keys() - found.keys() if not UNREACHABLE.search(key)]
    return [*lost, *(f"{key}: was not there" for key in found.keys() - golden.keys())]
