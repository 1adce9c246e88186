"""Disks that fill up, lose what they were given, or are pulled out: no unit that is not what was written."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import ROOT
from tests.end_to_end.caches import artifacts, finished, leftovers, manifests
from tests.faults.made_units import MEMBERS
from tests.faults.stages import errors, grow, run, small_disk, write_dataset
from zsstad_core.cache import units
from zsstad_core.cache.artifact import Artifact
from zsstad_core.cache.stages import DETECT
from zsstad_core.cache.tokens import read_tokens, write_tokens
from zsstad_core.cache.units import Unit, publish, published_units, unit_name
from zsstad_core.errors import CacheError


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_dataset(tmp_path_factory.mktemp("disk") / "jhmdb")


@pytest.fixture(scope="module")
def undisturbed(dataset: Path) -> dict[str, bytes]:
    assert run("index", dataset, dataset.parent / "undisturbed")[0] == 0
    return artifacts(dataset.parent / "undisturbed")


# ---- full


@pytest.mark.parametrize(
    ("small", "large", "words"),
    [
        pytest.param("size=60k", "size=9m", r"No space left on device.* \(0 MiB free\)", marks=pytest.mark.fault(5)),
        pytest.param(
            "nr_inodes=24", "nr_inodes=999", r"the inodes are used up \(\d+ MiB free\)", marks=pytest.mark.fault(6)
        ),
    ],
)
def test_a_disk_that_fills_up_in_the_middle_costs_nothing_that_is_done(
    small: str, large: str, words: str, dataset: Path, undisturbed: dict[str, bytes], tmp_path: Path
) -> None:
    with small_disk(tmp_path / "disk", small) as cache:
        code, err = run("index", dataset, cache)
        (line,) = errors(err)
        assert code == 2
        assert re.match(rf"error: {cache}/.*{words}", line), line
        before = finished(cache)
        assert 0 < len(manifests(cache)) < 6
        assert leftovers(cache) == []
        assert not list(cache.glob("jhmdb/*/complete-*.json"))

        grow(cache, large)
        assert run("index", dataset, cache)[0] == 0
        assert before.items() <= finished(cache).items()
        assert artifacts(cache) == undisturbed


@pytest.mark.fault(5)
def test_tokens_that_do_not_fit_say_how_much_they_need(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "size=1m") as disk:
        with (
            pytest.raises(CacheError, match=r"No space left on device for 4\.0 MiB of tokens \(1 MiB free\)"),
            publish(disk / "a", MEMBERS, {}) as folder,
        ):
            write_tokens(folder, np.ones((4096, 512), np.float16))
        assert list((disk / "a").iterdir()) == []


@pytest.mark.fault(5)
@pytest.mark.fault(6)
@pytest.mark.parametrize("size", ["size=1m", "nr_inodes=200"])
def test_a_disk_that_will_be_too_small_is_said_before_anything_is_made(
    size: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """By what units of the same stage took, also under other settings."""
    with small_disk(tmp_path / "disk", size) as root:
        one = Artifact(root, DETECT, {"score": 0.1}, {"catch/a": "d"})
        for group in one.begin():
            with one.publish(group) as folder:
                (folder / "boxes").write_bytes(bytes(20_000))
        assert caplog.text == ""
        Artifact(root, DETECT, {"score": 0.2}, {f"catch/{i}": "d" for i in range(20)}).begin()
        assert caplog.text == ""
        Artifact(root, DETECT, {"score": 0.2}, {f"catch/{i}": "d" for i in range(200)}).begin()
        assert re.search(r"is likely to need 4 MiB and 400 files; only \d+ MiB and \d+ files are free", caplog.text)


@pytest.mark.fault(6)
@pytest.mark.parametrize("rows", [0, 1, 70_000])
def test_the_number_of_files_is_known_beforehand(rows: int, tmp_path: Path) -> None:
    """A manifest, a table, an array's description, and one file for each 64 MiB of tokens."""
    with publish(tmp_path, MEMBERS, {}) as folder:
        (folder / "frames.parquet").touch()
        write_tokens(folder, np.ones((rows, 512), np.float16))
    shards = -(-rows // (64 * 1024))  # a row is 1 KiB
    assert sum(path.is_file() for path in tmp_path.rglob("*")) == 3 + shards


# ---- failing


PUBLISH = """
import sys
import numpy as np
from pathlib import Path
from zsstad_core import tables
from zsstad_core.cache.artifact import Artifact
from zsstad_core.cache.stages import Stage
from zsstad_core.cache.token_kinds import TokenKind
from zsstad_core.cache.tokens import write_tokens
from zsstad_core.errors import friendly

@friendly
def main():
    artifact = Artifact(Path(sys.argv[1]), Stage.encoding(TokenKind.frame), {"a": 1}, {"catch/a": "d1"})
    for group in artifact.begin():
        with artifact.publish(group) as folder:
            rows = {"video_id": "catch/a", "frame": range(300), "pts": np.arange(300) / 30}
            tables.write_table(folder / "frames.parquet", "frames", tables.table("frames", rows))
            write_tokens(folder, np.random.default_rng(0).normal(size=(300, 64)).astype(np.float16))
    artifact.complete()

main()
"""


def traced(root: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    """Publish a unit under strace, which notes or spoils system calls; a skip where that is not possible."""
    strace = shutil.which("strace")
    if not strace or subprocess.run([strace, "-e", "trace=fsync", "true"], capture_output=True).returncode:
        pytest.skip("needs strace, and the right to use it")
    python = [sys.executable, "-B", "-c", PUBLISH, str(root)]
    return subprocess.run(
        [strace, "-f", "--seccomp-bpf", "-o", f"{root}.calls", *words, *python],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )


@pytest.mark.fault(48)
@pytest.mark.parametrize("call", ["write", "fsync"])
@pytest.mark.parametrize("first", [3, *(pytest.param(first, marks=pytest.mark.slow) for first in (1, 2, 6, 9))])
def test_a_disk_that_fails_never_leaves_a_unit_that_is_not_whole(call: str, first: int, tmp_path: Path) -> None:
    """From some system call on, all that write fail with EIO."""
    root = tmp_path / "cache"
    ended = traced(root, "-y", "-e", f"trace={call}", "-e", f"inject={call}:error=EIO:when={first}+")
    assert ended.returncode != 0
    assert not list(root.glob("*/complete-*.json"))
    assert all(is_whole(unit) for unit in root.glob("*/unit-*"))
    assert "INJECTED" in Path(f"{root}.calls").read_text()
    if call == "fsync":  # else not even the line can be written
        (line,) = ended.stderr.splitlines()
        assert re.match(r"error: .*Input/output error", line)
    assert traced(root, "-e", "trace=none").returncode == 0
    assert len(list(root.glob("*/complete-*.json"))) == 1


def is_whole(unit: Path) -> bool:
    Unit(unit).verify()
    return len(read_tokens(Unit(unit))) == 300


@pytest.mark.fault(48)
def test_what_does_not_read_back_as_it_was_written_is_not_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stand-in for a disk that loses what it has accepted: a bit of the file turns while it is flushed."""
    flush = units.flush

    def losing(path: Path) -> None:
        if path.name == "note.txt":
            path.write_text("hallo")
        flush(path)

    monkeypatch.setattr(units, "flush", losing)
    with (
        pytest.raises(CacheError, match=r"note\.txt does not read back as it was written; check the disk"),
        publish(tmp_path, MEMBERS, {}) as folder,
    ):
        (folder / "note.txt").write_text("hello")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.fault(3)
def test_everything_is_flushed_before_it_is_called_done(tmp_path: Path) -> None:
    """Which a power cut needs: the order of the system calls, as the kernel saw them."""
    root = tmp_path / "cache"
    assert traced(root, "-y", "-e", "trace=fsync,rename,renameat2").returncode == 0
    calls = re.findall(r"(fsync|rename)\w*\((.*)\) = 0", Path(f"{root}.calls").read_text())
    where = {"fsync": r"\d+<(.*)>", "rename": r'.*"(.*)"'}
    steps = [(call, re.fullmatch(where[call], words)[1]) for call, words in calls if str(root) in words]  # type: ignore[index]
    (unit,) = root.glob("*/unit-*")
    (complete,) = root.glob("*/complete-*.json")
    published_at, complete_at = steps.index(("rename", str(unit))), steps.index(("rename", str(complete)))
    flushed = {path for call, path in steps[:published_at] if call == "fsync"}
    for path in [unit, *unit.rglob("*")]:
        own = str(path.relative_to(unit))
        assert any(f"/.{unit.name}." in there and f"{there}/".endswith(f".tmp/{own}/".replace("/./", "/"))
                   for there in flushed), path  # fmt: skip
    assert ("fsync", str(unit.parent)) in steps[published_at:complete_at]
    assert any(call == "fsync" and complete.name in path for call, path in steps[published_at:complete_at])
    assert ("fsync", str(unit.parent)) in steps[complete_at:]


# ---- without locks


@pytest.mark.fault(13)
def test_without_any_lock_two_makers_of_a_unit_leave_one_whole_unit(tmp_path: Path) -> None:
    """Where a file system has no locks, the rename alone decides."""
    code = (
        "import sys, time\nfrom pathlib import Path\nfrom zsstad_core.cache.units import publish\n"
        f"with publish(Path({str(tmp_path)!r}), {MEMBERS!r}, {{}}) as folder:\n"
        "    [(folder / str(i)).write_bytes(bytes(1000)) for i in range(200)]\n"
        "    print('in', flush=True); sys.stdin.readline()\n"
    )
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    both = [subprocess.Popen([sys.executable, "-c", code], text=True, cwd=ROOT, **pipes) for _ in range(2)]
    for process in both:
        assert process.stdout is not None
        assert process.stdout.readline() == "in\n"
    for process in both:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    assert [process.wait() for process in both] == [0, 0]
    (unit,) = published_units(tmp_path)
    unit.verify()
    assert [path.name for path in tmp_path.iterdir()] == [unit_name(MEMBERS)]
