"""Pages of docs/ that add something to the package, done word by word to a copy of it."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT

STAGES = """
import importlib, sys
for stage in sys.argv.pop(1).split():
    importlib.import_module(f"stages.{stage}").main()
"""
"""Runs stages, the first argument, one after the other; the others are theirs."""


def copy_of_the_project(tree: Path) -> Path:
    for folder in ("zsstad_core", "stages", "tests"):
        shutil.copytree(ROOT / folder, tree / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tree)
    (tree / "docs").mkdir()
    return tree


def follow(page: str, tree: Path) -> list[str]:
    """Do what the page says, files first; gives the files that it touches."""
    return [*write_files(page, tree), *change_files(page, tree)]


def write_files(page: str, tree: Path) -> list[str]:
    touched = []
    for path, code in re.findall(r"^A file `([^`]+)`:\n\n```python\n(.*?)```$", page, re.M | re.S):
        (tree / path).parent.mkdir(exist_ok=True)
        (tree / path).write_text(code)
        touched.append(path)
    return touched


def change_files(page: str, tree: Path) -> list[str]:
    touched = []
    for old, new in re.findall(r"\bMove\s`([^`]+)`\sto\s`([^`]+)`\.$", page, re.M):
        (tree / old).rename(tree / new)
        touched.append(new)
    steps = re.findall(r"^In `([^`]+)`, (before|instead of) `([^`]+)`:\n\n```python\n(.*?)```$", page, re.M | re.S)
    for path, how, place, code in steps:
        text = (tree / path).read_text()
        assert text.count(place) == 1, f"{path} has {place!r} {text.count(place)} times"
        (tree / path).write_text(text.replace(place, code + place if how == "before" else code.rstrip("\n")))
        touched.append(path)
    return touched


def python(*words: str, tree: Path, code: int = 0) -> str:
    """Python in the copy; gives what it says, on standard error where it shall end with an exit code."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore", "PYTHONPATH": str(tree)}
    ended = subprocess.run([sys.executable, *words], cwd=tree, env=environment, capture_output=True, text=True)
    assert ended.returncode == code, ended.stdout + ended.stderr
    return ended.stderr if code else ended.stdout
