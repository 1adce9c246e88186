"""docs/faults.md says of every fault what happens and which tests show it; `make test-faults` says the same."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.fault_report import faults, marked


def test_every_fault_has_a_row() -> None:
    assert [fault.number for fault in faults()] == list(range(1, len(faults()) + 1))
    assert all(fault.fault and fault.here for fault in faults())


def test_a_row_names_its_tests_or_says_why_there_is_none() -> None:
    for fault in faults():
        assert fault.tests or re.match("not applicable: |not testable here: ", fault.why_not), fault


def test_the_tests_of_a_row_are_those_that_carry_its_number() -> None:
    carried: dict[int, set[str]] = {}
    for number, test in marked():
        carried.setdefault(number, set()).add(test)
    assert {fault.number: set(fault.tests) for fault in faults() if fault.tests} == carried


def reported(folder: Path, body: str) -> "subprocess.CompletedProcess[str]":
    """A run of one test under the plugin."""
    (folder / "test_one.py").write_text(f"import pytest\n\n@pytest.mark.fault(3)\ndef test_one():\n    {body}\n")
    words = [sys.executable, "-m", "pytest", "-c", str(ROOT / "pyproject.toml"), "--rootdir", str(folder)]
    return subprocess.run(
        [*words, "-p", "tests.fault_report", "-p", "no:cacheprovider", "-m", "fault", str(folder)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("body", "code", "said"),
    [
        ("pass", 0, "provoked, behaved: 1 tests"),
        ("raise ValueError", 1, "FAILED: test_one.py::test_one"),
        ("pytest.skip('needs a disk')", 0, "not provoked in this run: needs a disk"),
    ],
)
def test_a_line_a_fault_says_how_it_ended(tmp_path: Path, body: str, code: int, said: str) -> None:
    ended = reported(tmp_path, body)
    lines = [line for line in ended.stdout.splitlines() if re.match(r" ?\d+  ", line)]
    assert len(lines) == len(faults()), ended.stdout + ended.stderr
    assert lines[2].startswith(" 3  ")
    assert lines[2].endswith(f": {said}")
    assert lines[34].endswith(": not provoked in this run")
    assert ended.returncode == code
