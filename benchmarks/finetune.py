"""Measure what fine-tuning does to a detector: recall and AP of persons before and after, and the same of objects.

    python -m demo.pretrain.detector --stills 1500 --steps 200 --out start.pth    # a deliberately weak start
    python -m benchmarks.finetune stickworld --start start.pth
    python -m benchmarks.finetune ucf --data ../shared/realdata

stickworld: trains on label split 1's seen actions and measures on every fourth frame of the test clips, separately for
persons of seen actions, persons of unseen actions and things, with three ways to treat things. ucf: YOLOX-nano of COCO
on the UCF101-24 clips in a folder's `videos/ucf101_24` and `videos/torchvision_assets`, trained on one half of the
clips and measured on every fifth annotated frame of the other half, and the same with the halves swapped. Recall is at
IoU 0.5, of boxes with a score of at least 0.3, and of all boxes that are kept from 0.01 on (at most 20 persons and 10
objects a frame).
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from zsstad_core import configure, video
from zsstad_core.boxes import iou
from zsstad_core.datasets import open_dataset
from zsstad_core.extraction.picture_size import in_pixels_of_video
from zsstad_core.frozen.detector.contract import Detector
from zsstad_core.frozen.detector.frame_boxes import PERSON, FrameBoxes, keep
from zsstad_core.frozen.detector.loading import load_detector
from zsstad_core.learning.finetune import finetune
from zsstad_core.learning.finetune_frames import choose_samples
from zsstad_core.settings.frozen import Detector as DetectorSettings
from zsstad_core.settings.frozen import Finetune
from zsstad_core.splits import load_split
from zsstad_core.stickworld.clips import OBJECTS
from zsstad_core.tables import BOX

_SURE, _IOU = 0.3, 0.5
type Truth = Mapping[tuple[str, int], pd.DataFrame]  # boxes by frame, with a column `group`
type Found = dict[tuple[str, int], pd.DataFrame]  # table boxes by frame


def main() -> None:
    """Measure and print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["stickworld", "ucf"])
    parser.add_argument("--start", type=Path, default=Path("demo/models/detector.pth"))
    parser.add_argument("--data", type=Path, default=Path("../shared/realdata"))
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--every", type=int, default=10)
    parser.add_argument("--lr", type=float, default=Finetune().lr)
    options = parser.parse_args()
    tuning = Finetune(epochs=options.epochs, every=options.every, lr=options.lr, log_every=40)
    with tempfile.TemporaryDirectory() as folder:
        if options.what == "stickworld":
            stickworld(options.start, tuning, Path(folder))
        else:
            ucf(options.data, tuning, Path(folder))


# ---- stickworld


def stickworld(start: Path, tuning: Finetune, folder: Path) -> None:
    """Measure the demo's detector, fine-tuned from the weights `start`."""
    settings = configure.load(Path("pipeline.yaml"), choices={"dataset": "stickworld"})
    dataset = open_dataset("stickworld", settings)
    split = load_split("stickworld", 1, dataset.classes)
    detector = settings.detector.model_copy(update={"checkpoint": str(start), "finetune": tuning})
    sources, official = {source.video_id: source for source in dataset.videos()}, dataset.official_split()
    persons = dataset.groundtruth()
    things = pd.read_parquet(dataset.folder / OBJECTS)  # type: ignore[attr-defined]
    truth = pd.concat(
        [
            persons.assign(group=np.where(persons["class_name"].isin(split.seen), "seen persons", "unseen persons")),
            things.assign(group="things"),
        ]
    )
    truth["what"] = truth["what"].fillna(PERSON)
    measured = _by_frame(truth[(truth["video_id"].map(official) == "test") & (truth["frame"] % 4 == 0)])
    videos = pd.DataFrame({"video_id": list(sources), "width": 160, "height": 120})

    def trained(name: str, loss: Any = nullcontext) -> DetectorSettings:
        chosen = choose_samples(persons, videos, official, split.seen, tuning.every)
        say(f"{name}: {len(chosen.samples)} frames; {chosen.with_unseen} with unseen actions are left out")
        with loss():
            return tune(detector, chosen.samples, sources, folder / name, say)

    def row(name: str, boxes: Found) -> None:
        cells = [recall(measured, boxes, group, score) for group in groups for score in (_SURE, 0.0)]
        cells += [ap(measured, boxes, PERSON), float(np.mean([ap(measured, boxes, kind) for kind in kinds]))]
        print(f"| {name} | {' | '.join(f'{cell:.1f}' for cell in cells)} |", flush=True)

    groups, kinds = ("seen persons", "unseen persons", "things"), sorted(set(things["what"]))
    print("| | " + " | ".join(f"{g}, recall at {_SURE} | all" for g in groups) + " | AP, persons | mAP, things |")
    print("|---|" + "---|" * 8)
    before = find_boxes(load_detector(detector, "cpu"), detector, sources, measured)
    row("before", before)
    alone = find_boxes(load_detector(trained("alone"), "cpu"), detector, sources, measured)
    row("one detector, objects as background", alone)
    row("two: persons by the tuned one, objects by the first", persons_and_objects(alone, before))
    masked = trained("masked", _only_the_persons_loss)
    row("one detector, loss of objects masked", find_boxes(load_detector(masked, "cpu"), detector, sources, measured))


