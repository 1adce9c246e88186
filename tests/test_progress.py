"""What long work shows, and where its time went."""

import hashlib
import io
import re
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from zsstad_core.cache.digests import sha256
from zsstad_core.progress import PATIENCE_S, Clock, Progress, watched


class Time:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> Time:
    clock = Time()
    monkeypatch.setattr(time, "monotonic", clock)
    monkeypatch.setattr(time, "perf_counter", clock)
    return clock


def test_a_log_file_gets_whole_lines_now_and_then(now: Time, capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress("detect", 200, "clips")
    for _ in range(10):
        now.now += 8
        progress.advance(20, "decode")
    assert capsys.readouterr() == (
        "",
        "detect: 0/200 clips\n"
        "detect: 80/200 clips, 2.5 clips/s, 0:48 left, mostly decode\n"
        "detect: 160/200 clips, 2.5 clips/s, 0:16 left, mostly decode\n"
        "detect: 200/200 clips, 2.5 clips/s, in 1:20\n",
    )


def test_a_terminal_gets_one_line_that_moves(now: Time, monkeypatch: pytest.MonkeyPatch) -> None:
    screen = io.StringIO()
    monkeypatch.setattr(screen, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stderr", screen)
    progress = Progress("encode", 2, "clips")
    for _ in range(2):
        now.now += 1
        progress.advance(1, "encoder")
    assert screen.getvalue().split("\r\x1b[K") == [
        "",
        "encode: 0/2 clips",
        "encode: 1/2 clips, 1 clips/s, 0:01 left, mostly encoder",
        "encode: 2/2 clips, 1 clips/s, in 0:02\n",
    ]


@pytest.mark.parametrize(
    ("total", "seconds", "rate", "left"),
    [(928, 0.25, "1856 clips/s", "0:00"), (4, 8000.0, "0.00025 clips/s", "2:13:20"), (928, 0.0, "clips/s", "0:00")],
)
def test_rates_and_times_are_readable_at_any_speed(
    now: Time, capsys: pytest.CaptureFixture[str], total: int, seconds: float, rate: str, left: str
) -> None:
    progress = Progress("index", total, "clips")
    now.now += seconds
    progress._next = 0.0
    progress.advance(total // 2, "disk")
    line = capsys.readouterr().err.splitlines()[-1]
    assert rate in line
    assert f", {left} left" in line


def test_a_clock_tells_where_the_time_went(now: Time) -> None:
    clock = Clock()
    assert clock.slowest() == ""
    for name, seconds in (("decode", 1.0), ("encode", 2.5), ("decode", 1.0)):
        with clock.on(name):
            now.now += seconds
    now.now += 0.5
    assert clock.total() == {"decode": 2.0, "encode": 2.5, "total": 5.0}
    assert clock.slowest() == "encode"


def test_time_that_ended_in_an_error_is_counted(now: Time) -> None:
    clock = Clock()
    with suppress(ZeroDivisionError), clock.on("decode"):
        now.now += 3
        raise ZeroDivisionError
    assert clock.seconds == {"decode": 3.0}


def test_what_is_quick_shows_nothing(now: Time, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in watched(range(10), "tubes", 10, "classes"):
        now.now += PATIENCE_S / 20
    assert capsys.readouterr() == ("", "")


def test_what_lasts_shows_its_progress_from_then_on(now: Time, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in watched(range(10), "tubes", 10, "classes"):
        now.now += PATIENCE_S / 2
    lines = capsys.readouterr().err.splitlines()
    assert lines == [
        "tubes: 2/10 classes, 0.667 classes/s, 0:12 left",
        "tubes: 10/10 classes, 0.667 classes/s, in 0:15",
    ]


def test_where_nobody_knows_how_many_there_are_it_says_how_many_are_done(
    now: Time, capsys: pytest.CaptureFixture[str]
) -> None:
    progress = Progress("drawing film.mp4", 0, "frames", PATIENCE_S)
    now.now += PATIENCE_S
    progress.advance(60)
    assert capsys.readouterr().err == "drawing film.mp4: 60 frames, 20 frames/s\n"


def test_a_large_file_shows_how_much_of_it_is_read(
    now: Time, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "weights.pt"
    file.write_bytes(bytes(12 << 20))
    monkeypatch.setattr(time, "monotonic", lambda: setattr(now, "now", now.now + PATIENCE_S) or now.now)
    assert sha256(file) == hashlib.sha256(bytes(12 << 20)).hexdigest()
    assert re.fullmatch(r"(digest of weights.pt: \d+/12 MB, .*\n)+", capsys.readouterr().err)
