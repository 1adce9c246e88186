"""The player of the page in a browser: frames, boxes and clips, by keyboard, by touch, by the lines of time."""

from pathlib import Path
from typing import Any

import pytest

from tests.made_videos import STEP
from tests.report.chromium import PHONE, executable, opened, until
from tests.report.made_page import CLOSING, FRAMES, QUOTED, page_without_groundtruth
from zsstad_core.report.page.write import write_page

pytestmark = pytest.mark.skipif(executable() is None, reason="needs Chromium: no chromium or google-chrome on PATH")


def settle(page: Any) -> None:
    """Wait until every frame that was asked for is there, also those that another one has overtaken."""
    until(page, "document.querySelector('#canvas').dataset.pending === '0'")


def shown(page: Any) -> int:
    """The frame that the canvas shows, by its pixels, whatever the page says; checked against what it says."""
    settle(page)
    level = page.evaluate("document.querySelector('#canvas').getContext('2d').getImageData(2, 45, 1, 1).data[0]")
    at = round((level - 16) / STEP)
    said = page.evaluate(
        "[document.querySelector('#canvas').dataset.frame, document.querySelector('#where').textContent]"
    )
    assert said[1].startswith(f"frame {said[0]}, ")
    assert int(said[0]) % 100 == at
    return at


def test_the_keyboard_steps_exactly_one_frame(page: Any) -> None:
    page.focus("#screen")
    assert shown(page) == 0
    for at in range(1, FRAMES):
        page.keyboard.press("ArrowRight")
        assert shown(page) == at
    page.keyboard.press("ArrowRight")
    assert shown(page) == FRAMES - 1
    page.keyboard.press("ArrowLeft")
    assert shown(page) == FRAMES - 2
    page.keyboard.press("Home")
    assert shown(page) == 0
    page.keyboard.press("End")
    assert shown(page) == FRAMES - 1
    page.focus("#scrub")
    page.keyboard.press("ArrowLeft")
    assert shown(page) == FRAMES - 2
    page.keyboard.press("Shift+ArrowLeft")
    assert shown(page) == 0


def test_many_steps_in_a_row_end_where_the_last_one_went(page: Any) -> None:
    page.focus("#screen")
    for _ in range(5):
        page.keyboard.press("ArrowRight", delay=0)
    assert shown(page) == 5
    page.evaluate(
        """() => ['End', 'Home'].forEach((key) =>
            document.querySelector('#screen').dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true })))"""
    )
    assert shown(page) == 0  # though the picture of the last frame is there later


def test_space_plays_to_the_end_and_stops_there(page: Any) -> None:
    page.focus("#screen")
    page.keyboard.press("Space")
    assert page.get_attribute("#play", "aria-pressed") == "true"
    until(page, "document.querySelector('#play').getAttribute('aria-pressed') === 'false'")
    assert shown(page) == FRAMES - 1


def test_boxes_and_words_are_those_of_the_frame(page: Any) -> None:
    page.focus("#screen")

    def boxes() -> list[float]:
        found = page.evaluate(
            "[...document.querySelectorAll('#boxes .detected .edge')].map((box) => box.getAttribute('x'))"
        )
        return [float(x) for x in found]

    assert boxes() == [10]
    assert page.inner_text("#persons .first") == CLOSING
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    shown(page)
    assert sorted(boxes()) == [1, 14]
    assert "nothing" in page.inner_text("#screen")
    assert page.inner_text("#persons .first") == QUOTED
    page.uncheck("#show-boxes")
    settle(page)
    assert boxes() == []
    assert page.locator("#boxes .annotated .edge").count() == 1


def test_a_box_lies_where_it_lies_in_the_picture(still: Any) -> None:
    canvas, box = (still.locator(one).first.bounding_box() for one in ("#canvas", "#boxes .detected .edge"))
    scale = canvas["width"] / 64
    assert canvas["height"] == pytest.approx(48 * scale, abs=2)
    assert box["x"] - canvas["x"] == pytest.approx(10 * scale, abs=4)
    assert box["y"] - canvas["y"] == pytest.approx(5 * scale, abs=4)
    assert box["width"] == pytest.approx(20 * scale, abs=6)


def test_a_line_tells_when_a_person_does_what_and_leads_there(page: Any) -> None:
    spans = page.locator("#timeline .row").first.locator("button.span")
    assert [spans.nth(n).inner_text() for n in range(spans.count())] == [CLOSING, QUOTED]
    assert spans.nth(1).get_attribute("aria-label") == f"person 1: {QUOTED}, frames 103 to 108, 0.70 on average"
    spans.nth(1).click()
    assert shown(page) == 3
    lane = page.locator("#timeline .lane svg").first.bounding_box()
    page.mouse.click(lane["x"] + lane["width"] * 6.5 / FRAMES, lane["y"] + 5)
    assert shown(page) == 6
    needle = page.locator(".needle").first.bounding_box()
    assert needle["x"] - lane["x"] == pytest.approx(lane["width"] * 6.5 / FRAMES, abs=2)
    assert page.locator("#timeline .row").count() == 3  # two persons, one annotated; a box of no track has no line


def test_the_unseen_classes_clips_come_first_and_each_clip_can_be_chosen(page: Any) -> None:
    assert page.locator("#clip optgroup").first.get_attribute("label") == "unseen classes"
    assert page.locator("#clip option:checked").inner_text() == "b/two"
    page.click("#clip-after")
    shown(page)
    assert page.locator("#clip option:checked").inner_text() == "a/one"
    assert page.inner_text("#where").endswith(f"(1 of {FRAMES})")


def test_a_moment_opens_in_the_player_at_its_frame(page: Any) -> None:
    buttons = page.locator("#gallery button")
    assert buttons.count() == 1  # frames 1 and 999 are in no clip
    buttons.first.click()
    assert shown(page) == 5
    assert page.evaluate("document.activeElement.id") == "screen"


def test_buttons_do_without_a_keyboard_on_a_phone(chromium: Any, path: Path) -> None:
    with opened(chromium, path, **PHONE) as page:
        for button, at in (("#step-on", 1), ("#step-on", 2), ("#step-back", 1), ("#to-last", 8), ("#to-first", 0)):
            page.tap(button)
            assert shown(page) == at
        small = page.evaluate(
            """() => [...document.querySelectorAll('button:not(.span), select, summary')]
                .filter((one) => one.checkVisibility())
                .filter((one) => one.getBoundingClientRect().height < 43.5).map((one) => one.outerHTML.slice(0, 80))"""
        )
        assert small == []


def test_nothing_moves_by_itself_where_motion_is_not_wanted(chromium: Any, path: Path) -> None:
    with opened(chromium, path, reduced_motion="reduce") as page:
        assert page.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "auto"
        before = shown(page)
        page.wait_for_timeout(300)
        assert shown(page) == before


def test_a_video_without_ground_truth_has_a_page(chromium: Any, tmp_path: Path) -> None:
    write_page(tmp_path / "index.html", page_without_groundtruth())
    with opened(chromium, tmp_path / "index.html") as page:
        visible = page.evaluate(
            "[...document.querySelectorAll('section')].filter((one) => one.checkVisibility()).map((one) => one.id)"
        )
        assert visible == ["player"]
        assert not page.is_visible("#truth-option")
        assert page.locator("#boxes .annotated").count() == 0
        page.focus("#screen")
        page.keyboard.press("ArrowRight")
        assert shown(page) == 1
