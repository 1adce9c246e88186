"""make, its warm parent, a stage or its client killed at random moments: nothing stays, and the next run goes on."""

import contextlib
import os
import random
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.end_to_end import runs
from tests.end_to_end.caches import artifacts, finished, leftovers, manifests
from tests.end_to_end.test_many_kills import UNITS, Undisturbed, undisturbed, write_few

__all__ = ["undisturbed", "write_few"]  # the fixture, and what it writes

KILLS = 30
VICTIMS = ("make", "warm parent", "stage", "client")


def processes_of(make: int) -> dict[str, list[int]]:
    """The processes that a make has started, by what they are. All have its number in their environment."""
    found: dict[str, list[int]] = {victim: [] for victim in VICTIMS}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if f"WARM={make}".encode() not in (folder / "environ").read_bytes().split(b"\0"):
                continue
            words, state = (folder / "cmdline").read_text(), (folder / "stat").read_text().rpartition(")")[2].split()[0]
            if state in "ZX":
                continue
            pid = int(folder.name)
            if "warm/client.py" in words:
                found["client"].append(pid)
            elif "zsstad_core.warm.server" in words:
                leader = os.getsid(pid) == pid  # a stage leads a session; the warm parent does not
                found["stage" if leader else "warm parent"].append(pid)
    return found


def kill_one(make: "subprocess.Popen[str]", cache: Path, victim: str, units: int, delay: float) -> bool:
    """SIGKILL to one process, `delay` seconds after so many units were there; whether it came before the end."""
    while len(manifests(cache)) < units and make.poll() is None:
        time.sleep(0.001)
    time.sleep(delay)
    if make.poll() is not None:
        return False
    numbers = [make.pid] if victim == "make" else processes_of(make.pid)[victim]
    if not numbers:
        return False
    with contextlib.suppress(ProcessLookupError):
        os.kill(numbers[0], signal.SIGKILL)
    return True


def kill_and_go_on(undisturbed: Undisturbed, cache: Path, log: Path, victim: str, units: int, delay: float) -> bool:
    settings = undisturbed.settings | {"cache.root": cache}
    make = runs.popen("extract", settings, own=True)
    killed = kill_one(make, cache, victim, units, delay)
    _, err = make.communicate()
    while any(processes_of(make.pid).values()):
        time.sleep(0.01)
    assert victim == "warm parent" or not list((ROOT / ".plan").glob(f"warm-{make.pid}-*"))  # its socket
    if not killed or (make.returncode == 0 and victim != "make"):  # it had nothing to do any more
        shutil.rmtree(cache, ignore_errors=True)
        return False
    moment = f"{victim}, {delay:.3f} s after {units} units"
    assert "Traceback" not in err, moment
    before = finished(cache)
    runs.run("extract", settings, log).ok()
    assert before.items() <= finished(cache).items(), moment
    assert artifacts(cache) == undisturbed.bytes, moment
    assert leftovers(cache) == [], moment
    shutil.rmtree(cache)
    return True


@pytest.mark.parametrize("victim", VICTIMS)
def test_whoever_is_killed_nothing_stays_and_the_next_run_goes_on(
    undisturbed: Undisturbed, tmp_path: Path, victim: str
) -> None:
    assert kill_and_go_on(undisturbed, tmp_path / "cache", tmp_path / "log", victim, 5, 0.0)


@pytest.mark.slow
@pytest.mark.timeout(7_200)
def test_thirty_kills_at_random_moments_leave_nothing_behind(undisturbed: Undisturbed, tmp_path: Path) -> None:
    rng, kills = random.Random(30), 0
    while kills < KILLS:
        victim, units, delay = rng.choice(VICTIMS), rng.randint(0, UNITS - 1), rng.uniform(0, 0.5)
        kills += kill_and_go_on(undisturbed, tmp_path / "cache", tmp_path / "log", victim, units, delay)
