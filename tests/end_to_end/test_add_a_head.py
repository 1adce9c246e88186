"""docs/add-a-head.md is done to a copy of the project, word by word; the head is in the list, trains and is scored."""

import re
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.end_to_end.caches import made
from tests.end_to_end.conftest import ByMake, Work
from tests.end_to_end.followed import STAGES, copy_of_the_project, follow, python
from tests.end_to_end.made import as_set


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tree = copy_of_the_project(tmp_path_factory.mktemp("tree"))
    touched = follow((ROOT / "docs" / "add-a-head.md").read_text(), tree)
    assert len(touched) == len(set(touched)) + 1 == 6  # one of them twice
    python("-m", "stages.settings", tree=tree)
    assert "scaled_crop" in (tree / "pipeline.yaml").read_text()
    return tree


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
