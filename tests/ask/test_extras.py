"""An annotated video or a page that cannot be written costs itself alone: the answer and the other files are there."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.ask.made import pictures, write_film
from tests.ask.test_answer import LABELS, made
from zsstad_core.ask import extras
from zsstad_core.errors import DataError
from zsstad_core.report.page.content import Page
from zsstad_core.report.page.write import write_page
from zsstad_core.settings.results import Ask
from zsstad_core.video import VideoSource

EVENLY = [40 * number for number in range(31)]


@pytest.mark.fault(66)
def test_a_video_that_cannot_be_drawn_costs_the_next_one_nothing(tmp_path: Path) -> None:
    (tmp_path / "damaged.mp4").write_bytes(b"no video any more")
    write_film(tmp_path / "good.mp4", pictures(31), EVENLY)
    write_film(tmp_path / "other.mp4", pictures(29), EVENLY[:29])
    names = ("damaged.mp4", "good.mp4", "other.mp4")
    answers = [replace(made(Ask()), video_id=name) for name in names]
    videos = {name: VideoSource(name, tmp_path / name) for name in names}
    plan: Any = SimpleNamespace(videos=videos, dataset=SimpleNamespace(classes=LABELS))
    out = tmp_path / "out"
    shown, remarks = extras.annotate_all(plan, answers, {name: f"{name}.annotated.mp4" for name in names}, out)
    assert shown == {"good.mp4": "good.mp4.annotated.mp4"}
    assert [path.name for path in out.iterdir()] == ["good.mp4.annotated.mp4"]
    assert [video for video, _ in remarks] == ["damaged.mp4", "other.mp4"]
    assert remarks[0][1].startswith(f"not annotated: {tmp_path}/damaged.mp4: cannot be annotated")
    assert "has 29 frames now, and had 31" in remarks[1][1]


def test_a_page_that_cannot_be_made_is_a_remark(tmp_path: Path) -> None:
    def broken() -> None:
        raise DataError("good.mp4: frame 3 does not decode")

    assert extras.attempt("index.html", broken) == ["without index.html: good.mp4: frame 3 does not decode"]
    path = tmp_path / "index.html"
    assert extras.attempt("index.html", lambda: write_page(path, Page("an answer"))) == []
    assert path.is_file()


def test_nothing_of_an_earlier_answer_stands_beside_a_new_one(tmp_path: Path) -> None:
    for name in ("index.html", "a.annotated.mp4", "mine.txt"):
        (tmp_path / name).write_text("old")
    extras.remove_old(tmp_path, {"a.mp4": "a.annotated.mp4", "b.mp4": "b.annotated.mp4"})
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
