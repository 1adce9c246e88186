"""How long a user waits for what is computed already, or is small: processor and wall time over `import torch`'s.

    python -m benchmarks.waiting                      this checkout
    python -m benchmarks.waiting --beside OTHER       and another one (its .venv made), in turn, and the ratio
    python -m benchmarks.waiting --demo               make demo too, with empty caches: minutes

Every figure is the median over rounds of a command's time divided by the time of a bare `python -c "import torch"` in
the same round. Processor time is that of all processes that a command starts, also those that outlive their parents.
"""

import argparse
import ctypes
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

_PR_SET_CHILD_SUBREAPER = 36
type Seconds = tuple[float, float]  # processor, wall


def main() -> None:
    """Measure and print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--beside", type=Path, help="another checkout")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--demo", action="store_true")
    options = parser.parse_args()
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)  # what outlives its parent becomes a child of this process
    trees = {"here": Path.cwd()} | ({"beside": options.beside.resolve()} if options.beside else {})
    with tempfile.TemporaryDirectory() as folder:
        found = {name: Waiting(tree, Path(folder) / name) for name, tree in trees.items()}
        for number in range(options.rounds + 1):  # the first one fills caches of files, and does not count
            for waiting in found.values():
                waiting.round(counts=number > 0, demo=options.demo)
    columns = [f"{name}, {what}" for name in trees for what in ("processor", "wall")]
    print(f"| | {' | '.join(columns)} |\n|---|{'---|' * len(columns)}")
    for command in found["here"].ratios:
        cells = [f"{ratio:.2f}" for waiting in found.values() for ratio in waiting.median(command)]
        print(f"| {command} | {' | '.join(cells)} |")


class Waiting:
    """The commands in one checkout, on a small rendered world and caches of their own."""

    def __init__(self, tree: Path, folder: Path) -> None:
        self._tree, self._folder = tree, folder
        self.ratios: dict[str, list[Seconds]] = {}
        folder.mkdir()
        world = folder / "world"
        words = ["zsstad_core.stickworld", "--write", str(world), "--train-clips", "1", "--test-clips", "1"]
        subprocess.run([sys.executable, "-m", *words], check=True)
        self._video = next(iter(sorted(world.glob("videos/kick_ball/test-*"))))
        self._small = f"datasets.stickworld.root={folder}/stickworld datasets.stickworld.train_clips=1"
        self._small += f" datasets.stickworld.test_clips=1 cache.root={folder}/cache scoring.boxes=groundtruth"
        self._make("eval", "DATASET=stickworld", "HEAD=oracle", f"SET={self._small}")

    def round(self, *, counts: bool, demo: bool) -> None:
        """Time every command once."""
        torch = self._seconds([".venv/bin/python", "-c", "import torch"])
        stickworld = ("DATASET=stickworld", "HEAD=oracle", f"SET={self._small}")
        shutil.rmtree(self._folder / "answers", ignore_errors=True)
        commands: dict[str, Callable[[], Seconds]] = {
            "make plan": lambda: self._make("plan", *stickworld),
            "make eval, nothing to do": lambda: self._make("eval", *stickworld),
            "first question": lambda: self._ask("kick a ball, wave, clap"),
            "second question": lambda: self._ask("juggle, sing"),
        }
        if demo:
            commands["make demo"] = self._demo
        for name, command in commands.items():
            seconds = command()
            if counts:
                ratio = (seconds[0] / torch[0], seconds[1] / torch[1])
                self.ratios.setdefault(name, []).append(ratio)

    def median(self, command: str) -> Seconds:
        """The median ratios of a command: processor, wall."""
        processor, wall = zip(*self.ratios[command], strict=True)
        return statistics.median(processor), statistics.median(wall)

    def _ask(self, labels: str) -> Seconds:
        answers = self._folder / "answers"
        chosen = ("HEAD=clip_crop", "RECIPE=stickworld", f"SET=cache.root={answers}/cache", f"OUT={answers}/out")
        return self._make("ask", f"VIDEO={self._video}", f"LABELS={labels}", *chosen)

    def _demo(self) -> Seconds:
        copy = self._folder / "demo"
        shutil.rmtree(copy, ignore_errors=True)
        subprocess.run(["git", "clone", "-q", str(self._tree), str(copy)], check=True)
        (copy / ".venv").symlink_to((self._tree / ".venv").resolve())
        return self._seconds(["make", "demo"], copy)

    def _make(self, *words: str) -> Seconds:
        return self._seconds(["make", "--no-print-directory", *words])

    def _seconds(self, words: list[str], tree: Path | None = None) -> Seconds:
        """Processor and wall time of a command with all that it starts."""
        before, start = _of_children(), time.perf_counter()
        done = subprocess.run(words, cwd=tree or self._tree, capture_output=True, text=True, check=False)
        wall = time.perf_counter() - start
        if done.returncode:
            sys.exit(f"{' '.join(words)}: {done.stderr}")
        _wait_for_orphans()
        return _of_children() - before, wall


def _of_children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _wait_for_orphans() -> None:
    try:
        while True:
            os.wait()
    except ChildProcessError:
        return


if __name__ == "__main__":
    main()
