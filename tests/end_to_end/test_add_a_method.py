"""docs/add-a-method.md is done to a copy of the project, word by word; both methods are in the list, train, are scored
and hold their contracts."""

import re
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.end_to_end.caches import ledger, made
from tests.end_to_end.conftest import Work
from tests.end_to_end.followed import STAGES, copy_of_the_project, follow, python
from tests.end_to_end.made import as_set

PAGE = (ROOT / "docs" / "add-a-method.md").read_text()
REGISTRY = "zsstad_core/methods/registry.py"

REFUSED = """
from zsstad_core.methods.registry import method
from zsstad_core.settings.pipeline import Settings
from zsstad_core.settings.training import Training
method("pooled_frames").refuse(Settings(head="pooled_frames", training=Training(loss="ava")))
"""
"""The method alone is asked: a plan of this dataset, whose classes have no types, refuses the loss before it does."""


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tree = copy_of_the_project(tmp_path_factory.mktemp("tree"))
    touched = follow(PAGE, tree)
    assert touched.count(REGISTRY) == 4
    assert {path for path in touched if path != REGISTRY} == {
        *(f"zsstad_core/methods/crowd/{name}.py" for name in ("__init__", "settings", "model", "explain", "method")),
        *(f"zsstad_core/methods/pooled_frames/{name}.py" for name in ("__init__", "settings", "model", "method")),
        "tests/methods/test_pooled_frames.py",
    }
    python("-m", "stages.settings", tree=tree)
    assert {"  crowd:", "  pooled_frames:"} <= set((tree / "pipeline.yaml").read_text().splitlines())
    return tree


def words(work: Work, head: str) -> list[str]:
    return ["--head", head, "--split", "2", "--set", as_set(work.settings)]


def test_a_method_of_persons_is_trained_scored_and_shown_from_the_tokens_that_are_there(
    tree: Path, ready: Work
) -> None:
    lines = len(ledger(ready.cache))
    out = python("-c", STAGES, "train score evaluate metrics", *words(ready, "crowd"), tree=tree)
    assert "train: crowd, split 2: " in out
    assert "train: 60/60, loss" in out
    assert "lr 0.05" in out  # its recipe
    assert "jhmdb, label split 2, crowd: frame mAP" in out
    assert made(ready.cache, lines) == {"train", "score", "evaluate"}
    page = python("-c", STAGES, "report", *words(ready, "crowd"), "--out", "page", tree=tree).split()[-1]
    assert '"kind":"persons"' in re.sub(r'": "', '":"', (tree / page).read_text())


def test_a_method_of_clips_is_trained_and_scored_from_the_tokens_that_are_there(tree: Path, ready: Work) -> None:
    lines = len(ledger(ready.cache))
    out = python("-c", STAGES, "train score evaluate metrics", *words(ready, "pooled_frames"), tree=tree)
    assert re.search(r"train: pooled_frames, split 2: \d+ clips of ", out)
    assert "train: 60/60, loss" in out
    assert "jhmdb, label split 2, pooled_frames: frame mAP" in out
    assert made(ready.cache, lines) == {"train", "score", "evaluate"}


def test_what_a_method_cannot_run_with_is_one_line(tree: Path) -> None:
    assert python("-c", REFUSED, tree=tree, code=1).splitlines()[-1] == (
        "zsstad_core.errors.UnfitHeadError: training.loss is ava, where a clip shows several actions; pooled_frames "
        "takes it to show one: choose another HEAD="
    )


@pytest.mark.parametrize(
    "chosen", [("-k", "crowd", "tests/methods/test_contract.py"), ("tests/methods/test_pooled_frames.py",)], ids=str
)
def test_the_contract_runs_over_it_and_it_holds(tree: Path, chosen: tuple[str, ...]) -> None:
    last = python("-m", "pytest", "-p", "no:cacheprovider", *chosen, tree=tree).splitlines()[-1]
    assert re.search(r"^[1-9][0-9] passed", last)
