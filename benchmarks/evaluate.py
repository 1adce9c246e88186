"""Time the evaluators at the size of AVA and of UCF101-24, and compare them with naive evaluators on a slice.

    python -m benchmarks.evaluate

AVA: 57,000 keyframes, 3 boxes each, scores of all 80 actions: 13.7 million rows, once with distinct scores and once
with scores of four decimals, where ties are ordered as in the official tool. UCF101-24: 914 test videos of 170 frames,
3 boxes, 24 classes: 11.2 million rows, frame mAP, and video mAP with linking. Every case runs in its own process, on
one thread. Prints the seconds of the evaluation (tables in memory), the peak memory of the process with its tables, and
how much longer the naive evaluator of the tests takes on a slice, both timed one after the other in the same process.
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from tests.metrics import naive, naive_ava
from zsstad_core.metrics.ava import ava_ap
from zsstad_core.metrics.frame_map import frame_ap
from zsstad_core.metrics.linking import link_tubes
from zsstad_core.metrics.video_map import thresholds, video_ap
from zsstad_core.tables import BOX

PERSONS = 3
OVERLAPS: list[float | str] = [0.2, "0.50:0.95"]


def main() -> None:
    """Measure and print a table in Markdown."""
    if len(sys.argv) > 1:
        CASES[sys.argv[1]]()
        return
    print("| case | rows | seconds | peak memory | naive / this, on a slice |")
    print("|---|---:|---:|---:|---:|")
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "ARROW_NUM_THREADS"), "1")
    for name in CASES:
        subprocess.run([sys.executable, "-m", "benchmarks.evaluate", name], check=True, env={**os.environ, **threads})


def ava(decimals: int | None, keyframes: int = 57_000) -> tuple[pd.DataFrame, pd.DataFrame, list[str]]:
    """Ground truth of two actions per person, detections of jittered boxes with scores of all 80 actions, and names."""
    draw = np.random.default_rng(0)
    actions = [f"action {number:02}" for number in range(80)]
    video = pd.Categorical.from_codes(
        np.arange(keyframes) // 897, dtype=pd.CategoricalDtype([f"film{i:03}" for i in range(80)])
    )
    persons = pd.DataFrame({"video_id": video, "frame": 902 + np.arange(keyframes) % 897})
    persons = persons.loc[np.repeat(np.arange(keyframes), PERSONS)].reset_index(drop=True)
    corner, size = draw.uniform(0, 0.6, (len(persons), 2)), draw.uniform(0.1, 0.4, (len(persons), 2))
    boxes = np.hstack([corner, corner + size])
    likely = draw.random((len(persons), len(actions)), np.float32) ** 4
    truth = table(persons, boxes, np.tile([0, 1], len(persons)) + draw.integers(0, 79, 2 * len(persons)), actions)
    found = table(persons, boxes + draw.normal(0, 0.02, boxes.shape), np.tile(np.arange(80), len(persons)), actions)
    score = likely.astype(np.float64).ravel()
    found["score"] = score if decimals is None else score.round(decimals)
    return truth, found, actions


def ucf(videos: int = 914, frames: int = 170) -> tuple[pd.DataFrame, pd.DataFrame, list[str]]:
    """Persons who drift through a video, each with its class; jittered detections with scores of all 24 classes."""
    draw = np.random.default_rng(0)
    classes = [f"class {number:02}" for number in range(24)]
    rows = videos * frames * PERSONS
    video = pd.Categorical.from_codes(
        np.repeat(np.arange(videos), frames * PERSONS), dtype=pd.CategoricalDtype([f"v{i:04}" for i in range(videos)])
    )
    persons = pd.DataFrame({"video_id": video, "frame": np.tile(np.repeat(np.arange(frames), PERSONS), videos)})
    person = np.arange(rows) // (frames * PERSONS) * PERSONS + np.arange(rows) % PERSONS
    corner = draw.uniform(0, 150, (videos * PERSONS, 2))[person] + persons["frame"].to_numpy()[:, None] / 4
    boxes = np.hstack([corner, corner + 70])
    code = draw.integers(0, 24, videos * PERSONS)[person]
    truth = table(persons, boxes, code, classes).assign(box=person % PERSONS)
    found = table(persons, boxes + draw.normal(0, 4, boxes.shape), np.tile(np.arange(24), rows), classes)
    score = draw.random((rows, 24), np.float32)
    score[np.arange(rows), code] += 0.5
    return truth, found.assign(score=score.astype(np.float64).ravel()), classes


def table(persons: pd.DataFrame, boxes: np.ndarray, codes: np.ndarray, names: list[str]) -> pd.DataFrame:
    """A table of len(codes) / len(persons) rows per person, with float32 boxes and names as categoricals."""
    person = np.repeat(np.arange(len(persons)), len(codes) // len(persons))
    sides = boxes.astype(np.float32)
    return pd.DataFrame(
        {
            "video_id": persons["video_id"].array.take(person),
            "frame": persons["frame"].to_numpy(np.int32)[person],
            **{side: sides[person, place] for place, side in enumerate(BOX)},
            "class_name": pd.Categorical.from_codes(codes, dtype=pd.CategoricalDtype(names)),
        }
    )


def seconds_of(work: Callable[[], object]) -> float:
    """Seconds that `work` takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def tell(case: str, rows: int, seconds: float, ratio: str) -> None:
    """Print one line of the table; the peak memory is that of the process so far."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"| {case} | {rows:,} | {seconds:.1f} | {peak:.2f} GB | {ratio} |", flush=True)


def ava_case(case: str, decimals: int | None) -> None:
    """Measure the AVA case, and both evaluators on a slice of 300 keyframes."""
    truth, found, actions = ava(decimals)
    seconds = seconds_of(lambda: ava_ap(truth, found, actions))
    rows = len(found)
    peak_first = rows, seconds
    del truth, found
    truth, found, actions = ava(decimals, keyframes=300)
    slow = naive_rows(truth), naive_rows(found)
    ratio = seconds_of(lambda: naive_ava.average_precisions(*slow, list(range(80)))) / seconds_of(
        lambda: ava_ap(truth, found, actions)
    )
    tell(case, *peak_first, f"{ratio:.0f}")


def naive_rows(rows: pd.DataFrame) -> list[naive_ava.Row]:
    """The rows of a table in the form that the naive evaluator takes."""
    score = rows["score"].tolist() if "score" in rows else [1.0] * len(rows)
    boxes = rows[BOX].astype(float).itertuples(index=False, name=None)
    keyframes = zip(rows["video_id"].astype(str), rows["frame"].tolist(), strict=True)
    return [
        naive_ava.Row(*row) for row in zip(keyframes, boxes, rows["class_name"].cat.codes.tolist(), score, strict=True)
    ]


def frame_case() -> None:
    """Measure frame mAP on the UCF case, and both evaluators on a slice of 1 video with boxes in whole pixels."""
    truth, found, classes = ucf()
    seconds, rows = seconds_of(lambda: frame_ap(truth, found, classes)), len(found)
    truth, found, classes = ucf(videos=1)
    truths = [
        naive.Truth(*row) for row in pixels(truth)[["video_id", "frame", "xyxy", "class_name"]].itertuples(index=False)
    ]
    founds = [
        naive.Found(*row)
        for row in pixels(found)[["video_id", "frame", "xyxy", "class_name", "score"]].itertuples(index=False)
    ]
    slow = seconds_of(lambda: [naive.frame_ap(truths, founds, name, 0.5) for name in classes])
    tell("UCF101-24, frame mAP", rows, seconds, f"{slow / seconds_of(lambda: frame_ap(truth, found, classes)):.0f}")


def pixels(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with each box as a tuple of whole pixels, in column xyxy."""
    boxes = rows[BOX].round().astype(int).itertuples(index=False, name=None)
    return rows.assign(xyxy=pd.Series(list(boxes), index=rows.index))


