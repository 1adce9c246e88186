"""docs/add-a-head.md is done to a copy of the project, word by word; the head is in the list, trains and is scored."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.end_to_end.caches import made
from tests.end_to_end.conftest import ByMake, Work
from tests.end_to_end.made import as_set

STAGES = """
import importlib, sys
for stage in sys.argv.pop(1).split():
    importlib.import_module(f"stages.{stage}").main()
"""


def follow(page: str, tree: Path) -> list[str]:
    """Do what the page says; gives the files that it touches."""
    touched = []
    for path, code in re.findall(r"^A file `([^`]+)`:\n\n```python\n(.*?)```$", page, re.M | re.S):
        (tree / path).write_text(code)
        touched.append(path)
    steps = re.findall(r"^In `([^`]+)`, (before|instead of) `([^`]+)`:\n\n```python\n(.*?)```$", page, re.M | re.S)
    for path, how, place, code in steps:
        text = (tree / path).read_text()
        assert text.count(place) == 1, f"{path} has {place!r} {text.count(place)} times"
        (tree / path).write_text(text.replace(place, code + place if how == "before" else code.rstrip("\n")))
        touched.append(path)
    return touched


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tree = tmp_path_factory.mktemp("tree")
    for folder in ("zsstad_core", "stages", "tests"):
        shutil.copytree(ROOT / folder, tree / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tree)
    (tree / "docs").mkdir()
    touched = follow((ROOT / "docs" / "add-a-head.md").read_text(), tree)
    assert len(touched) == len(set(touched)) + 1 == 6  # one of them twice
    python("-m", "stages.settings", tree=tree)
    assert "scaled_crop" in (tree / "pipeline.yaml").read_text()
    return tree


def python(*words: str, tree: Path) -> str:
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore", "PYTHONPATH": str(tree)}
    ended = subprocess.run([sys.executable, *words], cwd=tree, env=environment, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def test_the_head_is_trained_and_scored_from_the_tokens_that_are_there(tree: Path, ready: Work, by_make: ByMake):
    lines = len((ready.cache / "jhmdb" / "ledger.jsonl").read_text().splitlines())
    words = ["--head", "scaled_crop", "--split", "2", "--set", as_set(ready.settings)]
    out = python("-c", STAGES, "train score evaluate report", *words, tree=tree)
    assert "train: scaled_crop, split 2: " in out
    assert "train: 60/60, loss" in out
    assert "lr 0.05" in out  # its recipe
    assert "jhmdb, label split 2, scaled_crop: frame mAP" in out
    assert made(ready.cache, lines) == {"train", "score", "evaluate"}


def test_the_contract_runs_over_it_and_it_holds(tree: Path):
    words = ["-p", "no:cacheprovider", "-k", "scaled_crop", "tests/heads/test_contract.py"]
    assert re.search(r"^1[0-9] passed", python("-m", "pytest", *words, tree=tree).splitlines()[-1])
