"""A copy of what a checkout holds, a Python in it as the test wants it, and `make` there."""

import os
import shutil
import subprocess
from pathlib import Path

from tests.conftest import ROOT

NOTES_ARGUMENTS = r"""#!/usr/bin/env bash
for word in "$@" ---; do
  case "$word" in --choices=*) cat "${word#--choices=}" ;; *) printf '%s\n' "$word" ;; esac
done >> calls
case "$*" in *--makefile*) touch rules.mk; echo rules.mk ;; *--check*) echo ok ;; esac
"""


def copy_tree(tree: Path) -> Path:
    """`tree` with what a checkout holds, without an environment."""
    for name in ("stages", "zsstad_core", ".ci"):
        shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("Makefile", "pipeline.yaml", "requirements.txt", "pyproject.toml"):
        shutil.copy(ROOT / name, tree)
    return tree


def bare_tree(tree: Path, script: str) -> Path:
    """`tree` with what make itself reads, and an environment whose Python is `script`."""
    for name in ("Makefile", "requirements.txt"):
        shutil.copy(ROOT / name, tree)
    give_python(tree, script)
    return tree


def give_python(tree: Path, script: str) -> None:
    """An environment whose Python is `script`."""
    python = tree / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(script)
    python.chmod(0o755)
    shutil.copy(tree / "requirements.txt", tree / ".venv")


def make(tree: Path, *words: str) -> subprocess.CompletedProcess[str]:
    ours = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL", "HEAD", "SET")}
    return subprocess.run(["make", *words], cwd=tree, env=ours, capture_output=True, text=True, check=False)


def calls(tree: Path) -> list[list[str]]:
    """The arguments of each call of a Python that notes them; in place of a file of choices, its lines."""
    return [call.splitlines() for call in (tree / "calls").read_text().split("---\n")[:-1]]
