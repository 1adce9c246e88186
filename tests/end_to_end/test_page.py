"""`make report`: from the videos to a page that a browser shows without a complaint."""

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.end_to_end import runs
from tests.end_to_end.conftest import ByMake, Work
from tests.report.chromium import browser, executable, opened, until
from tests.report.test_page import SIZE, island

needs_chromium = pytest.mark.skipif(executable() is None, reason="needs Chromium on PATH")
INTEREST = {
    "heads.stclip.prompt_tokens": "interest",
    "heads.stclip.interest_tokens": 5,
    "training.iterations": 2,
    "training.warmup": 1,
    "training.batch": 4,
    "encoder.pixels": "decoded",
    "encoder.crop": "clip",
}


def data_of(path: Path) -> dict[str, Any]:
    page: dict[str, Any] = json.loads(island(path.read_text()))
    return page


def assert_shares_sum_to_one(page: dict[str, Any]) -> None:
    """Of every block of every person of an iCLIP with its default settings, whose empty slots take part."""
    assert page["attention"]
    for frame in page["attention"]:
        assert frame["persons"]
        for person in frame["persons"]:
            assert [block["kind"] for block in person["blocks"]] == 2 * ["persons", "objects", "context", "memory"]
            for block in person["blocks"]:
                assert len(block["keys"]) == len(block["weight"])
                assert sum(block["weight"]) + block["empty"] == pytest.approx(1, abs=1e-4)


def look(path: Path) -> tuple[list[str], str]:
    """The parts that a browser shows, and the frame that the player is at after a step."""
    with browser() as chromium, opened(chromium, path) as page:
        parts = page.evaluate(
            "[...document.querySelectorAll('section')].filter((one) => one.checkVisibility()).map((one) => one.id)"
        )
        page.focus("#screen")
        page.keyboard.press("ArrowRight")
        until(page, "document.querySelector('#where').textContent.includes('(2 of ')")
        return parts, page.inner_text("#where")


@needs_chromium
@pytest.mark.slow
def test_the_page_of_an_evaluation_says_what_the_evaluation_says(
    by_make: ByMake, new_work: Callable[[Path | None], Work], tmp_path: Path
) -> None:
    work = new_work(by_make.cache)
    ended = runs.run("report", work.settings, tmp_path / "log", head="iclip", out=tmp_path / "out").ok()
    assert ended.stages == ("report",)  # everything else was there
    path = tmp_path / "out" / "index.html"
    assert ended.out.splitlines()[-1] == str(path)
    page = data_of(path)
    metrics = json.loads(Path(by_make.eval.out.splitlines()[-1]).read_text())
    assert {row["name"]: row["ap"] for row in page["classes"]} == {
        name: row["ap"] for name, row in metrics["classes"].items()
    }
    assert {curve["name"]: curve["ap"] for curve in page["curves"]} == pytest.approx(
        {name: row["ap"] for name, row in metrics["classes"].items() if row["true_positives"]}
    )
    unseen = next(turn for turn in page["errors"]["in_turn"] if turn["group"] == "unseen")
    assert unseen["steps"][0][1] == pytest.approx(metrics["unseen"])
    assert unseen["steps"][-1][1] == 1
    ours, published = page["tables"]
    assert ours["rows"][0][1] == f"{100 * metrics['unseen']:.2f}"
    assert published["rows"][1][:2] == ["iCLIP", "69.99"]  # paper 002, table 2, split 2
    assert {entry[0]: entry[1] for entry in page["made"][2]["entries"]} == metrics["made with"]["keys"]
    parts, where = look(path)
    shown = {"results", "player", "classes", "curves", "confusion", "errors", "moments", "attention", "made"}
    assert set(parts) == shown
    assert_shares_sum_to_one(page)
    assert where.startswith("frame 1, ")

    again = runs.run("report", work.settings, tmp_path / "again", head="iclip", out=tmp_path / "two").ok()
    assert again.stages == ("report",)
    assert (tmp_path / "two" / "index.html").read_bytes() == path.read_bytes()


@needs_chromium
@pytest.mark.slow
def test_the_page_shows_what_st_clip_chose(
    by_make: ByMake, new_work: Callable[[Path | None], Work], tmp_path: Path
) -> None:
    work = new_work(by_make.cache)
    runs.run("report", {**work.settings, **INTEREST}, tmp_path / "log", head="stclip", out=tmp_path).ok()
    page = data_of(tmp_path / "index.html")
    assert page["attention"]
    for frame in page["attention"]:
        for person in frame["persons"]:
            assert sum(map(sum, person["chosen"])) <= 5
            assert len(person["weight"]) == len(frame["patches"])
    parts, _ = look(tmp_path / "index.html")
    assert "attention" in parts


@needs_chromium
@pytest.mark.slow
def test_the_page_of_the_demos_benchmark_is_small_enough_to_mail(tmp_path: Path) -> None:
    """As many clips, moments and classes as with all clips; less training."""
    small = (
        f"cache.root={tmp_path / 'cache'} datasets.stickworld.root={tmp_path / 'clips'} "
        "datasets.stickworld.train_clips=1 datasets.stickworld.test_clips=1 training.iterations=20 training.warmup=2"
    )
    words = ["make", "-s", "report", "DATASET=stickworld", "SPLIT=1", "HEAD=iclip", f"OUT={tmp_path}", f"SET={small}"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    path = tmp_path / "index.html"
    assert len(data_of(path)["clips"]) == 12
    assert path.stat().st_size < SIZE
    assert re.search("Nothing is published for stickworld", path.read_text())
    assert_shares_sum_to_one(data_of(path))
    parts, _ = look(path)
    assert len(parts) == 9
    assert "attention" in parts


@needs_chromium
@pytest.mark.slow
def test_the_page_shows_what_st_clip_attends_to_where_it_chooses_nothing(
    by_make: ByMake, new_work: Callable[[Path | None], Work], tmp_path: Path
) -> None:
    work = new_work(by_make.cache)
    settings = {**work.settings, **INTEREST, "heads.stclip.prompt_tokens": "all"}
    runs.run("report", settings, tmp_path / "log", head="stclip", out=tmp_path).ok()
    page = data_of(tmp_path / "index.html")
    assert page["attention"]
    for frame in page["attention"]:
        assert frame["caption"].startswith("Attention of block 1 of ")
        for person in frame["persons"]:
            assert not person["chosen"]
            assert 0 < sum(map(sum, person["weight"])) < 1
    parts, _ = look(tmp_path / "index.html")
    assert "attention" in parts
