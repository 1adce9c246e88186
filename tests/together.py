"""Tests that run in several processes: a file's in one, and in one all that share the cache that make fills for them.

pytest-xdist's own groups (`--dist loadgroup`) are no groups under pytest 9.2, which no longer lets it rename tests.
"""

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from xdist.scheduler import LoadScopeScheduling


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> "LoadScopeScheduling":
    from xdist.scheduler import LoadScopeScheduling

    class Together(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return group_of(nodeid)

    return Together(config, log)


def group_of(nodeid: str) -> str:
    """The tests that run where this one does: those of its file, or of folder end_to_end."""
    file = nodeid.partition("::")[0].removeprefix("tests/")
    return "end_to_end" if file.startswith("end_to_end/") else file
