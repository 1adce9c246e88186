"""Waiting for what another process or thread does, without a deadline: pytest's own timeout ends a test that hangs."""

import subprocess
import time
from collections.abc import Callable
from pathlib import Path


def until[T](found: Callable[[], T], process: "subprocess.Popen[str] | None" = None) -> T:
    """Call `found` until it gives something true, and return that. Fails where `process` ends before."""
    while not (result := found()):
        assert process is None or process.poll() is None, "ended too soon"
        time.sleep(0.001)
    return result


def until_files_have_another_time(folder: Path) -> None:
    """Wait until what is written now is later than what was written before: the clock of files may be coarse.

    folder: an existing one; a file comes and goes in it.
    """
    probe = folder / "probe of the clock"
    probe.touch()
    before = probe.stat().st_mtime_ns

    def is_later() -> bool:
        probe.touch()
        return probe.stat().st_mtime_ns > before

    until(is_later)
    probe.unlink()
