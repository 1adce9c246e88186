"""No cache of a user is invalidated by moving code: the keys of plans of every kind are those of keys.json.

    .venv/bin/python -m tests.golden.write keys              add the plans of `plan_lines` that the file lacks
    .venv/bin/python -m tests.golden.write keys --changed    and write those anew whose keys have changed

A new dataset, head or recipe gets lines in `plan_lines`. A line that changes means that users compute again what they
have: only where a stage writes something else for the same inputs (`SCHEMA`), never because code has moved.
"""

import shlex

import pytest

from tests.golden import golden_keys, plan_lines
from tests.golden.system import choices

GOLDEN = golden_keys.read()


@pytest.fixture(scope="module")
def computed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return golden_keys.compute(tmp_path_factory.mktemp("world"), GOLDEN)


def test_no_key_of_any_plan_has_changed(computed: dict[str, str]) -> None:
    found = golden_keys.differences(GOLDEN, computed)
    assert not found, "\n".join([f"{len(found)} artifacts have another key or other videos:", *found[:40]])


def test_the_file_holds_every_plan_that_is_listed_and_no_other() -> None:
    assert list(GOLDEN) == plan_lines.lines(), "run `python -m tests.golden.write keys`; lines are added at the end"


@pytest.mark.parametrize("name", ["DATASET", "HEAD", "RECIPE"])
def test_every_dataset_head_and_recipe_has_a_plan_that_is_not_refused(name: str) -> None:
    planned = set()
    for line, artifacts in GOLDEN.items():
        words = dict(word.split("=", 1) for word in shlex.split(line))
        dataset, head = words["DATASET"], words.get("HEAD", "iclip")
        if artifacts != "refused":  # recipes of the dataset, and of the head on it, apply by themselves
            asked = {"DATASET": [dataset], "HEAD": [head], "RECIPE": [dataset, f"{head}/{dataset}"]}[name]
            planned |= {*asked, words.get(name, "")}
    assert set(choices()[name]) <= planned


@pytest.mark.parametrize(
    ("now", "said"),
    [
        ("index-a:1 score-c:3", "PLAN: score: was score-b:3, is score-c:3"),
        ("index-a:2 score-b:3", "PLAN: index: was index-a:1, is index-a:2"),
        ("index-a:1", "PLAN: score: was score-b:3, is not there"),
        ("index-a:1 score-b:3 train-d:4", "PLAN: train: was not there, is train-d:4"),
        ("refused", "PLAN: index: was index-a:1, is not there"),
    ],
)
def test_a_difference_names_the_plan_and_the_stage(now: str, said: str) -> None:
    assert said in golden_keys.differences({"PLAN": "index-a:1 score-b:3"}, {"PLAN": now})
