"""The same clips through the pipeline twice give the same metrics, digit for digit; with other threads, nearly."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.checkout import checkout, shell

pytestmark = pytest.mark.slow

SMALL = "datasets.stickworld.train_clips=2 datasets.stickworld.test_clips=1 training.iterations=100 training.warmup=10"
WITHIN = 0.02  # of frame mAP, on 18 test clips; docs/benchmarks.md says so


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return checkout(tmp_path_factory.mktemp("tree") / "tree")


def metrics(tree: Path, cache: str, threads: int) -> dict[str, Any]:
    """Everything from the rendered clips on, in an empty cache."""
    command = f'make eval DATASET=stickworld HEAD=iclip SET="{SMALL} device=cpu cache.root={cache}"'
    done = shell(command, tree, OMP_NUM_THREADS=str(threads))
    content: dict[str, Any] = json.loads((tree / done.stdout.splitlines()[-1]).read_text())
    return content


@pytest.fixture(scope="module")
def once(tree: Path) -> dict[str, Any]:
    return metrics(tree, "once", threads=1)


def test_twice_is_the_same_to_the_last_digit(tree: Path, once: dict[str, Any]) -> None:
    assert metrics(tree, "twice", threads=1) == once


def test_on_two_threads_it_is_nearly_the_same(tree: Path, once: dict[str, Any]) -> None:
    other = metrics(tree, "threads", threads=2)
    for name in ("unseen", "seen"):
        assert other[name] == pytest.approx(once[name], abs=WITHIN)
