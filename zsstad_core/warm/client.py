"""Run a module as `python -m` would, in a child of the warm parent.

    python -I -S zsstad_core/warm/client.py stages.score --split 1

The environment variable WARM holds the process number of the make that the warm parent belongs to. Without it, or where
no warm parent can be had, the module runs in this very process instead.

It starts in some 20 ms, because it imports nothing but a few modules of the standard library.
"""

import errno
import json
import os
import signal
import socket
import sys

HEADER = 8
"""Bytes of a request's length, which come before it."""

_FORWARDED = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2")


def main() -> None:
    """Run the module that the command line names; ends with its exit code, or by the signal that ended it."""
    words = sys.argv[1:]
    owner = os.environ.get("WARM", "")
    connection = _connect(owner) if owner.isdecimal() and hasattr(os, "pidfd_open") else None
    if connection is not None:
        _forward_signals(connection)
        end = _ask(connection, words)
        if end is not None:
            _end_as(end)
    os.execv(sys.executable, [sys.executable, "-m", *words])


def _connect(owner: str) -> socket.socket | None:
    """A connection to the warm parent of a make, which is started if need be; None if there can be none."""
    try:
        begun = _begin(owner)
        path = f".plan/warm-{owner}-{begun}.sock"
        os.makedirs(".plan", exist_ok=True)  # noqa: PTH103 - pathlib takes longer to import than all of this
        listener = _listen(path)
        if listener is not None:
            _start(listener, path, owner)
            _remove_stale_sockets()
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(path)
        return connection
    except OSError:
        return None


def _begin(process: str) -> str:
    """When a process began, in ticks since the machine did; with its number it names one process for good."""
    with open(f"/proc/{process}/stat") as file:  # noqa: PTH123 - pathlib takes longer to import than all of this
        return file.read().rpartition(")")[2].split()[19]


def _listen(path: str) -> socket.socket | None:
    """A socket that listens at `path`; None if one is there already."""
    listener = socket.socket(socket.AF_UNIX)
    before = os.umask(0o177)  # nobody else may hand stages to it
    try:
        listener.bind(path)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        return None
    finally:
        os.umask(before)
    listener.listen(64)
    return listener


def _remove_stale_sockets() -> None:
    """Remove the sockets of processes that have ended; a warm parent that was killed leaves its own."""
    for name in os.listdir(".plan"):  # noqa: PTH208
        if name.startswith("warm-"):
            _, process, begun = name.removesuffix(".sock").split("-")
            try:
                stale = _begin(process) != begun
            except OSError:
                stale = True
            if stale:
                os.unlink(f".plan/{name}")  # noqa: PTH108


def _start(listener: socket.socket, path: str, owner: str) -> None:
    """Start the warm parent, which answers at `listener`; connections wait there until it does."""
    words = [sys.executable, "-m", "zsstad_core.warm.server", str(listener.fileno()), path, owner]
    nothing = os.open(os.devnull, os.O_RDWR)
    os.set_inheritable(listener.fileno(), True)
    # A second fork, so that it is no child of this process, which make waits for.
    if (middle := os.fork()) == 0:
        os.setsid()  # a signal to make's process group reaches the stages once, through their clients
        if os.fork() == 0:
            for descriptor in (0, 1, 2):
                os.dup2(nothing, descriptor)
            os.closerange(3, listener.fileno())
            os.closerange(listener.fileno() + 1, 1024)
            os.execv(sys.executable, words)
        os._exit(0)
    os.waitpid(middle, 0)
    os.close(nothing)
    listener.close()


def _forward_signals(connection: socket.socket) -> None:
    def forward(number: int, _: object) -> None:
        connection.sendall(b"%d\n" % number)

    for name in _FORWARDED:
        number = getattr(signal, name)
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, forward)


def _ask(connection: socket.socket, words: list[str]) -> int | None:
    """Have it run. Returns its exit code, or minus the signal that ended it; None if it must run in this process."""
    folder = os.getcwd()  # noqa: PTH109
    request = json.dumps({"words": words, "environment": dict(os.environ), "folder": folder}).encode()
    message = len(request).to_bytes(HEADER, "big") + request
    try:
        sent = socket.send_fds(connection, [message[:HEADER]], [0, 1, 2])
        connection.sendall(message[sent:])
    except OSError:
        return None
    try:
        answer = b""
        while part := connection.recv(64):
            answer += part
    except OSError:
        answer = b""
    if answer == b"elsewhere":
        return None
    return int(answer) if answer else -signal.SIGKILL  # the warm parent was killed, and its children with it


def _end_as(end: int) -> None:
    if end < 0:
        if -end != signal.SIGKILL:  # its action cannot be set
            signal.signal(-end, signal.SIG_DFL)
        os.kill(os.getpid(), -end)
    os._exit(end)


if __name__ == "__main__":
    main()
