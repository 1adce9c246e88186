"""A copy of what is tracked, to run commands of make in without touching this tree."""

import os
import shutil
import subprocess
from pathlib import Path

from tests.conftest import ROOT


def checkout(tree: Path) -> Path:
    """The tracked files, as they are now, with this environment."""
    files = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    for name in files:
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tree / name)
    (tree / ".venv").symlink_to(ROOT / ".venv")
    return tree


def shell(script: str, tree: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run commands there, as a user would."""
    return subprocess.run(
        ["bash", "-euc", script],
        cwd=tree,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
