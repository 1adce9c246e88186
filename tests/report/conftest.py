"""One browser for the tests of a file, and in it the page that has something in every part."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.report.chromium import browser, opened
from tests.report.made_page import whole_page
from zsstad_core.report.page.write import write_page


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with browser() as one:
        yield one


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "index.html"
    write_page(path, whole_page())
    return path


@pytest.fixture(scope="module")
def still(chromium: Any, path: Path) -> Iterator[Any]:
    """The page for tests that change nothing."""
    with opened(chromium, path) as page:
        yield page


@pytest.fixture
def page(chromium: Any, path: Path) -> Iterator[Any]:
    with opened(chromium, path) as page:
        yield page
