"""The frames and boxes that a detector is fine-tuned on, and their order.

Shapes: N boxes of a frame, S samples.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from zsstad_core.errors import DataError
from zsstad_core.extraction.footage import Reading, unchecked
from zsstad_core.tables import BOX
from zsstad_core.video import VideoSource, decode

POOL = 512
"""Frames that are in memory together and shuffled. A pool holds whole clips, so that each is decoded once an epoch."""


@dataclass(frozen=True)
class Sample:
    """A frame with the boxes of all its persons: float32 [N, 4], N > 0, in pixels, inside the frame."""

    video_id: str
    frame: int
    boxes: NDArray[np.float32]


@dataclass(frozen=True)
class FinetuneSamples:
    """The samples, sorted by video and frame, and how many frames were left out.

    with_unseen: frames that show an unseen action. without_boxes: frames in which no box is left.
    """

    samples: list[Sample]
    with_unseen: int
    without_boxes: int


def choose_samples(
    groundtruth: pd.DataFrame,
    videos: pd.DataFrame,
    official_split: Mapping[str, str],
    seen: Collection[str],
    every: int,
) -> FinetuneSamples:
    """Every `every`-th usable frame of each training clip, from its first usable frame.

    A frame is usable when it is decoded, somebody is annotated in it, and all persons annotated in it do seen actions
    only. A frame that shows an unseen action beside a seen one is left out completely: otherwise the person who does it
    would be learned from an unseen action, or learned as background. Frames without annotation are left out too, since
    nobody knows who is in them. Boxes are clipped to the frame; an empty box is dropped, and so is a frame without
    boxes.

    groundtruth, videos: tables of those names. Raises DataError where no frame is usable.
    """
    rows = groundtruth[groundtruth["decoded"] & (groundtruth["video_id"].map(official_split) == "train")]
    place = [rows["video_id"], rows["frame"]]
    all_seen = rows["class_name"].isin(set(seen)).groupby(place).transform("all").astype(bool)
    with_unseen = rows[~all_seen][["video_id", "frame"]].drop_duplicates()
    rows = rows[all_seen].drop_duplicates(["video_id", "frame", "box"])  # a person with several classes is one person

    size = videos.set_index("video_id").loc[rows["video_id"], ["width", "height"]].to_numpy(np.float32)
    xyxy = np.clip(rows[BOX].to_numpy(np.float32), 0, np.tile(size, 2))  # [rows, 4]
    inside = (xyxy[:, 2] > xyxy[:, 0]) & (xyxy[:, 3] > xyxy[:, 1])
    with_boxes = rows[["video_id", "frame"]].drop_duplicates()
    rows = rows.assign(**dict(zip(BOX, xyxy.T, strict=True)))[inside]
    usable = rows[["video_id", "frame"]].drop_duplicates().sort_values(["video_id", "frame"])
    taken = usable[usable.groupby("video_id").cumcount() % every == 0]
    samples = [
        Sample(str(video_id), int(frame), persons[BOX].to_numpy(np.float32))
        for (video_id, frame), persons in rows.merge(taken).groupby(["video_id", "frame"])
    ]
    if not samples:
        raise DataError(
            f"finetune: none of {groundtruth['video_id'].nunique()} annotated clips is a training clip with a frame "
            "whose persons all do seen actions; choose another split, or set detector.finetune.epochs=0"
        )
    return FinetuneSamples(samples, len(with_unseen), len(with_boxes) - len(usable))


class Order:
    """The order of samples over all epochs: a pure function of (samples, seed).

    Each epoch draws an order of clips, which are put into pools of at least `pool` frames; the frames of a pool are
    shuffled. Where a pool holds many clips, this is as good as shuffling all frames, and each clip is decoded once.
    """

    def __init__(self, samples: Sequence[Sample], seed: int, pool: int = POOL) -> None:
        self._samples, self._seed, self._pool = samples, seed, pool
        self._of_clip: dict[str, list[int]] = {}
        for number, sample in enumerate(samples):
            self._of_clip.setdefault(sample.video_id, []).append(number)

    def pools(self) -> Iterator[NDArray[np.int64]]:
        """Numbers of samples, pool after pool, epoch after epoch, without end."""
        clips, epoch = list(self._of_clip), 0
        while True:
            dice = np.random.default_rng([self._seed, epoch])
            pool: list[int] = []
            for clip in dice.permutation(len(clips)):
                pool += self._of_clip[clips[clip]]
                if len(pool) >= self._pool:
                    yield dice.permutation(pool)
                    pool = []
            if pool:
                yield dice.permutation(pool)
            epoch += 1


type SampleFrame = tuple[int, Sample, NDArray[np.uint8]]  # place in the order, sample, its frame: RGB [H, W, 3]


def read_frames(
    samples: Sequence[Sample],
    order: Order,
    videos: Mapping[str, VideoSource],
    first: int,
    end: int,
    reading: Reading = unchecked,
) -> Iterator[SampleFrame]:
    """The samples in their order from place `first` up to `end`, with their frames. Earlier pools are not decoded.

    Raises MissingFileError or DataError where a clip does not decode any more, has fewer frames than when it was
    indexed, or changes while it is read (`reading`).
    """
    place = 0
    images: dict[int, NDArray[np.uint8]] = {}
    for pool in order.pools():
        if place + len(pool) <= first:
            place += len(pool)
            continue
        wanted = set(pool.tolist())
        images = {number: image for number, image in images.items() if number in wanted}
        images |= _decode(samples, wanted - images.keys(), videos, reading)
        for number in pool.tolist():
            if place >= first:
                yield place, samples[number], images[number]
            place += 1
            if place == end:
                return


def _decode(
    samples: Sequence[Sample], numbers: Collection[int], videos: Mapping[str, VideoSource], reading: Reading
) -> dict[int, NDArray[np.uint8]]:
    of_clip: dict[str, dict[int, int]] = {}
    for number in sorted(numbers):
        of_clip.setdefault(samples[number].video_id, {})[samples[number].frame] = number
    images: dict[int, NDArray[np.uint8]] = {}
    for video_id, frames in of_clip.items():
        with reading(video_id):
            images |= {frames[frame]: image for frame, _, image in decode(videos[video_id], frozenset(frames))}
        if frames[last := max(frames)] not in images:
            raise DataError(f"{videos[video_id].path}: has no frame {last} any more; was it replaced? run again")
    return images
