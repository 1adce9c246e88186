"""Metrics, weights and scores of the golden runs: made by another interpreter, read from its caches.

`golden_files` keeps and compares them, `head_runs` lists the runs.
"""

import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from tests.golden.head_runs import INITIAL
from tests.golden.made_clip import write_clip
from tests.golden.made_clips import write_clips
from tests.golden.noise import noise
from tests.golden.system import initial_weights, words

HERE = Path(__file__).parent

type Tensors = Mapping[str, NDArray[Any]]


def prepare(folder: Path) -> None:
    """Write what all runs need into an empty folder."""
    write_clips(folder)
    (folder / "demo").mkdir()
    (folder / "demo" / "models").symlink_to(HERE.parents[1] / "demo" / "models")


def compute(folder: Path, lines: Mapping[str, str], heads: Mapping[str, Path] | None = None) -> None:
    """Run the stages of some lines in `folder`, one after the other, each into a cache of its own (`cache_of`).

    heads: files of weights, by name of the run, that stand in for the training. Raises RuntimeError with what the
    stages have printed where one fails.
    """
    read = {name: {"head": str(path)} for name, path in (heads or {}).items()}
    asked = [{"line": line, "cache": cache_of(name), **read.get(name, {})} for name, line in lines.items()]
    done = subprocess.run(
        [sys.executable, "-m", "tests.golden.system", "run"],
        input=json.dumps(asked),
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(HERE.parents[1]), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stdout + done.stderr)


def cache_of(name: str) -> str:
    """Name of a run's cache: one for all that differ in the part before ` of ` only."""
    return re.sub(r"[^\w]+", "-", name.rpartition(" of ")[2])


def head_file(folder: Path, name: str, line: str) -> Path:
    """The weights that a run has trained."""
    return _of_head(folder, name, line, "train", "head.pt")


def weights(file: Path) -> dict[str, NDArray[Any]]:
    """The tensors of a file of weights."""
    return {name: tensor.numpy() for name, tensor in torch.load(file, map_location="cpu", weights_only=True).items()}


def save_stirred(trained: Path, file: Path) -> None:
    """Write the weights of `trained` to `file`, each moved by noise: a short training leaves many of them where they
    have no effect, and a mistake in what reads them would not be seen."""
    tensors = torch.load(trained, map_location="cpu", weights_only=True)
    for name, tensor in tensors.items():
        tensor += torch.from_numpy(noise(name, *tensor.shape)) * max(tensor.shape[-1:], default=1) ** -0.5
    torch.save(dict(tensors), file)


def initial(folder: Path, name: str) -> dict[str, NDArray[Any]]:
    """The tensors that the training of a head starts from; `folder` gets the encoder's files."""
    write_clip(folder)
    encoder = {"model": str(folder / "clip.json"), "pretrained": str(folder / "clip.safetensors")}
    return {key: tensor.numpy() for key, tensor in initial_weights(*INITIAL[name], encoder).items()}


def metrics(folder: Path, name: str, line: str) -> dict[str, float | None]:
    """Every number of a run's metrics.json by its path, without the settings that it repeats."""
    files = sorted((folder / cache_of(name) / words(line)["DATASET"]).glob("evaluate-*/unit-*/metrics.json"))
    contents = [json.loads(file.read_text()) for file in files]
    (found,) = [content for content in contents if content["head"] == words(line)["HEAD"]]
    return dict(_numbers({key: value for key, value in found.items() if key not in ("protocol", "made with")}))


def _numbers(tree: Any, path: str = "") -> "list[tuple[str, float | None]]":
    if isinstance(tree, dict):
        return [number for key, value in tree.items() for number in _numbers(value, f"{path}/{key}".lstrip("/"))]
    is_number = tree is None or (isinstance(tree, int | float) and not isinstance(tree, bool))
    return [(path, tree)] if is_number else []


def scores(folder: Path, name: str, line: str) -> dict[str, dict[str, list[float]]]:
    """[probability, similarity] of every pair, by person (`VIDEO FRAME BOX`) and class."""
    detections = pd.read_parquet(_of_head(folder, name, line, "score", "detections.parquet"))
    similarities = pd.read_parquet(_of_head(folder, name, line, "score", "similarities.parquet"))
    pair = ["video_id", "frame", "box", "class_name"]
    both = detections[[*pair, "probability"]].merge(similarities, on=pair, how="outer", validate="one_to_one")
    found: dict[str, dict[str, list[float]]] = {}
    for video, frame, box, label, probability, similarity in both.itertuples(index=False):
        found.setdefault(f"{video} {frame} {box}", {})[label] = [round(probability, 12), round(similarity, 12)]
    return found


def _of_head(folder: Path, name: str, line: str, stage: str, file: str) -> Path:
    """A file of the artifact of a stage that is of the run's head."""
    asked = words(line)
    found = (folder / cache_of(name) / asked["DATASET"]).glob(f"{stage}-*/unit-*/{file}")
    (path,) = [
        path for path in found if json.loads((path.parents[1] / "inputs.json").read_text())["head"] == asked["HEAD"]
    ]
    return path


def bits(tensors: Tensors) -> dict[str, str]:
    """Of each tensor the beginning of the SHA-256 of its bytes."""
    return {name: hashlib.sha256(tensor.tobytes()).hexdigest()[:16] for name, tensor in tensors.items()}


def summaries(tensors: Tensors) -> dict[str, list[Any]]:
    """Of each tensor shape, mean, deviation and norm."""
    return {
        name: [list(tensor.shape), *(float(f"{number:.9g}") for number in _summary(tensor.astype(np.float64)))]
        for name, tensor in tensors.items()
    }


def _summary(tensor: NDArray[np.float64]) -> tuple[float, float, float]:
    return float(tensor.mean()), float(tensor.std()), float(np.sqrt((tensor**2).sum()))


def machine() -> str:
    """What decides how sums are rounded here: processor, torch, and one thread, as `compute` has it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().split("\n\n")[0].splitlines()
        facts = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
        processor = " ".join(facts.get(key, "?") for key in ("vendor_id", "cpu family", "model"))
    except OSError:
        processor = "unknown"
    return f"{processor}, {torch.backends.cpu.get_cpu_capability()}, torch {torch.__version__}"
