"""The page as a reader has it: in a browser, by keyboard, by touch, in dark and light, on a phone."""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.made_videos import STEP
from tests.report.chromium import PHONE, executable, opened, until
from tests.report.made_page import CLOSING, FRAMES, LABELS, MARKERS, QUOTED, page_without_groundtruth, whole_page
from zsstad_core.report.page.write import write_page

pytestmark = pytest.mark.skipif(executable() is None, reason="needs Chromium: no chromium or google-chrome on PATH")

CHARTS = 5
CONTROLS = "a[href], button, select, input, summary, [tabindex='0']"


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


def test_every_chart_has_data_and_draws_it(still: Any) -> None:
    drawn = still.evaluate(
        """() => [...document.querySelectorAll('.plot')].map((plot) => ({
            data: plot.data.reduce((sum, trace) => sum + (trace.z ? trace.z.flat().length : trace.x.length), 0),
            marks: plot.querySelectorAll('.points path, .scatterlayer path, .heatmaplayer image').length,
            width: plot.getBoundingClientRect().width,
            said: plot.getAttribute('aria-label'),
            table: plot.closest('figure').querySelectorAll('details tbody td').length }))"""
    )
    assert len(drawn) == CHARTS
    for chart in drawn:
        assert chart["data"] >= 3, chart
        assert chart["marks"] >= 1, chart
        assert chart["width"] > 300, chart
        assert len(chart["said"]) > 20, chart
        assert chart["table"] >= 4, chart


def test_bars_are_as_long_as_their_numbers(still: Any) -> None:
    widths = still.evaluate(
        "[...document.querySelectorAll('#ap-chart .trace:first-of-type .point path')].map((bar) => bar.getBBox().width)"
    )
    seen = still.evaluate("document.querySelector('#ap-chart .trace:last-of-type .point path').getBBox().width")
    assert max(widths) == pytest.approx(2 * seen, rel=0.03)  # AP 50 and 25


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


def test_the_keyboard_reaches_every_control(page: Any) -> None:
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true })")
    wanted = page.evaluate(
        f"""() => [...document.querySelectorAll("{CONTROLS}")].filter((one) => one.checkVisibility())
            .map((one, place) => {{ one.dataset.place = place; return place; }})"""
    )
    reached, unmarked = set(), []
    for _ in range(len(wanted) + 5):
        page.keyboard.press("Tab")
        place, outline = page.evaluate(
            "[document.activeElement.dataset.place, getComputedStyle(document.activeElement).outlineStyle]"
        )
        if place is not None:
            reached.add(int(place))
            unmarked += [place] if outline == "none" else []
    assert len(wanted) > 30
    assert reached == set(wanted)
    assert unmarked == []


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


def test_no_page_is_wider_than_a_phone(chromium: Any, path: Path) -> None:
    with opened(chromium, path, **PHONE) as page:
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true })")
        until(page, "document.documentElement.scrollWidth === 390")
        beyond = page.evaluate(
            """() => [...document.querySelectorAll('main *, header *')].filter((one) => one.checkVisibility()
                && one.getBoundingClientRect().right > 391 && !one.closest('.scroll, .screen, .picture, .lane'))
                .map((one) => one.outerHTML.slice(0, 90))"""
        )
        assert beyond == []


def luminance(colour: str) -> float:
    channels = np.array([int(part) for part in colour[colour.index("(") + 1 : -1].split(",")[:3]]) / 255
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read_in_both_schemes(chromium: Any, path: Path, scheme: str) -> None:
    with opened(chromium, path, color_scheme=scheme) as page:
        paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (luminance(paper) < 0.1) == (scheme == "dark")
        texts = page.evaluate(
            """() => [...document.querySelectorAll(
                'p, dt, dd, li, th, td, a, h1, h2, h3, label, summary, figcaption, .mark, .value')]
                .filter((one) => one.checkVisibility() && !one.closest('.skip'))
                .map((one) => [getComputedStyle(one).color, one.textContent.slice(0, 40)])"""
        )
        charts = page.evaluate(
            "[...document.querySelectorAll('.plot text')].map((one) => [getComputedStyle(one).fill, 'chart'])"
        )
        assert len(texts) > 50
        assert len(charts) > 30
        for colour, text in [*texts, *charts]:
            low, high = sorted((luminance(colour), luminance(paper)))
            assert (high + 0.05) / (low + 0.05) >= 4.5, (colour, text)