@contextmanager
def _only_the_persons_loss() -> Iterator[None]:
    """In the block, RTMDet's classification loss is that of the first class (person) alone: the scores of the other
    classes get no gradient."""
    from mmdet.models.losses import QualityFocalLoss

    whole: Callable[..., torch.Tensor] = QualityFocalLoss.forward

    def of_persons(self: Any, scores: torch.Tensor, target: Any, *args: Any, **more: Any) -> torch.Tensor:
        label, quality = target
        return whole(self, scores[:, :1], (torch.where(label == 0, 0, 1), quality), *args, **more)

    QualityFocalLoss.forward = of_persons
    try:
        yield
    finally:
        QualityFocalLoss.forward = whole


# ---- UCF101-24


def ucf(data: Path, tuning: Finetune, folder: Path) -> None:
    """Measure YOLOX-nano, fine-tuned on the real clips in `data`."""
    root = folder / "ucf"
    clips = sorted([*(data / "videos/ucf101_24").glob("v_*"), *(data / "videos/torchvision_assets").glob("v_*")])
    for clip in clips:
        link = root / "videos" / clip.name.split("_")[1] / clip.name
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(clip.absolute())
    annotation = {name: str((data / "annotations/ucf101_24" / name).absolute()) for name in _UCF_FILES.values()}
    files = {f"datasets.ucf101_24.{key}": annotation[name] for key, name in _UCF_FILES.items()}
    words = " ".join(f"{key}={value}" for key, value in {"datasets.ucf101_24.root": root, **files}.items())
    settings = configure.load(Path("pipeline.yaml"), choices={"dataset": "ucf101_24"}, overrides=words)
    dataset = open_dataset("ucf101_24", settings)
    sources = {source.video_id: source for source in dataset.videos()}
    videos = pd.DataFrame([_size(source) for source in sources.values()])
    truth = dataset.groundtruth()
    frames = truth["video_id"].map(videos.set_index("video_id")["frames"])
    truth = truth[truth["frame"] < frames]
    truth = in_pixels_of_video(truth, videos, dataset.annotated_size).assign(what=PERSON, group=truth["class_name"])
    detector = DetectorSettings(
        config="yolox/yolox_nano_8xb8-300e_coco.py",
        checkpoint=str(data / "weights/yolox_nano/yolox_nano_mmdet.pth"),
        finetune=tuning,
    )
    names = sorted(sources)
    halves = names[::2], names[1::2]
    print("| clip held out | boxes | before: recall at 0.3 | all | after: at 0.3 | all |\n|---|---|---|---|---|---|")
    hits: list[tuple[float, ...]] = []
    for learned, held_out in (halves, halves[::-1]):
        official = dict.fromkeys(learned, "train") | dict.fromkeys(held_out, "test")
        chosen = choose_samples(truth, videos, official, dataset.classes, tuning.every)
        after = tune(detector, chosen.samples, sources, folder / held_out[0].replace("/", "-"), say)
        measured = _by_frame(truth[truth["video_id"].isin(held_out) & (truth["frame"] % 5 == 0)])
        boxes = [find_boxes(load_detector(each, "cpu"), detector, sources, measured) for each in (detector, after)]
        for name in held_out:
            own = {key: rows for key, rows in measured.items() if key[0] == name}
            n = sum(len(rows) for rows in own.values())
            cells = [recall(own, some, name.partition("/")[0], score) for some in boxes for score in (_SURE, 0.0)]
            hits.append((n, *(n * cell for cell in cells)))
            print(f"| {name} | {n} | {' | '.join(f'{cell:.1f}' for cell in cells)} |")
    total = np.array(hits).sum(0)
    print(f"| all | {total[0]:.0f} | {' | '.join(f'{cell:.1f}' for cell in total[1:] / total[0])} |")


