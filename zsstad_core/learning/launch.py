"""Starts several processes on this host that train a head together, and watches over them."""

import multiprocessing
import os
import pickle
import signal
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable, Sequence
from multiprocessing import connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist

from zsstad_core.errors import SettingsError, UserError
from zsstad_core.learning.rank import Rank

_context: Any = multiprocessing.get_context("spawn")


def run_ranks[A, T](count: int, device: str, work: Callable[[Rank, str, A], T], argument: A) -> T:
    """Call `work(rank, device, argument)` in `count` new processes at once; returns what the first one returns.

    work: a module-level function; its argument and result can be pickled. device: cpu, or cuda, where each process gets
    its own GPU, as cuda:N. This process computes nothing. When one process fails, all are ended. A UserError or OSError
    that a process raised is raised here; any other failure is a RuntimeError with the process's traceback.

    Raises SettingsError where there are fewer GPUs than processes, UserError where a process was killed.
    """
    _refuse_too_many(count, device)
    sys.stdout.flush()
    with tempfile.TemporaryDirectory(prefix="zsstad-ranks-") as name:
        folder, processes = Path(name), list[BaseProcess]()
        try:
            for number in range(count):
                started = _context.Process(target=_run, args=(Rank(number, count), device, folder, work, argument))
                started.start()
                processes.append(started)
            killed = _wait(processes)
        finally:
            for process in processes:
                process.kill()
                process.join()
        _raise_errors(folder, killed, count)
        result: T = pickle.loads((folder / "result").read_bytes())
        return result


def _refuse_too_many(count: int, device: str) -> None:
    if device.startswith("cuda:"):
        raise SettingsError(
            f"training.processes is {count}, and each takes a GPU, but device is {device}; set device=cuda"
        )
    if device == "cuda" and (there := torch.cuda.device_count()) < count:
        raise SettingsError(f"training.processes is {count}, and each takes a GPU; this host has {there}: lower it")


def _wait(processes: Sequence[BaseProcess]) -> dict[int, int]:
    """Wait until all processes have succeeded, or one has failed; returns the signals that killed processes."""
    left = list(processes)
    while left:
        ready = connection.wait([process.sentinel for process in left])
        ended = [process for process in left if process.sentinel in ready]
        left = [process for process in left if process.sentinel not in ready]
        for process in ended:
            process.join()
        if any(process.exitcode for process in ended):
            break
    codes = {number: process.exitcode or 0 for number, process in enumerate(processes)}
    return {number: -code for number, code in codes.items() if code < 0}


def _raise_errors(folder: Path, killed: dict[int, int], count: int) -> None:
    """Raise the first error; later errors come from processes that lost contact with the failed one."""
    for file in sorted(folder.glob("error-*")):
        raise pickle.loads(file.read_bytes())
    for number, by in killed.items():
        raise UserError(
            f"training process {number + 1} of {count} was killed ({signal.Signals(by).name}; memory?); the same "
            "command goes on from the last checkpoint"
        )
    for file in sorted(folder.glob("trace-*"), key=lambda path: path.stat().st_mtime_ns):
        raise RuntimeError(f"a training process failed:\n{file.read_text()}")


def _run(rank: Rank, device: str, folder: Path, work: Callable[[Rank, str, Any], Any], argument: Any) -> None:
    """The main function of a new process: join the other processes and do the work."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole process group; the parent ends this one
    threading.Thread(target=_end_with_parent, daemon=True).start()
    os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")  # all processes are on this host; its name may not resolve
    torch.set_num_threads(max(torch.get_num_threads() // rank.count, 1))
    try:
        backend = "gloo"
        if device == "cuda":
            backend, device = "cpu:gloo,cuda:nccl", f"cuda:{rank.number}"
            torch.cuda.set_device(device)
        meeting = f"file://{folder / 'meeting'}"
        dist.init_process_group(backend, init_method=meeting, rank=rank.number, world_size=rank.count)
        result = work(rank, device, argument)
        if rank.first:
            (folder / "result").write_bytes(pickle.dumps(result))
        dist.destroy_process_group()
    except (UserError, OSError) as error:
        _leave(folder / f"error-{rank.number}", pickle.dumps(error))
    except Exception:  # a bug, or the loss of another process
        _leave(folder / f"trace-{rank.number}", traceback.format_exc().encode())


def _leave(file: Path, content: bytes) -> None:
    """Write the error to `file` and exit at once: to leave the process group properly would wait for the others."""
    temporary = file.with_name(f".{file.name}")
    temporary.write_bytes(content)
    temporary.replace(file)
    sys.stdout.flush()
    os._exit(1)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)
