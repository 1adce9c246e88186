"""The page as a reader has it, in a browser: its charts and words, by keyboard, in dark and light, on a phone."""

import itertools
from pathlib import Path
from typing import Any

import pytest

from tests.report.chromium import PHONE, executable, luminance, opened, until
from tests.report.made_page import CLOSING, LABELS, MARKERS

pytestmark = pytest.mark.skipif(executable() is None, reason="needs Chromium: no chromium or google-chrome on PATH")

CHARTS = 5
CONTROLS = "a[href], button, select, input, summary, [tabindex='0']"


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
