"""A hundred kills at random moments of `make extract`: whatever the moment, the next run ends with the same bytes."""

import random
import shutil
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.end_to_end import made, runs
from tests.end_to_end.caches import artifacts, finished, ledger, leftovers, manifests

KILLS = 100
CLIPS = ["catch/clip_a", "catch/clip_b", "run/clip_a"]  # few, so that a hundred runs take minutes
UNITS = 19  # an index, annotation and boxes of each, three kinds of tokens of each, text


@dataclass(frozen=True)
class Undisturbed:
    """What there is to extract, the commands that do it in an empty cache, and what comes of it."""

    settings: made.Settings
    commands: list[list[str]]
    bytes: dict[str, bytes]
    fsyncs: int


def write_few(folder: Path) -> None:
    made.write_clips(folder, CLIPS)
    made.write_annotation(folder)
    made.write_detector(folder)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    runs.warm_up()
    folder = tmp_path_factory.mktemp("few")
    runs.in_server(write_few, folder)
    settings = made.settings_of(folder) | {"cache.clips_per_unit": 1}
    cache = folder / "cache"
    commands = runs.plan("extract", settings)
    runs.run("extract", settings, folder / "log").ok()
    assert len(manifests(cache)) == UNITS
    return Undisturbed(settings, commands, artifacts(cache), fsyncs_of(cache))


def fsyncs_of(cache: Path) -> int:
    """How often fsync was called at least: once for each file and folder that is there."""
    return sum(1 for _ in (cache / "jhmdb").glob("*-*/**/*"))


def start(undisturbed: Undisturbed, cache: Path, log: Path, dies: runs.Moment | None) -> runs.Running:
    """`make extract` in an empty cache: make would say the same each time."""
    root = str(undisturbed.settings["cache.root"])
    commands = [[word.replace(root, str(cache)) for word in command] for command in undisturbed.commands]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runs, "plan", lambda *_, **__: commands)
        return runs.Running("extract", undisturbed.settings, log, dies)


def killed(running: runs.Running, cache: Path, units: int, delay: float) -> bool:
    """SIGKILL, `delay` seconds after so many units were there; whether it came before the end."""
    process = running._process
    while len(manifests(cache)) < units and process.is_alive():
        time.sleep(0.001)
    process.join(delay)
    process.kill()
    process.join()
    assert process.exitcode in (0, -signal.SIGKILL)
    return process.exitcode != 0


@pytest.mark.slow
@pytest.mark.timeout(14_400)
def test_a_hundred_kills_at_random_moments_cost_nothing_that_was_finished(
    undisturbed: Undisturbed, tmp_path: Path
) -> None:
    rng = random.Random(100)
    cache, log, kills = tmp_path / "cache", tmp_path / "log", 0
    while kills < KILLS:
        if kills % 2:  # while something is half written
            moment = f"fsync {(call := rng.randint(1, undisturbed.fsyncs))}"
            start(undisturbed, cache, log, runs.Moment(call)).killed()
        else:  # while it loads, decodes or computes
            units, delay = rng.randint(0, UNITS - 1), rng.uniform(0, 0.3)
            moment = f"{delay:.3f} s after {units} units"
            if not killed(start(undisturbed, cache, log, None), cache, units, delay):
                shutil.rmtree(cache)
                continue
        kills += 1
        before = finished(cache)
        runs.run("extract", undisturbed.settings | {"cache.root": cache}, log).ok()
        made_now = [(line["key"], line["unit"]) for line in ledger(cache)]
        assert before.items() <= finished(cache).items(), moment
        assert len(set(made_now)) == len(made_now), moment
        assert artifacts(cache) == undisturbed.bytes, moment
        assert leftovers(cache) == [], moment
        shutil.rmtree(cache)
