"""Waiting for what another process or thread does, without a deadline: pytest's own timeout ends a test that hangs."""

import time
from collections.abc import Callable


def until[T](found: Callable[[], T]) -> T:
    """Call `found` until it gives something true, and return that."""
    while not (result := found()):
        time.sleep(0.001)
    return result