_UCF_FILES = {"groundtruth": "pyannot.pkl", "test_list": "testlist01.txt"}


def _size(source: video.VideoSource) -> dict[str, Any]:
    sizes = [(height, width) for _, height, width in video.times(source)]
    return {"video_id": source.video_id, "width": sizes[0][1], "height": sizes[0][0], "frames": len(sizes)}


# ---- both


def say(line: str) -> None:
    """Print a line to standard error, so that standard output holds only the table."""
    print(line, file=sys.stderr, flush=True)


def tune(
    detector: DetectorSettings, samples: Any, sources: Any, folder: Path, log: Callable[[str], None]
) -> DetectorSettings:
    """Fine-tune the detector; returns its settings with the new weights."""
    began = time.perf_counter()
    file, _ = finetune(detector, samples, sources, "cpu", folder, log)
    (folder / "tuned.pth").write_bytes(file)
    log(f"{len(samples)} frames, {detector.finetune.epochs} epochs in {time.perf_counter() - began:.0f} s")
    return detector.model_copy(update={"checkpoint": str(folder / "tuned.pth")})


def _by_frame(rows: pd.DataFrame) -> Truth:
    groups = rows.groupby(["video_id", "frame"])
    return {(str(clip), int(str(frame))): boxes for (clip, frame), boxes in groups}  # type: ignore[misc]


def persons_and_objects(one: Found, other: Found) -> Found:
    """Persons of one detector, objects of the other, as `zsstad_core.frozen.detector.persons_and_objects` has them."""
    return {
        place: pd.concat([rows.query("what == @PERSON"), other[place].query("what != @PERSON")])
        for place, rows in one.items()
    }


def find_boxes(detector: Detector, settings: DetectorSettings, sources: Mapping[str, Any], frames: Truth) -> Found:
    """The boxes that the detector finds in some frames, with every score from 0.01 on."""
    low = settings.model_copy(update={"person_score": 0.01, "object_score": 0.01})
    wanted: dict[str, list[int]] = {}
    for clip, frame in frames:
        wanted.setdefault(clip, []).append(frame)
    boxes: Found = {}
    for clip, numbers in wanted.items():
        shown = [(number, image) for number, _, image in video.decode(sources[clip], frozenset(numbers))]
        results: Sequence[FrameBoxes] = detector([image for _, image in shown])
        for (number, _), result in zip(shown, results, strict=True):
            boxes[clip, number] = pd.DataFrame(keep(result, detector.classes, low).rows)
    return boxes


def recall(truth: Truth, boxes: Found, group: str, score: float) -> float:
    """Share of a group's annotated boxes, in percent, that have a box of their class with that score at IoU 0.5."""
    hit = count = 0
    for place, rows in truth.items():
        own, some = rows[rows["group"] == group], boxes[place]
        some = some[some["score"] >= score]
        for what, of_class in own.groupby("what"):
            overlap = iou(of_class[BOX].to_numpy(), some.loc[some["what"] == what, BOX].to_numpy())
            hit, count = hit + int((overlap >= _IOU).any(1).sum()), count + len(of_class)
    return 100 * hit / max(count, 1)


def ap(truth: Truth, boxes: Found, what: str) -> float:
    """Average precision of a class at IoU 0.5 (area under the precision envelope), in percent."""
    scored: list[tuple[float, bool]] = []
    count = 0
    for place, rows in truth.items():
        own = rows.loc[rows["what"] == what, BOX].to_numpy()
        some = boxes[place].query("what == @what").sort_values("score", ascending=False)
        count, free = count + len(own), np.ones(len(own), bool)
        for overlap, score in zip(iou(some[BOX].to_numpy(), own), some["score"], strict=True):
            best = int(overlap.argmax()) if len(own) else -1
            right = best >= 0 and overlap[best] >= _IOU and bool(free[best])
            if right:
                free[best] = False
            scored.append((float(score), right))
    right_N = np.array([right for _, right in sorted(scored, key=lambda pair: -pair[0])], bool)
    if not right_N.any():
        return 0.0
    precision_N = right_N.cumsum() / np.arange(1, len(right_N) + 1)
    envelope_N = np.maximum.accumulate(precision_N[::-1])[::-1]
    return float(100 * envelope_N[right_N].sum() / count)


if __name__ == "__main__":
    main()
