"""Write a page as one HTML file that contains its data, plotly, styles and scripts, and loads nothing else."""

import html
import json
import re
from functools import cache
from pathlib import Path

from zsstad_core.cache.units import write_whole
from zsstad_core.errors import CacheError, SettingsError
from zsstad_core.report.page.content import Page

_WEB = Path(__file__).with_name("web")
_STYLES = ("page.css", "player.css", "attention.css")
_SCRIPTS = ("dom.js", "charts.js", "gallery.js", "attention.js", "player.js", "main.js")


def as_html(page: Page) -> str:
    """The content of the HTML file."""
    parts = {
        "title": html.escape(page.title),
        "style": _join(_STYLES),
        "data": _island(page),
        "plotly": _plotly(),
        "script": _join(_SCRIPTS),
    }
    # In one pass, so that inserted text is not searched for placeholders.
    return re.sub(r"\{\{(\w+)\}\}", lambda match: parts[match[1]], _file("template.html"))


def write_page(path: Path, page: Page) -> None:
    """Write the file, whole or not at all. Raises SettingsError if it cannot be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, as_html(page))
    except (OSError, CacheError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise SettingsError(f"{path}: cannot be written ({why}); choose another OUT=") from error


def _island(page: Page) -> str:
    """The page as JSON that cannot end its script element, whatever a class is called: `<` occurs in strings only."""
    text = json.dumps(page.to_json(), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c")


def _join(names: tuple[str, ...]) -> str:
    return "\n".join(_file(name) for name in names)


def _file(name: str) -> str:
    return (_WEB / name).read_text(encoding="utf-8")


@cache
def _plotly() -> str:
    from plotly.offline import get_plotlyjs

    return str(get_plotlyjs())
