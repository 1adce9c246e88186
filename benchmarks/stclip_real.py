"""Run ST-CLIP at the paper's size on a few real J-HMDB clips: time and peak memory of each command, time of a step.

    python -m benchmarks.stclip_real --data ../shared/realdata

ViT-B/16 with random weights, YOLOX-nano of COCO, ST-CLIP's default settings except the number of steps; from each class
the first training clip and the first test clip by name. `--data` is a folder as in the README's small run.
"""

import argparse
import json
import os
import re
import shlex
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from zsstad_core.datasets.jhmdb import CLASSES
from zsstad_core.datasets.jhmdb_pickle import JhmdbPickle

SPLIT = 1
HERE = ("run", "golf", "swing_baseball")  # of split 1: one unseen class and two seen classes


@dataclass(frozen=True)
class Usage:
    """A command that has ended: its seconds, the peak memory of its largest process (GiB), and what it printed."""

    seconds: float
    peak: float
    out: str


def main() -> None:
    """Run the commands and print the tables in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--set", default="", dest="overrides", help="more settings")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        chosen = clips(options.data.absolute(), Path(folder))
        settings = {
            "datasets.jhmdb.root": folder,
            "datasets.jhmdb.clips_per_class": 1,
            "detector.checkpoint": options.data.absolute() / "weights/yolox_nano/yolox_nano_mmdet.pth",
            "encoder.pretrained": "random",
            "training.iterations": options.steps,
            "training.warmup": 1,
            "training.log_every": 1,
            "cache.root": f"{folder}/cache",
        }
        words = " ".join(
            [*(f"{name}={shlex.quote(str(value))}" for name, value in settings.items()), options.overrides]
        )
        used = {target: make(target, words) for target in ("extract", "train", "eval")}
        metrics = json.loads(Path(used["eval"].out.splitlines()[-1]).read_text())
    frames, unseen = metrics["groundtruth"]["frames counted"], 100 * metrics["unseen"]
    print(f"\n{', '.join(chosen)}\n\n| | seconds | peak memory |\n|---|---|---|")
    for target, of_target in used.items():
        print(f"| make {target} | {of_target.seconds:.0f} | {of_target.peak:.1f} GiB |")
    rates = [float(rate) for rate in re.findall(r"([\d.]+) it/s", used["train"].out)]
    print(f"\n{options.steps} steps of {1 / rates[-1]:.1f} s; {frames} frames evaluated, unseen {unseen:.2f}")


def clips(data: Path, folder: Path) -> list[str]:
    """Link the clips and the annotation into `folder` as the dataset expects them. Returns the names of the clips."""
    annotation = data / "annotations/jhmdb/JHMDB-GT.pkl"
    parts = JhmdbPickle(annotation, 1, CLASSES).parts
    there = {f"{path.parent.name}/{path.stem}": path for path in sorted((data / "videos/jhmdb").glob("*/*.avi"))}
    chosen = [
        next(name for name in there if name.startswith(f"{of_class}/") and parts.get(name) == part)
        for of_class in HERE
        for part in ("train", "test")
    ]
    for name in chosen:
        link = folder / "videos" / f"{name}.avi"
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(there[name])
    (folder / annotation.name).symlink_to(annotation)
    return chosen


def make(target: str, settings: str) -> Usage:
    """Run make and collect what it prints, progress included. Raises CalledProcessError if it fails."""
    command = ["make", "--no-print-directory", target, "DATASET=jhmdb", f"SPLIT={SPLIT}", "HEAD=stclip"]
    command += ["RECIPE=yolox-nano", f"SET={settings}"]
    start = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        out = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command, out)
    return Usage(time.perf_counter() - start, usage.ru_maxrss / 2**20, out)


if __name__ == "__main__":
    main()
