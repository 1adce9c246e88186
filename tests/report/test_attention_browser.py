"""What persons attend to, as a reader has it: by keyboard, by touch, on a phone, in dark and light."""

from pathlib import Path
from typing import Any

import pytest

from tests.made_videos import grey
from tests.report.chromium import PHONE, executable, luminance, opened
from tests.report.made_page import QUOTED
from zsstad_core.report.page.content import AttendingPerson, Attention, Block, LetteredObject, Page, Picture
from zsstad_core.report.page.jpeg import jpeg
from zsstad_core.report.page.write import write_page

pytestmark = pytest.mark.skipif(executable() is None, reason="needs Chromium: no chromium or google-chrome on PATH")

SHOWN = Picture(64, 48, jpeg(grey(2), 480))
FIRST = (
    Block("persons", (1, 2), (0.05, 0.03), 0.92, 23),
    Block("objects", (0, 1), (0.125, 0.5), 0.375, 3),
    Block("context", (0,), (0.04,), 0.96, 24),
    Block("memory", (-2, -1, 1, 3), (0.01, 0.04, 0.02, 0.01), 0.92, 46),
)
SECOND = (
    Block("persons", (1, 2), (0.7, 0.3), 0, 0),
    Block("objects", (), (), 0, 0),  # a frame without objects, padding masked
    Block("context", (0,), (1,), 0, 0),
    Block("memory", (-50, -25, 25), (0.2, 0.3, 0.5), 0, 0),  # keyframes
)
FRAME = Attention(
    "b/two",
    100,
    "",
    SHOWN,
    (),
    (
        AttendingPerson(1, (10, 5, 30, 45), f"{QUOTED} 0.70, unseen", blocks=FIRST),
        AttendingPerson(2, (40, 5, 60, 45), "sit down 0.40, seen", blocks=SECOND),
    ),
    (LetteredObject("A", (5, 30, 20, 40), "chair"), LetteredObject("B", (30, 30, 50, 47), "cell_phone")),
)
TABLES = """() => [...document.querySelectorAll('#sights .attended')].map((one) => [one.caption.textContent,
    ...[...one.rows].map((row) => [row.cells[0].textContent, row.cells[2].textContent,
        row.querySelector('i').offsetWidth / row.querySelector('.track').clientWidth])])"""


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("attention") / "index.html"
    write_page(path, Page(title="attention", attention=(FRAME, FRAME)))
    return path


def percents(table: list[Any]) -> list[float]:
    return [float(share.removesuffix(" %")) for _, share, _ in table[1:]]


def test_each_block_says_who_has_which_share_and_the_bars_are_as_long(still: Any) -> None:
    assert still.is_visible("#attention-title")
    assert not still.is_visible("#attention-of")
    tables = still.evaluate(TABLES)
    assert [table[0] for table in tables] == 2 * ["1. Persons", "2. Objects", "3. Context", "4. Memory"]
    assert [name for name, *_ in tables[0][1:]] == ["person 1 (itself)", "person 2", "23 empty slots"]
    assert [name for name, *_ in tables[1][1:]] == ["object A, chair", "object B, cell phone", "3 empty slots"]
    assert [name for name, *_ in tables[2][1:]] == ["the whole frame", "24 empty slots"]
    assert [name for name, *_ in tables[3][1:]] == ["4 other frames", "46 empty slots"]
    assert percents(tables[1]) == [12.5, 50, 37.5]
    for table in tables:
        assert sum(percents(table)) == pytest.approx(100, abs=0.1)
        for share, (*_, wide) in zip(percents(table), table[1:], strict=True):
            assert wide == pytest.approx(share / 100, abs=0.02)
    tags = still.evaluate(
        "[...document.querySelectorAll('#sights figure:first-child .tag')].map((one) => one.textContent)"
    )
    assert sorted(tags) == ["1", "2", "A", "B"]


def test_the_memory_is_drawn_over_the_frames_around_this_one(still: Any) -> None:
    bars = still.evaluate(
        """() => { const chart = document.querySelector('#sights .memory'), around = chart.getBoundingClientRect();
            return [...chart.querySelectorAll('rect')].map((bar) => {
                const { left, width, height } = bar.getBoundingClientRect();
                return [6 * (left + width / 2 - around.left) / around.width, height / around.height]; }); }"""
    )
    assert [at for at, _ in bars] == pytest.approx([0.5, 1.5, 3.5, 5.5], abs=0.05)  # of the frames from -2 to 3
    assert [high for _, high in bars] == pytest.approx([0.25, 1, 0.5, 0.25], abs=0.03)
    said = still.get_attribute("#sights .memory", "aria-label")
    assert said == "Neighbouring frames from −2 to +3; the most, 4.00 %, at −1"
    still.click("#sights summary")
    rows = still.evaluate(
        "[...document.querySelectorAll('#sights details[open] tbody tr')].map((one) => one.innerText)"
    )
    assert [row.split("\t") for row in rows] == [
        ["98 (−2)", "1.000 %"],
        ["99 (−1)", "4.000 %"],
        ["101 (+1)", "2.000 %"],
        ["103 (+3)", "1.000 %"],
    ]


