"""Asked to stop, by Ctrl-C or by the batch system: at once, in one line, never with exit code 0, nothing half done."""

import os
import signal
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.end_to_end import runs
from tests.end_to_end.caches import artifacts, finished, leftovers, manifests
from tests.end_to_end.made import pictures
from tests.faults.stages import command, run, start, write_dataset
from tests.made_videos import write_video
from tests.waiting import until

SAID = "stopped; finished units are kept, the same command goes on from here"
LONG = "wave/clip_c"  # a clip of the last unit
BEFORE = 5  # units before that one

HOLD = """
import time
from pathlib import Path
import av
av_open, here, go = av.open, Path({folder!r}, "here"), Path({folder!r}, "go")
def hold(file, *words, **more):
    if str(file).endswith("{clip}.avi"):
        here.touch()
        while not go.exists():
            time.sleep(0.001)
    return av_open(file, *words, **more)
av.open = hold
"""


@dataclass(frozen=True)
class Hold:
    """Python for the start of a process; when the process opens the clip LONG, it waits there until `let_go`."""

    folder: Path

    @property
    def code(self) -> str:
        return HOLD.format(folder=str(self.folder), clip=LONG)

    def reached(self) -> bool:
        return (self.folder / "here").exists()

    def let_go(self) -> None:
        (self.folder / "go").touch()


@pytest.fixture
def hold(tmp_path_factory: pytest.TempPathFactory) -> Hold:
    return Hold(tmp_path_factory.mktemp("hold"))


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of its last clip, decoding takes a while: a signal comes before the end of it."""
    root = write_dataset(tmp_path_factory.mktemp("stopped") / "jhmdb")
    write_video(root / "videos" / f"{LONG}.avi", pictures(LONG)[:1] * 4000)
    return root


@pytest.fixture(scope="module")
def undisturbed(dataset: Path) -> dict[str, bytes]:
    assert run("index", dataset, dataset.parent / "undisturbed")[0] == 0
    return artifacts(dataset.parent / "undisturbed")


def goes_on(dataset: Path, cache: Path, undisturbed: dict[str, bytes]) -> None:
    """The same command again redoes no finished unit, and ends as if nothing had been."""
    before = finished(cache)
    # The lock of a process that ended may stay; the next run takes it away, as the last line sees.
    assert [name for name in leftovers(cache) if not name.endswith(".lock")] == []
    assert not list(cache.glob("jhmdb/*/complete-*.json"))
    assert run("index", dataset, cache)[0] == 0
    assert before.items() <= finished(cache).items()
    assert artifacts(cache) == undisturbed


@pytest.mark.fault(2)
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_stopped_in_the_middle_of_a_unit_it_drops_that_unit(
    number: signal.Signals, code: int, dataset: Path, undisturbed: dict[str, bytes], hold: Hold, tmp_path: Path
) -> None:
    process = start(command("index", dataset, tmp_path, before=hold.code))
    until(lambda: hold.reached() and len(manifests(tmp_path)) == BEFORE, process)
    process.send_signal(number)
    hold.let_go()
    _, err = process.communicate()
    assert process.returncode == code, err
    assert err.splitlines()[-1] == SAID
    assert "Traceback" not in err
    assert len(manifests(tmp_path)) == BEFORE
    goes_on(dataset, tmp_path, undisturbed)


@pytest.mark.fault(2)
@pytest.mark.parametrize("call", [4, 9])  # of fsync: in a unit, in the next one
def test_stopped_while_it_writes_it_leaves_no_half_unit(
    call: int, dataset: Path, undisturbed: dict[str, bytes], tmp_path: Path
) -> None:
    code, err = run("index", dataset, tmp_path, before=STOP_IN_FSYNC.format(call=call))
    assert (code, err.splitlines()[-1]) == (143, SAID)
    goes_on(dataset, tmp_path, undisturbed)


STOP_IN_FSYNC = """
import itertools, os, signal
fsync, calls = os.fsync, itertools.count(1)
def stop_in_fsync(descriptor):
    if next(calls) == {call}:
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGTERM)  # as make and the batch system both send it
    fsync(descriptor)
os.fsync = stop_in_fsync
"""


@pytest.mark.fault(2)
def test_a_real_make_that_is_asked_to_stop_stops_with_all_its_processes(
    dataset: Path, undisturbed: dict[str, bytes], hold: Hold, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (hold.folder / "sitecustomize.py").write_text(hold.code)
    monkeypatch.setenv("PYTHONPATH", str(hold.folder))
    settings = {"datasets.jhmdb.root": dataset, "cache.root": tmp_path, "cache.clips_per_unit": 3}
    process = runs.popen("index", settings, head="clip_frame")
    until(lambda: hold.reached() and len(manifests(tmp_path)) == BEFORE, process)
    os.killpg(process.pid, signal.SIGTERM)
    hold.let_go()
    _, err = process.communicate()
    assert process.returncode == -signal.SIGTERM  # a shell says 143
    assert SAID in err.splitlines()
    goes_on(dataset, tmp_path, undisturbed)