def test_charts_follow_when_the_scheme_changes(page: Any) -> None:
    ink = "getComputedStyle(document.querySelector('#ap-chart text')).fill"
    before = page.evaluate(ink)
    page.emulate_media(color_scheme="dark")
    until(page, f"{ink} !== '{before}'")
    assert luminance(page.evaluate(ink)) > 0.7


def test_nothing_moves_by_itself_where_motion_is_not_wanted(chromium: Any, path: Path) -> None:
    with opened(chromium, path, reduced_motion="reduce") as page:
        assert page.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "auto"
        before = shown(page)
        page.wait_for_timeout(300)
        assert shown(page) == before


def test_headings_and_landmarks_tell_the_parts_apart(still: Any) -> None:
    levels = still.evaluate(
        """[...document.querySelectorAll('h1, h2, h3, h4')].filter((one) => one.checkVisibility())
            .map((one) => Number(one.tagName[1]))"""
    )
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    for landmark in ("header", "nav[aria-label]", "main", "footer"):
        assert still.locator(landmark).count() == 1
    links = still.evaluate(
        "[...document.querySelectorAll('nav a')].map((one) => document.querySelector(one.hash) !== null)"
    )
    assert len(links) == 9
    assert all(links)
    nameless = still.evaluate(
        """() => [...document.querySelectorAll('button, select, input, img, canvas, section')].filter((one) =>
            !(one.textContent.trim() || one.getAttribute('aria-label') || one.alt || one.labels?.length
              || one.getAttribute('aria-labelledby'))).map((one) => one.outerHTML)"""
    )
    assert nameless == []


def test_unseen_and_seen_differ_by_more_than_colour(still: Any) -> None:
    patterns = still.evaluate(
        "document.querySelector('#ap-chart .plot').data.map((trace) => [trace.name, trace.marker.pattern.shape])"
    )
    assert patterns == [["unseen", "/"], ["seen", ""]]
    dashes = still.evaluate(
        "document.querySelector('#pr-chart .plot').data.filter((trace) => trace.line).map((trace) => trace.line.dash)"
    )
    assert sorted(dashes) == ["dot", "solid", "solid"]


def test_names_that_look_like_markup_are_names(still: Any) -> None:
    assert still.evaluate("window.broken") is None
    assert still.locator("img[src='x']").count() == 0
    assert "wave" not in still.evaluate("[...document.querySelectorAll('b')].map((one) => one.textContent)")
    assert still.title() == f"made on {CLOSING}, split {MARKERS}"
    assert still.inner_text("h1") == still.title()
    ticks = still.evaluate("[...document.querySelectorAll('#ap-chart .ytick text')].map((one) => one.textContent)")
    assert ticks == ["</script><img src=x one…", 'say "hello" & <b>wave</…', "sit down"]
    options = still.evaluate("[...document.querySelectorAll('#curve-of option')].map((one) => one.textContent)")
    assert options[1:] == [name.replace("_", " ") for name in LABELS]


def test_a_class_that_is_chosen_stands_out_of_the_curves(page: Any) -> None:
    page.select_option("#curve-class", "2")
    last = page.evaluate(
        "(() => { const data = document.querySelector('#pr-chart .plot').data; return data.at(-2) })()"
    )
    assert (last["name"], last["line"]["width"] > 3) == ("sit down", True)
    page.select_option("#confusion-of", "1")
    assert page.evaluate("document.querySelector('#confusion-chart .plot').data[0].z") == [[1, 0], [0, 1]]


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


def test_what_was_attended_to_is_bright(page: Any) -> None:
    def dark() -> list[float]:
        return [
            float(each)
            for each in page.evaluate(
                "[...document.querySelectorAll('#sights svg > rect')].map((one) => one.getAttribute('fill-opacity'))"
            )
        ]

    assert dark() == [0, 0.78, 0.78, 0]
    page.select_option("#attention-of", "weight")
    assert dark() == pytest.approx([0, 0.78 * 0.75, 0.78 * 0.5, 0.78 * 0.25])
