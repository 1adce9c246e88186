"""One line a fault of docs/faults.md after the tests that provoke them: `pytest -m fault -p tests.fault_report`."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

TESTS = Path(__file__).resolve().parent
PAGE = TESTS.parent / "docs" / "faults.md"


@dataclass(frozen=True)
class Fault:
    """A row of the page: the tests as `tests/…::name`, or the reason why there is none."""

    number: int
    fault: str
    here: str
    tests: tuple[str, ...]
    why_not: str


def faults() -> list[Fault]:
    found = []
    for row in re.findall(r"^\| *(\d+) *\|(.*)\|$", PAGE.read_text(), re.M):
        fault, here, shown = (cell.strip() for cell in row[1].split(" | "))
        tests = tuple(f"tests/{name}" for name in re.findall(r"`([\w/]+\.py::\w+)`", shown))
        found.append(Fault(int(row[0]), fault, here, tests, "" if tests else shown))
    return found


def marked() -> Iterator[tuple[int, str]]:
    """Every number that a test's decorators name, with the test, as the files say."""
    for path in sorted(TESTS.rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef):
                calls = [call for decorator in node.decorator_list for call in ast.walk(decorator)]
                for call in calls:
                    if isinstance(call, ast.Call) and ast.unparse(call.func) == "pytest.mark.fault":
                        yield int(ast.literal_eval(call.args[0])), f"{path.relative_to(TESTS.parent)}::{node.name}"


# ---- the plugin


_numbers: dict[str, set[int]] = {}
_ended: dict[int, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))  # fault -> outcome -> tests
_skips: dict[int, str] = {}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        _numbers[item.nodeid] = {int(mark.args[0]) for mark in item.iter_markers("fault")}


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.when != "call" and report.passed:
        return
    for number in _numbers.get(report.nodeid, ()):
        _ended[number][report.outcome].append(report.nodeid)
        if report.skipped and isinstance(report.longrepr, tuple):
            _skips[number] = report.longrepr[2].removeprefix("Skipped: ")


def pytest_terminal_summary(terminalreporter: Any) -> None:
    terminalreporter.section("faults")
    for fault in faults():
        terminalreporter.line(f"{fault.number:2}  {fault.fault}: {outcome(fault)}")


@cache
def outcome(fault: Fault) -> str:
    ended = _ended[fault.number]
    passed = len(ended["passed"])
    if ended["failed"]:
        return f"FAILED: {', '.join(dict.fromkeys(ended['failed']))}"
    if fault.why_not:
        return fault.why_not
    if not passed:
        return f"not provoked in this run{f': {_skips[fault.number]}' if fault.number in _skips else ''}"
    skipped = f", {len(ended['skipped'])} skipped ({_skips[fault.number]})" if ended["skipped"] else ""
    return f"provoked, behaved: {passed} tests{skipped}"
