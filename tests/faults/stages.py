"""Stages as processes of their own on the small J-HMDB, and small disks that fill up for real."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.end_to_end.made import as_set, write_annotation, write_clips


def write_dataset(root: Path) -> Path:
    root.mkdir()
    write_clips(root)
    write_annotation(root)
    return root


def command(stage: str, dataset: Path, cache: Path, before: str = "", **changed: object) -> list[str]:
    """A stage as the Makefile calls it; `before` is Python that runs first; settings have `__` for a dot."""
    own = {"datasets.jhmdb.root": dataset, "cache.root": cache, "cache.clips_per_unit": 3}
    own |= {name.replace("__", "."): value for name, value in changed.items()}
    words = ["--head", "clip_frame", "--split", "2", "--set", as_set(own)]
    code = f"import importlib\n{before}\nimportlib.import_module('stages.{stage}').main()"
    return [sys.executable, *(["-c", code] if before else ["-m", f"stages.{stage}"]), *words]


def start(words: list[str]) -> "subprocess.Popen[str]":
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(words, cwd=ROOT, env=environment, text=True, preexec_fn=_hear_ctrl_c, **pipes)


def _hear_ctrl_c() -> None:
    """What a shell starts in the background is deaf to it, and so are its children."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def run(stage: str, dataset: Path, cache: Path, before: str = "", **changed: object) -> tuple[int, str]:
    """Exit code and what it wrote to standard error."""
    process = start(command(stage, dataset, cache, before, **changed))
    _, err = process.communicate()
    return process.returncode, err


def errors(err: str) -> list[str]:
    """The lines that are not progress."""
    return [line for line in err.splitlines() if not line.startswith("index: ")]


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """A tmpfs on `folder`, with `size` as mount's options; a skip where mounting is not allowed."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("needs the right to mount a small tmpfs")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def grow(folder: Path, size: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{size}", str(folder)], check=True)
