"""Compare the speed of extraction with that of the bare models, and of token arrays with that of raw files.

    python -m benchmarks.extract                                     # stickworld's clips and tiny models
    python -m benchmarks.extract --set "dataset=jhmdb …"             # other clips and models

Models: frames per second of `detect` and of `encode` as the stages run them (decode, crop, batch, write, publish), as a
share of what the same model reaches on tensors that are in memory already, in batches of the same size. Disk: write and
read of the tokens of eight units, as a share of numpy's `tofile` and `fromfile` of the same bytes (page cache warm, as
after an extraction), and nine neighbouring frames at a random place. Every ratio is from one round; a round measures
all parts in turn, and the median of the rounds is printed.
"""

import argparse
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import batched
from pathlib import Path
from typing import Any

import numpy as np
import torch
import zarr
from numpy.typing import NDArray

import stages.detect
import stages.encode
import stages.groundtruth
import stages.index
from zsstad_core import configure
from zsstad_core.cache.read import read_artifact_table
from zsstad_core.cache.shards import ShardedRows
from zsstad_core.cache.tokens import ARRAY, write_tokens
from zsstad_core.extraction.scan import annotate
from zsstad_core.frozen.detector.mmdet.detector import MmdetDetector
from zsstad_core.frozen.device import choose_device
from zsstad_core.frozen.encoder import Encoder
from zsstad_core.plan.plan import Plan
from zsstad_core.video import decode
from zsstad_core.work import Work, run

type Rows = Callable[[int, int], Any]

KINDS = {  # tokens of one unit: (rows, shape of a row, type)
    "frame, person, object: fp16 [512]": (20_000, (512,), np.float16),
    "pixel: uint8 [224, 224, 3]": (400, (224, 224, 3), np.uint8),
}
_NEIGHBOURS, _GATHERS, _UNITS = 9, 100, 8


def main() -> None:
    """Measure and print tables in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", default="", dest="overrides", help="settings")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--disk", action="store_true", help="token arrays only")
    options = parser.parse_args()
    small = "dataset=stickworld datasets.stickworld.train_clips=1 datasets.stickworld.test_clips=1"
    with tempfile.TemporaryDirectory() as folder:
        overrides = f"{small} {options.overrides} cache.root={folder}/cache"
        if not options.disk:
            models(Plan(configure.load(Path("pipeline.yaml"), overrides=overrides)), options.rounds)
        disk(Path(folder), options.rounds)


def models(plan: Plan, rounds: int) -> None:
    """Measure detection and encoding as stages, against the bare models."""
    run(stages.index.work(plan))
    videos = read_artifact_table(plan.index, "videos")
    run(Work("groundtruth", [plan.groundtruth], lambda: annotate(plan.dataset.groundtruth(), videos)))
    run(stages.detect.work(plan))
    device = choose_device(plan.settings.device)
    detector, encoder = MmdetDetector(plan.settings.detector, device), Encoder(plan.settings.encoder, device)
    frames = decode_all(plan)
    prepared = [detector._pipeline({"img": frame[..., ::-1].copy(), "img_id": 0}) for frame in frames]
    detect, encode = load(stages.detect.work(plan)), load(stages.encode.work(plan))
    rng = np.random.default_rng(0)
    measured: dict[str, list[float]] = {}
    for _ in range(rounds):
        decoded = seconds(decode_all, plan)
        bare = seconds(bare_detector, detector, prepared, plan.settings.detector.batch)
        staged = seconds(again, detect)
        measured.setdefault("decode alone, frames/s", []).append(len(frames) / decoded)
        measured.setdefault("detect, frames/s", []).append(len(frames) / staged)
        measured.setdefault("detect, over the bare detector", []).append(bare / staged)
        staged = seconds(again, encode)
        counts = [len(read_artifact_table(plan.tokens(kind), kind.table)) for kind in plan.kinds()]
        views = rng.integers(0, 256, (sum(counts), encoder.size, encoder.size, 3), np.uint8)
        bare = seconds(bare_encoder, encoder, views, plan.settings.encoder.batch)
        measured.setdefault("encode, views/s", []).append(len(views) / staged)
        measured.setdefault("encode, over the bare encoder", []).append(bare / staged)
    print(f"\n{plan.settings.dataset}: {len(plan.videos)} clips, {len(frames)} frames, {sum(counts)} views, {device}\n")
    table(measured)


def disk(folder: Path, rounds: int) -> None:
    """Measure token arrays of units, by the cache's reader and by Zarr's, against raw files of equal size."""
    measured: dict[str, list[float]] = {}

    def note(name: str, value: float) -> None:
        measured.setdefault(name, []).append(value)

    rng = np.random.default_rng(0)
    units, raws = [folder / f"unit-{n}" for n in range(_UNITS)], [folder / f"raw-{n}" for n in range(_UNITS)]
    for name, (rows, shape, dtype) in KINDS.items():
        tokens: NDArray[Any] = rng.integers(0, 100, (rows, *shape)).astype(dtype)
        for _ in range(rounds):
            for unit in units:
                unit.mkdir()
            plain = seconds(write_all, tokens.tofile, raws)
            written = seconds(write_all, partial(write_tokens, tokens=tokens), units)
            note(f"{name}: write (and read back to check), over tofile", plain / written)

            by_ours = [ShardedRows(unit / ARRAY).read for unit in units]
            by_zarr = [rows_by_zarr(unit / ARRAY) for unit in units]
            by_numpy: list[Rows] = [partial(rows_of_file, raw, dtype) for raw in raws]
            plain = seconds(read_all, by_numpy, rows)
            note(f"{name}: read, over fromfile", plain / seconds(read_all, by_ours, rows))
            note(f"{name}: Zarr's own read, over fromfile", plain / seconds(read_all, by_zarr, rows))

            starts = rng.integers(0, rows - _NEIGHBOURS, _GATHERS).tolist()
            plain = seconds(gather, rows_of_map(raws[0], tokens), starts)
            gathered = seconds(gather, by_ours[0], starts)
            note(f"{name}: {_NEIGHBOURS} neighbours, gathers/s", _GATHERS / gathered)
            note(f"{name}: {_NEIGHBOURS} neighbours, over memmap", plain / gathered)
            note(
                f"{name}: {_NEIGHBOURS} neighbours by Zarr's own, over memmap",
                plain / seconds(gather, by_zarr[0], starts),
            )
            for unit in units:
                shutil.rmtree(unit)
    print()
    table(measured)


def write_all(write: Callable[[Path], object], places: list[Path]) -> None:
    """Call `write` for each place in turn."""
    for place in places:
        write(place)


def read_all(readers: list[Rows], rows: int) -> None:
    """Read every unit in turn; the rows of each are freed before the next is read."""
    for read in readers:
        read(0, rows)


def load(work: Work) -> Work:
    """The same work with its model loaded already, because a long extraction loads it only once."""
    compute = work.prepare()
    return replace(work, prepare=lambda: compute)


def again(work: Work) -> None:
    """Remove the stage's artifacts and make them again."""
    for artifact in work.artifacts:
        shutil.rmtree(artifact.path, ignore_errors=True)
    run(work)