def video_case() -> None:
    """Measure linking and video mAP on the UCF case, over eleven thresholds."""
    truth, found, classes = ucf()
    linking = time.perf_counter()
    tubes = link_tubes(found, classes)
    linking = time.perf_counter() - linking
    rows = len(found)
    del found
    rest = seconds_of(lambda: video_ap(truth, tubes, classes, thresholds(OVERLAPS)))
    tell(f"UCF101-24, video mAP (linking {linking:.1f} s)", rows, linking + rest, "-")


def file_case() -> None:
    """Measure reading a tenth of the AVA case from its csv, with scores exact to the last bit."""
    from zsstad_core.metrics.ava_files import read_boxes

    _, found, _ = ava(None, keyframes=5_700)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "detections.csv"
        rows = found.assign(action=found["class_name"].cat.codes + 1)[["video_id", "frame", *BOX, "action", "score"]]
        rows.to_csv(path, header=False, index=False)
        tell("AVA, reading a tenth of the csv", len(rows), seconds_of(lambda: read_boxes(path, scores=True)), "-")


CASES: dict[str, Callable[[], None]] = {
    "ava": lambda: ava_case("AVA, distinct scores", None),
    "ava-ties": lambda: ava_case("AVA, scores of four decimals", 4),
    "ucf-frame": frame_case,
    "ucf-video": video_case,
    "ava-file": file_case,
}


if __name__ == "__main__":
    main()
