"""Waiting for what another process or thread does, without a deadline: pytest's own timeout ends a test that hangs."""

import subprocess
import time
from collections.abc import Callable


def until[T](found: Callable[[], T], process: "subprocess.Popen[str] | None" = None) -> T:
    """Call `found` until it gives something true, and return that. Fails where `process` ends before."""
    while not (result := found()):
        assert process is None or process.poll() is None, "ended too soon"
        time.sleep(0.001)
    return result
