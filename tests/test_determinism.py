"""Two runs of `make test` are one: nothing that a test draws depends on what ran before it."""

import ast
import os
import random
import subprocess
import sys
from collections.abc import Iterator

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, settings

from tests import determinism
from tests.conftest import ROOT

DRAWS = """
import sys
for module in sys.argv[1:]:
    __import__(module)
from hypothesis import given, strategies as st
from tests import determinism
determinism.pytest_configure()

@given(st.lists(st.one_of(st.text(), st.floats(), st.integers())))
def test(drawn):
    print(ascii(drawn))

test()
"""


def examples(*imported: str) -> str:
    """What hypothesis draws where these modules are loaded, as sets happen to be ordered there."""
    environment = {**os.environ, "PYTHONHASHSEED": str(len(imported))}
    words = [sys.executable, "-c", DRAWS, *imported]
    return subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, check=True).stdout


def test_examples_are_the_same_whatever_is_loaded() -> None:
    """By itself hypothesis also draws constants that it reads in modules of ours."""
    alone = examples()
    assert len(alone.splitlines()) == settings().max_examples
    assert examples("zsstad_core.settings", "demo.models") == alone


@pytest.mark.parametrize("time", ["first", "second"])
def test_each_test_begins_with_the_same_random_numbers(time: str) -> None:
    drawn = [random.random(), np.random.random(), torch.rand(()).item()]  # noqa: NPY002
    assert drawn == pytest.approx([0.8444218515, 0.5488135039, 0.4962565899], abs=1e-9), time


@pytest.mark.parametrize("profile", [determinism.FIXED, determinism.DRAWN])
def test_no_profile_measures_time_or_remembers_examples(profile: str) -> None:
    chosen = settings.get_profile(profile)
    assert chosen.deadline is None
    assert HealthCheck.too_slow in chosen.suppress_health_check
    assert chosen.database is None
    assert chosen.derandomize == (profile == determinism.FIXED)


def limits(code: str) -> Iterator[str]:
    """Calls that give up waiting after some seconds."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Call):
            waits = ast.unparse(node.func).rpartition(".")[2] in ("wait", "join", "communicate")
            given = [word.value for word in node.keywords if word.arg == "timeout"] + (node.args if waits else [])
            numbers = [value.value for value in given if isinstance(value, ast.Constant)]
            if any(isinstance(number, int | float) and number for number in numbers):
                yield f"line {node.lineno}: {ast.unparse(node)}"


def test_no_test_gives_up_waiting_after_some_seconds() -> None:
    """How long something takes is a matter of what else the machine does; pytest's timeout ends what hangs."""
    found = {str(path.relative_to(ROOT)): list(limits(path.read_text())) for path in (ROOT / "tests").rglob("*.py")}
    assert {name: calls for name, calls in found.items() if calls} == {}
    assert len(list(limits("run(a, timeout=3)\nb.join(5)\nb.wait()\nc.join(', ')\nlaunch(timeout=0)"))) == 2
