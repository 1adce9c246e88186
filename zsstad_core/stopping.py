"""SIGTERM ends a command as Ctrl-C does: by an exception that unwinds it, so that half-written files are removed."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_GRACE_S = 20.0  # a batch system sends SIGKILL some 30 s after SIGTERM
_AGAIN_S = 0.01


class Terminated(BaseException):
    """The process has received SIGTERM."""


@contextmanager
def sigterm_raises() -> Iterator[None]:
    """SIGTERM raises Terminated in the block; 20 s later at the latest, the process ends with exit code 143.

    Python drops an exception that is raised in a destructor or in a weak reference's callback, and a signal may well
    come there: such a dropped exception, Terminated or KeyboardInterrupt, is raised once more.
    """
    if threading.current_thread() is not threading.main_thread():  # Python handles signals in the main thread only
        yield
        return

    def stop(number: int, _: object) -> None:
        signal.signal(number, signal.SIG_IGN)  # make sends SIGTERM again to a process group that has had it
        _later(_GRACE_S, os._exit, 143)
        raise Terminated

    def dropped(what: "sys.UnraisableHookArgs") -> None:
        if isinstance(what.exc_value, Terminated):
            signal.signal(signal.SIGTERM, stop)
            _later(_AGAIN_S, os.kill, os.getpid(), signal.SIGTERM)
        elif isinstance(what.exc_value, KeyboardInterrupt):
            _later(_AGAIN_S, os.kill, os.getpid(), signal.SIGINT)
        else:
            said(what)

    said, sys.unraisablehook = sys.unraisablehook, dropped
    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        sys.unraisablehook = said
        if signal.getsignal(signal.SIGTERM) is stop:
            signal.signal(signal.SIGTERM, before)


def _later(seconds: float, do: Callable[..., object], *args: object) -> None:
    timer = threading.Timer(seconds, do, args)
    timer.daemon = True
    timer.start()
