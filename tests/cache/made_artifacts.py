"""Small artifacts as a stage leaves them, a way to make them old, and one to run a tool of the cache."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tests.conftest import ROOT
from zsstad_core import tables
from zsstad_core.cache.artifact import WHOLE, Artifact
from zsstad_core.cache.stages import TEXT, Stage
from zsstad_core.cache.token_kinds import TokenKind
from zsstad_core.cache.tokens import write_tokens

VIDEOS = {"catch/é": "d1", "catch/b": "d2", "wave/c": "d3"}


def tokens(root: Path, members: dict[str, str] | None = None, **inputs: object) -> Artifact:
    inputs = {"needs": {}, "encoder": {"crop": "clip"}, "lr": 1e-7, **inputs}
    return Artifact(root, Stage.encoding(TokenKind.frame), inputs, members or VIDEOS, clips_per_unit=2)


def undivided(root: Path, stage: Stage, inputs: Mapping[str, Any]) -> Artifact:
    """An artifact that is not divided by videos."""
    return Artifact(root, stage, inputs, WHOLE)


def text(root: Path, **inputs: object) -> Artifact:
    return undivided(root, TEXT, {"texts": ["a", "b"], **inputs})


def make(artifact: Artifact) -> list[str]:
    """Make what is missing: a table and tokens; gives the names of units."""
    made = []
    for group in artifact.begin():
        with artifact.publish(group, made_with={"encoder": "tiny"}) as folder:
            tables.write_table(folder / "boxes.parquet", "boxes", tables.table("boxes"))
            write_tokens(folder, np.random.default_rng(0).normal(size=(3, 4)).astype(np.float16))
        made.append(group.name)
    artifact.complete()
    return made


def all_bytes(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def run(tool: str, *words: str, overrides: str) -> subprocess.CompletedProcess[str]:
    """A tool as the Makefile calls it, in the root of the tree."""
    command = [sys.executable, "-m", f"stages.{tool}", *words, "--set", overrides]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def age(root: Path, days: float = 30) -> None:
    """Make everything look that old."""
    then = time.time() - 86_400 * days
    for path in [*root.rglob("*"), root]:
        os.utime(path, (then, then))
