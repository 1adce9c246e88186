"""make extract on several workers: the bytes that one process makes, also when a worker is lost."""

import contextlib
import os
import signal
from collections import Counter
from pathlib import Path

import pytest

from tests.end_to_end import runs
from tests.end_to_end.caches import LATER, artifacts, ledger, leftovers
from tests.end_to_end.conftest import ByMake, Work
from tests.waiting import until


def on_workers(work: Work, count: int) -> runs.Ended:
    return runs.make("extract", work.settings, workers=count)


@pytest.mark.fault(14)
@pytest.mark.fault(44)
def test_two_workers_give_the_bytes_of_one_process(empty: Work, by_make: ByMake) -> None:
    ended = on_workers(empty, 2).ok()
    assert artifacts(empty.cache) == artifacts(by_make.cache, without=LATER)
    assert leftovers(empty.cache) == []
    lines = ledger(empty.cache)
    assert set(Counter((line["stage"], line["unit"]) for line in lines).values()) == {1}
    assert len({line["pid"] for line in lines if line["stage"] == "detect"}) == 2
    assert "detect: 15/15 clips" in ended.err


@pytest.mark.slow
def test_four_workers_do_too(empty: Work, by_make: ByMake) -> None:
    on_workers(empty, 4).ok()
    assert artifacts(empty.cache) == artifacts(by_make.cache, without=LATER)


@pytest.mark.fault(43)
@pytest.mark.slow
def test_a_worker_that_is_killed_costs_its_unit_only(empty: Work, by_make: ByMake) -> None:
    process = runs.popen("extract", empty.settings, workers=2)
    done = until(lambda: [line for line in lines_of(empty) if line["stage"] == "detect"], process)
    os.kill(done[0]["pid"], signal.SIGKILL)
    out, err = process.communicate()
    assert process.returncode == 0, out + err
    assert artifacts(empty.cache) == artifacts(by_make.cache, without=LATER)
    assert leftovers(empty.cache) == []
    counts = Counter((line["stage"], line["unit"]) for line in ledger(empty.cache))
    assert set(counts.values()) == {1}


@pytest.mark.slow
def test_two_commands_with_two_workers_each_make_every_unit_once(empty: Work, by_make: ByMake) -> None:
    both = [runs.popen("extract", empty.settings, workers=2) for _ in range(2)]
    for process in both:
        out, err = process.communicate()
        assert process.returncode == 0, out + err
    assert artifacts(empty.cache) == artifacts(by_make.cache, without=LATER)
    counts = Counter((line["stage"], line["unit"]) for line in ledger(empty.cache))
    assert set(counts.values()) == {1}


@pytest.mark.fault(2)
@pytest.mark.slow
def test_asked_to_stop_a_command_and_all_its_workers_do(empty: Work, by_make: ByMake) -> None:
    process = runs.popen("extract", empty.settings, workers=2)
    until(lambda: any(line["stage"] == "detect" for line in lines_of(empty)), process)
    os.killpg(process.pid, signal.SIGTERM)
    _, err = process.communicate()
    assert process.returncode == -signal.SIGTERM
    assert "stopped; finished units are kept, the same command goes on from here" in err.splitlines()
    assert "Traceback" not in err
    until(lambda: not of_group(process.pid))
    on_workers(empty, 2).ok()
    assert artifacts(empty.cache) == artifacts(by_make.cache, without=LATER)
    assert leftovers(empty.cache) == []


def of_group(group: int) -> list[str]:
    """Command lines of a process group's living members."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            if int(fields[2]) == group and fields[0] != "Z":
                found.append((stat.parent / "cmdline").read_text().replace("\0", " "))
    return found


def lines_of(work: Work) -> list[dict[str, object]]:
    return ledger(work.cache) if (work.cache / "jhmdb" / "ledger.jsonl").exists() else []
