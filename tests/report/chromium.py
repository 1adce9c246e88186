"""A headless Chromium for tests, which may open files and nothing else."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

NAMES = ("/usr/bin/chromium", "chromium", "chromium-browser", "google-chrome")
ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
]
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True}


def executable() -> str | None:
    """The browser of this machine."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


@contextmanager
def browser() -> Iterator["Browser"]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=executable(), args=ARGUMENTS, timeout=0)
        yield opened
        opened.close()


@contextmanager
def opened(browser: "Browser", path: Path, **options: Any) -> Iterator["Page"]:
    """The page, with everything drawn. Fails, when it is left, for an error on the console or a request to anywhere."""
    said: list[str] = []
    context = browser.new_context(**{"viewport": {"width": 1200, "height": 900}, **options})
    context.set_default_timeout(0)  # pytest's own ends a test that hangs
    context.route("**/*", lambda route: _let_pass(route, said))
    page = context.new_page()
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(f"error: {error}"))
    page.on("request", lambda request: _note(request.url, said))
    page.goto(path.as_uri())
    until(page, "document.documentElement.dataset.drawn === 'yes'")
    yield page
    context.close()
    assert not said, said


def until(page: "Page", condition: str) -> None:
    """Wait for it, a minute at least. Playwright's own wait evaluates text inside the page, which the page forbids."""
    for _ in range(2400):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(25)
    raise AssertionError(f"never true: {condition}")


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2), from 0 to 1, of a colour as the browser writes it, such as `rgb(1, 2, 3)`."""
    channels = np.array([int(part) for part in colour[colour.index("(") + 1 : -1].split(",")[:3]]) / 255
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def _let_pass(route: Any, said: list[str]) -> None:
    if route.request.url.startswith("file:"):
        route.continue_()
    else:
        _note(route.request.url, said)
        route.abort()


def _note(url: str, said: list[str]) -> None:
    if not url.startswith(("file:", "data:", "blob:")):
        said.append(f"asks for {url}")
