"""An action that dies in the middle: in a process of its own, at any line of the cache's code."""

import os
import signal
import sys
import time
import traceback
import warnings
from collections.abc import Callable
from types import FrameType
from typing import Any, Literal

import zsstad_core.work
from zsstad_core import cache
from zsstad_core.errors import UserError

FINISHED, REFUSED, STOPPED, _STRANGE = 0, 2, 130, 1
_CODE = (*cache.__path__, zsstad_core.work.__file__)
_PATIENCE = 600.0  # seconds until a process that hangs is a failure


def dies(action: Callable[[], object], line: int, by: Literal["kill", "ctrl-c"]) -> int:
    """Call `action` in a forked process that is killed, or gets a Ctrl-C, before the n-th line that it runs there.

    Gives -SIGKILL, STOPPED, FINISHED where there were fewer lines, or REFUSED where the action raised a UserError.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # threads of zarr: it starts its own anew in the child
        pid = os.fork()
    if pid == 0:
        _child(action, line, by)
    end = time.monotonic() + _PATIENCE
    while (ended := os.waitpid(pid, os.WNOHANG))[0] == 0:
        time.sleep(0.001)
        if time.monotonic() > end:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            raise AssertionError(f"hangs before its line {line}")
    code = os.waitstatus_to_exitcode(ended[1])
    assert code in (-signal.SIGKILL, STOPPED, FINISHED, REFUSED), "raised something that is no UserError"
    return code


def _child(action: Callable[[], object], line: int, by: str) -> None:
    left = line

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal left
        if not frame.f_code.co_filename.startswith(_CODE):
            return None
        if event == "line":
            left -= 1
            if left == 0 and by == "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            if left == 0:
                raise KeyboardInterrupt
        return trace

    code = _STRANGE
    try:
        sys.settrace(trace)
        action()
        code = FINISHED
    except UserError:
        code = REFUSED
    except KeyboardInterrupt:
        code = STOPPED
    except BaseException:
        traceback.print_exc()
    finally:
        sys.settrace(None)
        sys.stderr.flush()
        os._exit(code)
