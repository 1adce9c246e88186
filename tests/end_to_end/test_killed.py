"""Killed with SIGKILL at any moment, and started again: no finished unit is redone, and the bytes are the same."""

import os
import signal

import pytest

from tests.end_to_end import runs
from tests.end_to_end.caches import LATER, artifacts, finished, ledger, leftovers, manifests, metrics
from tests.end_to_end.conftest import ByMake, Work
from tests.waiting import until

UNITS = 37  # that `make extract` makes of the clips
MOMENTS = [(1, 1), (8, 3), (14, 2), (20, 6), (33, 4)]  # published units, calls of fsync since


def redone(work: Work) -> list[tuple[str, str]]:
    """Units that the ledger has twice."""
    units = [(line["key"], line["unit"]) for line in ledger(work.cache)]
    return [unit for unit in set(units) if units.count(unit) > 1]


def extracted(cache) -> dict[str, bytes]:
    return artifacts(cache, without=LATER)


@pytest.mark.fault(1)
def test_an_extract_killed_again_and_again_continues_where_it_stopped(empty: Work, by_make: ByMake):
    before: dict[str, tuple[int, int, int]] = {}
    for units, call in MOMENTS:
        empty.start("extract", dies=empty.after(units, call)).killed()
        assert units <= len(manifests(empty.cache)) < UNITS
        assert before.items() <= finished(empty.cache).items()
        before = finished(empty.cache)
    empty.run("extract").ok()
    assert before.items() <= finished(empty.cache).items()
    assert len(manifests(empty.cache)) == UNITS
    assert redone(empty) == []
    assert extracted(empty.cache) == extracted(by_make.cache)
    assert leftovers(empty.cache) == []


@pytest.mark.slow
@pytest.mark.parametrize("units", range(0, UNITS, 3))
def test_an_extract_killed_after_any_unit(units: int, empty: Work, by_make: ByMake):
    empty.start("extract", dies=empty.after(units, 1 + units % 5)).killed()
    before = finished(empty.cache)
    empty.run("extract").ok()
    assert before.items() <= finished(empty.cache).items()
    assert extracted(empty.cache) == extracted(by_make.cache)
    assert leftovers(empty.cache) == []


@pytest.mark.fault(1)
@pytest.mark.fault(3)
@pytest.mark.parametrize(
    "call", [pytest.param(call, marks=() if call in (1, 4, 33) else pytest.mark.slow) for call in range(1, 35)]
)
def test_an_index_killed_while_it_writes(call: int, empty: Work, by_make: ByMake):
    """In a call of fsync, when something is half there: inputs.json, a unit of three files and its folder, …"""
    empty.start("index", dies=runs.Moment(call)).killed()
    before = finished(empty.cache)
    empty.run("index").ok()
    assert before.items() <= finished(empty.cache).items()
    whole = {name: content for name, content in artifacts(by_make.cache).items() if name.startswith("jhmdb/index-")}
    assert artifacts(empty.cache) == whole
    assert leftovers(empty.cache) == []


@pytest.mark.fault(49)
def test_a_training_killed_in_the_middle_ends_with_the_same_weights(ready: Work, by_make: ByMake):
    ready.forget("train", "score", "evaluate", "training")
    ready.start("train", dies=runs.Moment(1, ready.cache, "jhmdb/training/*/iter_20.pth", 1)).killed()
    ended = ready.run("eval").ok()
    assert "train: going on from iter_" in ended.out
    assert artifacts(ready.cache) == artifacts(by_make.cache)
    assert metrics(ended.out) == metrics(by_make.eval.out)


@pytest.mark.fault(1)
@pytest.mark.slow
@pytest.mark.parametrize("units", [3, 15, 27])
def test_a_real_make_killed_with_all_its_processes(units: int, empty: Work, by_make: ByMake):
    process = runs.popen("extract", empty.settings)
    until(lambda: len(manifests(empty.cache)) >= units, process)
    os.killpg(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    before = finished(empty.cache)
    runs.make("extract", empty.settings).ok()
    assert before.items() <= finished(empty.cache).items()
    assert redone(empty) == []
    assert extracted(empty.cache) == extracted(by_make.cache)
    assert leftovers(empty.cache) == []
