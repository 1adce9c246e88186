"""Time the planning and the reading of the index at the size of UCF101-24: 3,200 videos, 550,000 frames.

    python -m benchmarks.plan

Makes a dataset of that many small files with its annotation, and an index artifact with that many frame rows, in a
temporary folder. Prints the seconds of `make plan` as a process (first while the digests of all files are unknown, then
again), compared with an interpreter that imports numpy and pydantic and does nothing; and the memory of reading the
index.
"""

import pickle
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from zsstad_core.cache.read import read_artifact_table
from zsstad_core.configure import load
from zsstad_core.datasets.jhmdb import CLASSES
from zsstad_core.plan.plan import Plan
from zsstad_core.work import Content

VIDEOS, FRAMES = 3_200, 172  # frames of each video: 550,400 in all


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        overrides = make_dataset(Path(folder))
        idle = seconds("-c", "import numpy, pydantic, yaml")
        first = seconds("-m", "stages.plan", "--set", overrides)
        again = min(seconds("-m", "stages.plan", "--set", overrides) for _ in range(3))
        print(f"make plan, first      {first:6.2f} s  {first / idle:5.1f} x an interpreter with its libraries")
        print(f"make plan, again      {again:6.2f} s  {again / idle:5.1f} x")
        plan = Plan(load(Path("pipeline.yaml"), overrides=overrides))
        make_index(plan)
        complete = min(seconds("-m", "stages.plan", "--set", overrides) for _ in range(3))
        print(f"with a complete index {complete:6.2f} s  {complete / idle:5.1f} x")
        before, start = peak(), time.perf_counter()
        frames = read_artifact_table(plan.index, "frames")
        print(
            f"reading the index: {len(frames):,} frames in {time.perf_counter() - start:.2f} s; "
            f"peak memory of the process {peak():.0f} MB, {before:.0f} MB before"
        )


def make_dataset(root: Path) -> str:
    """Make a J-HMDB-like dataset of VIDEOS files; returns the settings that point to it."""
    names = [f"{CLASSES[i % len(CLASSES)]}/clip_{i:05}" for i in range(VIDEOS)]
    for name in names:
        path = root / "videos" / f"{name}.avi"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode() * 500)
    tube = np.tile(np.array([[0, 10, 10, 60, 90]], np.float32), (FRAMES, 1))
    tube[:, 0] = np.arange(1, FRAMES + 1)
    train, test = names[::2], names[1::2]
    annotation = {
        "labels": list(CLASSES),
        "train_videos": [train] * 3,
        "test_videos": [test] * 3,
        "gttubes": {name: {i % len(CLASSES): [tube]} for i, name in enumerate(names)},
        "nframes": dict.fromkeys(names, FRAMES),
        "resolution": dict.fromkeys(names, (240, 320)),
    }
    (root / "JHMDB-GT.pkl").write_bytes(pickle.dumps(annotation, protocol=2))
    return f"datasets.jhmdb.root={root} cache.root={root}/cache"


def make_index(plan: Plan) -> None:
    """Publish an index as if all clips had been decoded."""
    for group in plan.index.begin():
        names = list(group.members)
        videos = pd.DataFrame({"video_id": names, "digest": list(group.members.values()), "width": 320, "height": 240})
        frames = pd.DataFrame({"video_id": np.repeat(names, FRAMES), "frame": np.tile(np.arange(FRAMES), len(names))})
        content = Content(
            {"videos": videos.assign(frames=FRAMES, fps=25.0), "frames": frames.assign(pts=frames["frame"] / 25)}
        )
        with plan.index.publish(group) as folder:
            content.write(folder)
    plan.index.complete()


def seconds(*arguments: str) -> float:
    """Seconds that a Python process with these arguments takes."""
    start = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def peak() -> float:
    """Highest memory of this process so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


if __name__ == "__main__":
    main()
