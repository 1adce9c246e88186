"""The pictures of docs/report.md: a page in light, in dark and on a phone.

    python -m tests.report.screenshots results/stickworld/report-KEY/index.html

writes docs/pictures/report-light.png, report-dark.png and report-phone.png: the head of the page and the player, the
charts, and the player as a phone has it. The clip is the unseen one with most persons, ten frames on.
"""

import io
import sys
from pathlib import Path
from typing import Any

from PIL import Image

from tests.conftest import ROOT
from tests.report.chromium import PHONE, browser, opened

FOLDER = ROOT / "docs" / "pictures"
SHOTS: dict[str, tuple[dict[str, Any], str]] = {
    "light": ({"viewport": {"width": 1200, "height": 2270}, "color_scheme": "light"}, ""),
    "dark": ({"viewport": {"width": 1200, "height": 1560}, "color_scheme": "dark"}, "#classes"),
    "phone": ({**PHONE, "color_scheme": "light", "device_scale_factor": 2}, "#screen"),
}
COLOURS = 256
LIVELIEST = """() => { const clips = JSON.parse(document.querySelector('#page').textContent).clips;
    const lively = clips.map((clip) => clip.truth.length + (clip.group === 'unseen' ? 10 : 0));
    return String(lively.indexOf(Math.max(...lively))); }"""


def take(path: Path, folder: Path) -> list[Path]:
    """The pictures of a page, in a folder."""
    written = []
    with browser() as chromium:
        for name, (options, anchor) in SHOTS.items():
            with opened(chromium, path, **options) as page:
                page.select_option("#clip", page.evaluate(LIVELIEST))
                page.focus("#screen")
                page.keyboard.press("Shift+ArrowRight")
                if anchor:
                    page.evaluate(f"document.querySelector('{anchor}').scrollIntoView({{behavior: 'instant'}})")
                    page.evaluate("scrollBy({top: -24, behavior: 'instant'})")
                else:
                    page.evaluate("scrollTo({top: 0, behavior: 'instant'})")
                page.wait_for_timeout(300)
                image = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
            few = image.quantize(COLOURS, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
            few.save(folder / f"report-{name}.png", optimize=True)
            written.append(folder / f"report-{name}.png")
    return written


if __name__ == "__main__":
    for picture in take(Path(sys.argv[1]).resolve(), FOLDER):
        print(picture.relative_to(ROOT), picture.stat().st_size)
