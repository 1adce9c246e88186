"""The warm parent: imports what stages need, once, and forks a child for each stage that a client asks for.

    python -m zsstad_core.warm.server LISTENING_SOCKET PATH MAKE

It lives as long as the process MAKE does. It computes nothing, and touches no GPU: a child is as a new process would
be, but for the imports. A stage's module may have a function `imports(settings)`, which
names what the stage imports when it runs.
"""

import ctypes
import gc
import importlib
import json
import os
import runpy
import selectors
import signal
import socket
import sys
import time
import warnings
from collections.abc import Mapping, Set
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zsstad_core import configure
from zsstad_core.warm.client import HEADER

_PR_SET_PDEATHSIG = 1
_GRACE_S = 25.0  # stages that are told to stop take at most 20 s (`zsstad_core.stopping`)
_OF_MAKE = {"MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "MAKE_TERMOUT", "MAKE_TERMERR"}
_OF_MAKE |= {"ZSSTAD_VARIABLES", "_", "SHLVL", "OLDPWD"}
"""Variables that differ from one command of make to the next, and matter to no stage."""

_AT_START = dict(os.environ)


def main() -> None:
    """Serve; in a child, run the module that was asked for."""
    listener = socket.socket(fileno=int(sys.argv[1]))
    path, owner = sys.argv[2], int(sys.argv[3])
    stage = None
    try:
        os.set_inheritable(listener.fileno(), False)
        stage = WarmParent(listener, os.pidfd_open(owner)).serve()
    except ProcessLookupError:  # make has ended already
        pass
    finally:
        if stage is None:
            Path(path).unlink()
    if stage is not None:
        stage.run()


@dataclass(frozen=True)
class Stage:
    """What a client asks for: `python -m` with these words, in this environment and folder."""

    words: list[str]
    environment: dict[str, str]
    folder: str
    descriptors: list[int]

    def fits(self) -> bool:
        """Whether a child of this process would be as a new process: libraries have read their variables already."""
        of_makefile = set(self.environment.get("ZSSTAD_VARIABLES", "").split()) - {"GOMP_SPINCOUNT"}
        ours, theirs = (_of_libraries(of, of_makefile) for of in (_AT_START, self.environment))
        return self.folder == str(Path.cwd()) and ours == theirs

    def preload(self) -> None:
        """Import what the module will. Raises whatever its imports raise."""
        name, *arguments = self.words
        imports = getattr(importlib.import_module(name), "imports", None)
        if imports is not None:
            for module in imports(configure.from_words(arguments)):
                importlib.import_module(module)
        gc.freeze()  # so that a child's collections do not copy what it shares

    def run(self) -> None:
        """Run the module in this process, a child: on the client's standard streams, in a session of its own."""
        for number, descriptor in enumerate(self.descriptors):
            os.dup2(descriptor, number)
            os.close(descriptor)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
        set_by_imports = {name: value for name, value in os.environ.items() if _AT_START.get(name) != value}
        os.environ.clear()
        os.environ.update(self.environment | set_by_imports)
        sys.stdin = open(0, closefd=False)  # noqa: SIM115
        sys.stdout, sys.stderr = _stream(1, sys.stdout), _stream(2, sys.stderr)
        sys.argv = self.words
        sys.modules.pop(self.words[0], None)  # imported by the parent, for what it imports itself
        runpy.run_module(self.words[0], run_name="__main__", alter_sys=True)


def _of_libraries(environment: Mapping[str, str], of_makefile: Set[str]) -> dict[str, str]:
    """The variables that a library may read when it is imported.

    of_makefile: names of the Makefile's own; recipes have these in their environment, `$(shell)` has not.
    """
    return {name: value for name, value in environment.items() if name not in _OF_MAKE | of_makefile}


def _stream(descriptor: int, like: Any) -> Any:
    """A text stream that buffers as Python's own standard streams do."""
    lines = descriptor == 2 or os.isatty(descriptor)
    unbuffered = bool(os.environ.get("PYTHONUNBUFFERED"))
    stream = open(  # noqa: SIM115
        descriptor, "w", buffering=1 if lines else -1, encoding=like.encoding, errors=like.errors, closefd=False
    )
    stream.reconfigure(write_through=unbuffered)
    return stream


@dataclass(frozen=True)
class _Child:
    pid: int
    ended: int
    connection: socket.socket


class WarmParent:
    """Answers clients until its make has ended; then its children are stopped.

    owner: a pidfd of make.
    """

    def __init__(self, listener: socket.socket, owner: int) -> None:
        self._listener, self._owner = listener, owner
        self._events = selectors.DefaultSelector()
        self._events.register(listener, selectors.EVENT_READ)
        self._events.register(owner, selectors.EVENT_READ)
        self._children: list[_Child] = []
        self._pid = os.getpid()

    def serve(self) -> Stage | None:
        """Fork children and tell clients how they ended. Returns twice: a stage in each child, None in the parent."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        while True:
            for key, _ in self._events.select():
                if key.fileobj is self._listener:
                    stage = self._accept()
                    if stage is not None:
                        return stage
                elif key.fileobj == self._owner:
                    self._stop_children()
                    return None
                elif isinstance(key.fileobj, socket.socket):
                    self._pass_on_signals(key.data)
                else:
                    self._report(key.data)

    def _accept(self) -> Stage | None:
        """Start what a client asks for. Returns the stage in the child."""
        connection, _ = self._listener.accept()
        stage = pid = None
        with suppress(Exception, SystemExit):  # a process of its own shows what is wrong, as it always did
            stage = _receive(connection)
            if stage.fits():
                stage.preload()
                pid = _fork()
        if pid == 0:
            self._become_child(connection)
            return stage
        for descriptor in stage.descriptors if stage else ():
            os.close(descriptor)
        if pid is None:
            _answer(connection, "elsewhere")
            return None
        child = _Child(pid, os.pidfd_open(pid), connection)
        self._children.append(child)
        self._events.register(connection, selectors.EVENT_READ, child)
        self._events.register(child.ended, selectors.EVENT_READ, child)
        return None

    def _become_child(self, connection: socket.socket) -> None:
        os.setsid()
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != self._pid:  # the parent was killed before that
            os._exit(1)
        self._events.close()
        self._listener.close()
        os.close(self._owner)
        connection.close()
        for other in self._children:
            other.connection.close()
            os.close(other.ended)

    def _pass_on_signals(self, child: _Child) -> None:
        """Signals that came to the client, a number a line; the client's own end, whatever it was, is SIGKILL."""
        try:
            numbers = child.connection.recv(4096).split() or [b"%d" % signal.SIGKILL]
        except OSError:
            numbers = [b"%d" % signal.SIGKILL]
        for number in numbers:
            signal.pidfd_send_signal(child.ended, int(number))
        if int(numbers[-1]) == signal.SIGKILL:
            self._events.unregister(child.connection)

    def _report(self, child: _Child) -> None:
        """Tell the client how its child ended."""
        _, status = os.waitpid(child.pid, 0)
        self._children.remove(child)
        self._events.unregister(child.ended)
        os.close(child.ended)
        with suppress(KeyError):  # it may be gone already
            self._events.unregister(child.connection)
        _answer(child.connection, str(os.waitstatus_to_exitcode(status)))

    def _stop_children(self) -> None:
        others: list[Any] = [self._owner, self._listener, *(child.connection for child in self._children)]
        for other in others:
            with suppress(KeyError):
                self._events.unregister(other)
        for number, patience in ((signal.SIGTERM, _GRACE_S), (signal.SIGKILL, _GRACE_S)):
            for child in self._children:
                signal.pidfd_send_signal(child.ended, number)
            until = time.monotonic() + patience
            while self._children and (left := until - time.monotonic()) > 0:
                for key, _ in self._events.select(left):
                    self._report(key.data)


def _fork() -> int:
    """`os.fork`. The threads that libraries start when they are imported (OpenBLAS, jemalloc) prepare for it."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*multi-threaded, use of fork", DeprecationWarning)
        return os.fork()


def _receive(connection: socket.socket) -> Stage:
    header, descriptors, _, _ = socket.recv_fds(connection, HEADER, 3)
    size, request = int.from_bytes(header, "big"), b""
    while len(request) < size:
        request += connection.recv(size - len(request))
    return Stage(**json.loads(request), descriptors=descriptors)


def _answer(connection: socket.socket, text: str) -> None:
    with suppress(OSError):  # the client may be gone
        connection.sendall(text.encode())
    connection.close()


_libc = ctypes.CDLL(None)

if __name__ == "__main__":
    main()
