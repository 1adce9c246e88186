"""A test that hypothesis makes fail shows its counterexample as a line to add: `@example(...)`.

Added above the test, the line makes every run of `make test` try this very example (CONTRIBUTING.md).
"""

import ast
import builtins
from collections.abc import Collection, Generator, Iterator
from types import ModuleType
from typing import Any

import pytest

_FAILED = "Failing test case: "
_AGAIN = "@reproduce_failure("


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.when == "call" and call.excinfo is not None and isinstance(item, pytest.Function):
        lines = examples(call.excinfo.value, vars(item.module), item.fixturenames)
        if lines:
            where = f"To be added above the function {item.originalname}:"
            report.sections.append(("Counterexample", "\n".join([where, *dict.fromkeys(lines)])))
    return report


def examples(error: BaseException, namespace: dict[str, Any], fixtures: Collection[str]) -> list[str]:
    """Decorators that let a test fail again as it did, one a failure that hypothesis has found.

    error: what the test raised; namespace: names of the test's module; fixtures: arguments that pytest gives, not
    hypothesis. A failure is an `@example(...)`, or `@reproduce_failure(...)` where the values cannot be written down.
    """
    return [line for failure in _failures(error) if (line := _example(failure, namespace, fixtures) or _again(failure))]


def _failures(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for one in error.exceptions:
            yield from _failures(one)
    yield error


def _example(error: BaseException, namespace: dict[str, Any], fixtures: Collection[str]) -> str:
    """The failing call as @example, with every name as it is known in the module; "" where that is no Python."""
    for note in getattr(error, "__notes__", ()):
        if note.startswith(_FAILED):
            try:
                call = ast.parse(note.removeprefix(_FAILED), mode="eval").body
                assert isinstance(call, ast.Call)
                values = [_Names(namespace).visit(word) for word in call.keywords if word.arg not in fixtures]
                for word in values:
                    body = ast.fix_missing_locations(ast.Expression(word.value))
                    eval(compile(body, "<example>", "eval"), dict(namespace))
            except Exception:
                return ""
            return f"@example({', '.join(ast.unparse(word) for word in values)})"
    return ""


def _again(error: BaseException) -> str:
    for note in getattr(error, "__notes__", ()):
        if _AGAIN in note:
            return f"{_AGAIN}{note.partition(_AGAIN)[2].rpartition(')')[0]})"
    return ""


class _Names(ast.NodeTransformer):
    """Puts the module before a name that a value's text has without it: array -> np.array."""

    def __init__(self, namespace: dict[str, Any]) -> None:
        self._known = {*namespace, *vars(builtins)}
        self._modules = {name: value for name, value in namespace.items() if isinstance(value, ModuleType)}

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id in self._known:
            return node
        owners = [name for name, module in self._modules.items() if hasattr(module, node.id)]
        return ast.Attribute(ast.Name(owners[0], ast.Load()), node.id, ast.Load()) if owners else node