def test_a_person_is_chosen_by_keyboard_and_the_other_frames_stay(chromium: Any, path: Path) -> None:
    with opened(chromium, path) as page:
        page.focus("#sights figure:first-child button")
        assert page.inner_text("#sights [role=status] >> nth=0") == f"Person 1: {QUOTED} 0.70, unseen."
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        assert page.inner_text("#sights [role=status] >> nth=0") == "Person 2: sit down 0.40, seen."
        assert page.inner_text("#sights [role=status] >> nth=1").startswith("Person 1: ")
        pressed = page.evaluate("[...document.querySelectorAll('#sights .signs button')].map((one) => one.ariaPressed)")
        assert pressed == ["false", "true", "true", "false"]
        tables = page.evaluate(TABLES)[:4]
        assert [name for name, *_ in tables[0][1:]] == ["person 1", "person 2 (itself)"]
        assert [percents(table) for table in tables] == [[70, 30], [], [100], [100]]
        assert page.inner_text("#sights .attended + p >> nth=0").startswith("Nothing to attend to")
        reason = "document.querySelector('#sights .reason .edge').getAttribute('x')"
        assert page.evaluate(reason) == "40"
        wide = page.evaluate(
            """() => { const wide = (one) => one.getBoundingClientRect().width;
                const chart = document.querySelector('#sights .memory');
                return [...chart.querySelectorAll('rect')].map((bar) => wide(bar) / wide(chart)); }"""
        )
        assert wide == pytest.approx([0.2] * 3, abs=0.02)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone_it_is_tapped_fits_and_can_be_read(chromium: Any, path: Path, scheme: str) -> None:
    with opened(chromium, path, **PHONE, color_scheme=scheme) as page:
        page.tap("#sights .signs button >> nth=1")
        assert page.inner_text("#sights [role=status] >> nth=0").startswith("Person 2")
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true })")
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        beyond = page.evaluate(
            """() => [...document.querySelectorAll('#attention *')].filter((one) => one.checkVisibility()
                && one.getBoundingClientRect().right > 391 && !one.closest('.picture'))
                .map((one) => one.outerHTML.slice(0, 90))"""
        )
        assert beyond == []
        low = page.evaluate(
            """() => [...document.querySelectorAll('#attention button, #attention summary')].filter((one) =>
                one.getBoundingClientRect().height < 43.5).length"""
        )
        assert low == 0
        paper = luminance(page.evaluate("getComputedStyle(document.body).backgroundColor"))
        texts = page.evaluate(
            """[...document.querySelectorAll('#attention :is(p, th, td, caption, summary, span.faint)')].filter((one) =>
                one.checkVisibility()).map((one) => [getComputedStyle(one).color, one.textContent])"""
        )
        assert len(texts) > 20
        for colour, text in texts:
            dark, light = sorted((luminance(colour), paper))
            assert (light + 0.05) / (dark + 0.05) >= 4.5, text


def test_patches_without_chosen_tokens_offer_the_weights_alone(chromium: Any, tmp_path: Path) -> None:
    patches = tuple(tuple((x, y, x + 32, y + 24) for x in (0, 32)) for y in (0, 24))
    person = AttendingPerson(1, (10, 5, 30, 45), "sit", weight=((0.4, 0.1), (0.2, 0.3)))
    frame = Attention("b/two", 100, "Attention of block 1.", SHOWN, patches, (person,))
    write_page(tmp_path / "index.html", Page(title="patches", attention=(frame,)))
    with opened(chromium, tmp_path / "index.html") as page:
        options = page.evaluate("[...document.querySelectorAll('#attention-of option')].map((one) => one.value)")
        assert options == ["weight"]
        assert not page.is_visible("#attention-note")
        dark = page.evaluate(
            "[...document.querySelectorAll('#sights svg > rect')].map((one) => one.getAttribute('fill-opacity'))"
        )
        assert [float(one) for one in dark] == pytest.approx([0, 0.78 * 0.75, 0.78 * 0.5, 0.78 * 0.25])
