"""A cache that cannot be written to, as a colleague's may be, serves what it has."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end import runs
from tests.end_to_end.conftest import ByMake, Work


@pytest.fixture
def read_only(ready: Work, tmp_path: Path) -> Iterator[Path]:
    """A finished cache, seen through a mount that cannot be written to; permission bits do not bind root."""
    if os.geteuid() != 0:
        for path in [ready.cache, *ready.cache.rglob("*")]:
            path.chmod(path.stat().st_mode & ~0o222)
        yield ready.cache
        for path in [ready.cache, *ready.cache.rglob("*")]:
            path.chmod(path.stat().st_mode | 0o200)
        return
    mounted = tmp_path / "mounted"
    mounted.mkdir()
    if subprocess.run(["mount", "--bind", str(ready.cache), str(mounted)], capture_output=True).returncode:
        pytest.skip("root needs the right to mount: permission bits do not bind it")
    try:
        subprocess.run(["mount", "-o", "remount,ro,bind", str(mounted)], check=True)
        yield mounted
    finally:
        subprocess.run(["umount", str(mounted)], check=True)


@pytest.mark.fault(47)
def test_a_finished_cache_is_served_without_writing(read_only: Path, ready: Work, by_make: ByMake):
    settings = {**ready.settings, "cache.root": read_only}
    shown = runs.make("eval", settings).ok()
    assert shown.out.splitlines()[:-1] == by_make.eval.out.splitlines()[-len(shown.out.splitlines()) : -1]
    assert Path(shown.out.splitlines()[-1]).is_file()
    assert runs.make("extract", settings).ok().out.startswith("extract: nothing to do")


@pytest.mark.fault(47)
def test_work_that_would_have_to_be_kept_there_is_refused_in_one_line(read_only: Path, ready: Work, tmp_path: Path):
    settings = {**ready.settings, "cache.root": read_only, "scoring.threshold": 0.3}
    ended = runs.Running("eval", settings, tmp_path / "log").wait()
    assert ended.code == 2, ended.err
    (line,) = [line for line in ended.err.splitlines() if "error" in line.lower()]
    assert line.startswith("error: ")
    assert "cannot be written" in line
    assert "Traceback" not in ended.err