def decode_all(plan: Plan) -> list[NDArray[np.uint8]]:
    """The pictures of every frame of every clip."""
    return [image for source in plan.videos.values() for _, _, image in decode(source)]


def bare_detector(detector: MmdetDetector, prepared: list[Any], batch: int) -> None:
    """Run the model and its post-processing on frames that its test pipeline has prepared already."""
    for part in batched(prepared, batch):
        with torch.inference_mode():
            detector._model.test_step({key: [sample[key] for sample in part] for key in ("inputs", "data_samples")})


def bare_encoder(encoder: Encoder, views: NDArray[np.uint8], batch: int) -> None:
    """Run the model on views in memory."""
    for start in range(0, len(views), batch):
        encoder.encode_views(views[start : start + batch])


def rows_of_file(raw: Path, dtype: Any, start: int, stop: int) -> Any:
    """Rows `start` to `stop` of a raw file, which NumPy reads whole."""
    return np.fromfile(raw, dtype)[start:stop]


def rows_by_zarr(path: Path) -> Rows:
    """A reader of rows that uses Zarr itself."""
    array = zarr.open_array(str(path), mode="r")
    return lambda start, stop: array[start:stop]


def rows_of_map(raw: Path, like: NDArray[Any]) -> Rows:
    """A reader that copies rows out of a memory-mapped file."""
    mapped = np.memmap(raw, like.dtype, "r").reshape(like.shape)
    return lambda start, stop: np.array(mapped[start:stop])


def gather(read: Rows, starts: list[int]) -> None:
    """Read neighbouring rows at each of `starts`."""
    for start in starts:
        read(start, start + _NEIGHBOURS)


def seconds(action: Callable[..., object], *arguments: object) -> float:
    """Seconds that a call takes."""
    start = time.perf_counter()
    action(*arguments)
    return time.perf_counter() - start


def table(measured: dict[str, list[float]]) -> None:
    """Print the medians as a table in Markdown."""
    print("| | |\n|---|---|")
    for name, values in measured.items():
        print(f"| {name} | {statistics.median(values):.3g} |")


if __name__ == "__main__":
    main()
