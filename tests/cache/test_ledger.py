"""The ledger tells how fast stages were, and never gets in the way."""

import json
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from zsstad_core.cache import ledger


def test_a_line_says_what_was_made_when_where_and_how_fast(tmp_path: Path) -> None:
    ledger.record(tmp_path, "detect", "abc", "unit-1", 4, {"decode": 1.23456, "total": 2.0}, note="x")
    (line,) = map(json.loads, (tmp_path / "ledger.jsonl").read_text().splitlines())
    assert {"stage", "key", "unit", "clips", "seconds", "when", "host", "pid", "note"} == set(line)
    assert line["seconds"] == {"decode": 1.235, "total": 2.0}


def test_the_pace_is_the_median_of_a_clip(tmp_path: Path) -> None:
    for seconds in (1.0, 2.0, 100.0):
        ledger.record(tmp_path, "detect", "k", "u", 2, {"total": seconds})
    ledger.record(tmp_path, "train", "k", "u", 0, {"total": 7.0})
    assert ledger.seconds_per_clip(tmp_path) == {"detect": 1.0, "train": 7.0}


def test_only_the_last_twenty_units_count(tmp_path: Path) -> None:
    for seconds in [100.0] * 30 + [1.0] * 20:
        ledger.record(tmp_path, "detect", "k", "u", 1, {"total": seconds})
    assert ledger.seconds_per_clip(tmp_path) == {"detect": 1.0}


def test_without_a_past_nothing_is_expected(tmp_path: Path) -> None:
    assert ledger.seconds_per_clip(tmp_path) == {}
    assert ledger.seconds_per_clip(tmp_path / "nowhere") == {}


@pytest.mark.fault(10)
@pytest.mark.parametrize(
    "damage", [b'{"stage": "det', b"[]\n", b"5\n", b"\xff\xfe\n", b"\0\0\0\n", b'{"stage": "x"}\n']
)
def test_a_line_cut_by_a_kill_says_nothing(tmp_path: Path, damage: bytes) -> None:
    ledger.record(tmp_path, "detect", "k", "u", 1, {"total": 3.0})
    with (tmp_path / "ledger.jsonl").open("ab") as file:
        file.write(damage)
    assert ledger.seconds_per_clip(tmp_path) == {"detect": 3.0}


def append(root: Path, worker: int) -> None:
    for unit in range(50):
        ledger.record(root, f"stage-{worker}", "k", f"unit-{unit}" * 50, 1, {"total": 1.0})


def test_lines_of_processes_that_write_at_once_do_not_mix(tmp_path: Path) -> None:
    with ProcessPoolExecutor(4, get_context("spawn")) as pool:
        list(pool.map(append, [tmp_path] * 4, range(4)))
    lines = [json.loads(line) for line in (tmp_path / "ledger.jsonl").read_text().splitlines()]
    assert len(lines) == 200
    assert set(ledger.seconds_per_clip(tmp_path)) == {f"stage-{worker}" for worker in range(4)}
