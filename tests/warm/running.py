"""Clients of a warm parent, for a process that stands in place of make."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.conftest import ROOT, plain_environment

CLIENT = [sys.executable, "-I", "-S", "zsstad_core/warm/client.py", "tests.warm.made_stage"]


class Make:
    """A process that waits, and clients that belong to it."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(["sleep", "3600"])
        self.number = str(self._process.pid)

    def start(self, *words: str, **variables: str) -> "subprocess.Popen[str]":
        """A client, as a command of this make."""
        return subprocess.Popen(
            [*CLIENT, *words],
            cwd=ROOT,
            env={**plain_environment(), "WARM": self.number, **variables},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, *words: str, stdin: str = "", **variables: str) -> "subprocess.CompletedProcess[str]":
        process = self.start(*words, **variables)
        out, err = process.communicate(stdin)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    @property
    def sockets(self) -> list[Path]:
        return list((ROOT / ".plan").glob(f"warm-{self.number}-*.sock"))

    @property
    def parent(self) -> int:
        """The number of the warm parent's process."""
        return int(self.run("parent").stdout)


@contextmanager
def one_make() -> Iterator[Make]:
    make = Make()
    try:
        yield make
    finally:
        make.kill()
        until(lambda: not make.sockets)


def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds; a test that waits in vain ends by its time limit."""
    while not holds():
        time.sleep(0.01)


def gone(number: int) -> bool:
    """Whether a process has ended; one that nobody has waited for yet has."""
    try:
        stat = Path(f"/proc/{number}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return True
    return stat.rpartition(")")[2].split()[0] in "ZX"
