"""A UCF101-24 in small whose clips decode: transcodes of another size than the annotation's 320x240, tubes with gaps,
two persons at once."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.datasets.made_ucf101_24 import write_pyannot
from tests.made_videos import write_video
from zsstad_core.datasets.ucf101_24 import CLASSES

HERE = ("Basketball", "Fencing", "IceDancing", "SalsaSpin")  # unseen in split 1: the last two
TRAIN = [f"{name}/v_{name}_g0{group}_c01" for name in HERE for group in (8, 9)]
TEST = [f"{name}/v_{name}_g01_c01" for name in HERE]
CLIPS = sorted(TRAIN + TEST)
WIDTH, HEIGHT = 100, 64  # of the clips: 5/16 of the annotation's width, 4/15 of its height
FRAMES = 10
LIGHT, DARK = 240, 20  # of the persons' upper and lower halves


def tubes_of(video_id: str) -> list[tuple[int, NDArray[np.generic]]]:
    """First frame from 0, and boxes x, y, width, height on 320x240: person 0 twice with a gap, person 1 meanwhile."""
    walk = np.array([[16 + 32 * i, 60, 64, 120] for i in range(FRAMES)], np.uint16)
    stand = np.array([[160, 30, 80, 180]] * FRAMES, np.uint8)
    tubes: list[tuple[int, NDArray[np.generic]]] = [(0, walk[:4]), (6, walk[6:8])]
    return [*tubes, (1, stand[1:9])] if "Basketball" not in video_id else tubes


def pictures(video_id: str) -> list[NDArray[np.uint8]]:
    """RGB frames: a pattern of the class's colours, and on it each annotated person, light above and dark below."""
    rng = np.random.default_rng([HERE.index(video_id.split("/")[0]), 3])
    ground = rng.integers(90, 170, (8, 10, 3), dtype=np.uint8).repeat(HEIGHT // 8, 0).repeat(WIDTH // 10, 1)
    frames = [ground.copy() for _ in range(FRAMES)]
    for start, boxes in tubes_of(video_id):
        for number, (x, y, w, h) in enumerate(boxes.astype(int)):
            left, right = x * WIDTH // 320, (x + w) * WIDTH // 320
            top, bottom = y * HEIGHT // 240, (y + h) * HEIGHT // 240
            frames[start + number][top:bottom, left:right] = LIGHT
            frames[start + number][(top + bottom) // 2 : bottom, left:right] = DARK
    return frames


def write_all(root: Path) -> None:
    for video_id in CLIPS:
        write_video(root / "videos" / f"{video_id}.mp4", pictures(video_id))
    content = {}
    for video_id in CLIPS:
        label = CLASSES.index(video_id.split("/")[0])
        tubes = [
            {"label": label, "sf": start, "ef": start + len(boxes), "boxes": boxes}
            for start, boxes in tubes_of(video_id)
        ]
        content[video_id] = {"annotations": tubes, "numf": FRAMES, "label": label}
    write_pyannot(root, content)
    (root / "testlist01.txt").write_text("".join(f"{name}\n" for name in TEST))


def of_ucf(settings: Mapping[str, object], root: Path, cache: Path) -> dict[str, object]:
    """`settings` of the small J-HMDB's detector and encoder, on these clips."""
    return {**settings, "datasets.ucf101_24.root": root, "cache.root": cache}
