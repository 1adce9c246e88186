"""Commands as a user types them: through make, or quicker, in a process that make's plan is handed to.

What make starts is seconds of imports for every stage. `start` asks make what it would start (`make -n`) and runs just
that, stage by stage, in a process forked from a server that has imported everything already.
"""

import importlib
import multiprocessing
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.forkserver import ensure_running
from pathlib import Path

from tests.conftest import ROOT, plain_environment
from tests.end_to_end.made import Settings, as_set

_context = multiprocessing.get_context("forkserver")
_HEAVY = [
    *("torch._dynamo", "torch.utils.tensorboard", "tests.end_to_end.mmdet_bridged", "open_clip"),
    *("av", "zarr", "pyarrow.parquet", "zsstad_core.learning.train", "zsstad_core.frozen.encoder", "stages.score"),
]


@dataclass(frozen=True)
class Ended:
    """A command that has come to its end: its exit code, what it printed, and the stages that make chose to start."""

    code: int
    out: str
    err: str
    stages: tuple[str, ...] = ()

    def ok(self) -> "Ended":
        assert self.code == 0, self.out + self.err
        return self


def words(target: str, settings: Settings, **choices: object) -> list[str]:
    """`make TARGET SPLIT=2 HEAD=… SET=…`."""
    split = "" if target == "table" else 2  # a table has SPLITS=
    chosen = {"SPLIT": split, **{name.upper(): value for name, value in choices.items()}}
    return ["make", target, *(f"{name}={value}" for name, value in chosen.items()), f"SET={as_set(settings)}"]


def popen(
    target: str, settings: Settings, *flags: str, own: bool = False, **choices: object
) -> "subprocess.Popen[str]":
    """make, in a process group of its own, with one thread a process.

    own: with a warm parent of its own, as a user has it; else all make of this test process share one.
    """
    shared = {} if own else {"WARM": str(os.getpid())}
    return subprocess.Popen(
        [*words(target, settings, **choices), *flags],
        cwd=ROOT,
        env={**plain_environment(), **shared, "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def make(target: str, settings: Settings, *flags: str, **choices: object) -> Ended:
    process = popen(target, settings, *flags, **choices)
    out, err = process.communicate()
    return Ended(process.returncode, out, err)


def plan(target: str, settings: Settings, **choices: object) -> list[list[str]]:
    """The arguments of each stage that make would start now: [["stages.index", "--split", …], …]."""
    out = make(target, settings, "-n", **choices).ok().out
    started = re.findall(r"^\.venv/bin/python (?:-m|-I -S zsstad_core/warm/client\.py) (stages\..*)$", out, re.M)
    return [shlex.split(words) for words in started]


def stages(commands: Sequence[Sequence[str]]) -> tuple[str, ...]:
    return tuple(command[0].removeprefix("stages.") for command in commands)


def warm_up() -> None:
    """Let the server import what stages need, while something else goes on."""
    _context.set_forkserver_preload(_HEAVY)  # of use when it comes first; the server starts once in a test run
    ensure_running()


def in_server[**P](function: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None:
    """Call a function in a process where everything is imported, and wait for it."""
    process = _context.Process(target=function, args=args, kwargs=kwargs)
    process.start()
    process.join()
    assert process.exitcode == 0


@dataclass(frozen=True)
class Moment:
    """When a process kills itself: in a call of fsync, counted from the time when so many files are there.

    The same moment each time, however busy the machine is. files: a glob pattern in `folder`.
    """

    call: int = 1
    folder: Path = Path()
    files: str = ""
    count: int = 0

    def is_reached(self) -> bool:
        return self.count == 0 or sum(1 for _ in self.folder.glob(self.files)) >= self.count


class Running:
    """The stages that make would start for a command, one after the other in one process and process group."""

    def __init__(
        self, target: str, settings: Settings, log: Path, dies: Moment | None = None, **choices: object
    ) -> None:
        self._commands = plan(target, settings, **choices)
        self._out, self._err = log.with_suffix(".out"), log.with_suffix(".err")
        arguments = (self._commands, str(self._out), str(self._err), dies)
        self._process = _context.Process(target=_run, args=arguments)
        self._process.start()

    def wait(self) -> Ended:
        self._process.join()
        assert self._process.exitcode is not None
        out, err = self._out.read_text(), self._err.read_text()
        return Ended(self._process.exitcode, out, err, stages(self._commands))

    def killed(self) -> None:
        """Wait for the end of a process that kills itself."""
        self._process.join()
        assert self._process.exitcode == -signal.SIGKILL, f"was not killed: {self._err.read_text()}"


def run(target: str, settings: Settings, log: Path, **choices: object) -> Ended:
    """As `make`, in a tenth of its time."""
    return Running(target, settings, log, **choices).wait()


def _run(commands: Sequence[Sequence[str]], out: str, err: str, dies: Moment | None) -> None:
    os.setsid()
    if dies is not None:
        _die_in_fsync(dies)
    for descriptor, file in ((1, out), (2, err)):
        os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644), descriptor)
    sys.stdout, sys.stderr = os.fdopen(1, "w", buffering=1), os.fdopen(2, "w", buffering=1)
    os.chdir(ROOT)

    import torch

    torch.set_num_threads(1)
    for module, *arguments in commands:
        sys.argv = [module, *arguments]
        importlib.import_module(module).main()


def _die_in_fsync(moment: Moment) -> None:
    """SIGKILL to this process group in a call of fsync, when what the process writes is half there."""
    fsync, left = os.fsync, moment.call

    def fsync_or_die(descriptor: int) -> None:
        nonlocal left
        if left == moment.call and not moment.is_reached():
            fsync(descriptor)
            return
        left -= 1
        if left == 0:
            os.killpg(0, signal.SIGKILL)
        fsync(descriptor)

    os.fsync = fsync_or_die
