"""A J-HMDB in small: two clips of each part for two classes, as pickle, and as puppet masks with official lists."""

import pickle
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.io import savemat

from zsstad_core.datasets.jhmdb import CLASSES, Jhmdb
from zsstad_core.settings import datasets as settings

TRAIN = ["catch/b_clip", "catch/c_clip", "wave/a_clip", "wave/d_clip"]
TEST = ["catch/a_clip", "catch/d_clip", "wave/b_clip", "wave/c_clip"]
FRAMES = 3
TRAIN_AND_TEST = sorted(TRAIN + TEST)


def mask_of(video_id: str) -> NDArray[np.uint8]:
    """[48, 64, 3]: a person that moves right by two pixels a frame, with a hand that juts out."""
    left = TRAIN_AND_TEST.index(video_id)
    mask = np.zeros((48, 64, FRAMES), np.uint8)
    for frame in range(FRAMES):
        x = left + 2 * frame
        mask[10:40, x : x + 9, frame] = 1
        mask[20:22, x + 9 : x + 14, frame] = 1
    return mask


def tube_of(video_id: str) -> NDArray[np.float32]:
    """What the field's pickle holds for that mask: its first and last column and row, from 0."""
    left = TRAIN_AND_TEST.index(video_id)
    rows = [[f + 1, left + 2 * f, 10, left + 2 * f + 13, 39] for f in range(FRAMES)]
    return np.array(rows, np.float32)


def annotation() -> dict[str, Any]:
    return {
        "labels": list(CLASSES),
        "train_videos": [list(TRAIN), list(TEST), list(TRAIN)],
        "test_videos": [list(TEST), list(TRAIN), list(TEST)],
        "gttubes": {name: {CLASSES.index(name.split("/")[0]): [tube_of(name)]} for name in TRAIN_AND_TEST},
        "nframes": dict.fromkeys(TRAIN_AND_TEST, FRAMES),
        "resolution": dict.fromkeys(TRAIN_AND_TEST, (48, 64)),
    }


def write_pickle(root: Path, content: Any) -> None:
    (root / "JHMDB-GT.pkl").write_bytes(pickle.dumps(content, protocol=2))


def write_masks(root: Path) -> None:
    for name in TRAIN_AND_TEST:
        folder = root / "puppet_mask" / name
        folder.mkdir(parents=True)
        savemat(folder / "puppet_mask.mat", {"part_mask": mask_of(name)}, do_compression=True)
    (root / "splits").mkdir()
    for class_name in CLASSES:
        for number, (train, test) in {1: (TRAIN, TEST), 2: (TEST, TRAIN)}.items():
            lines = [f"{name.split('/')[1]}.avi 1" for name in train if name.startswith(f"{class_name}/")]
            lines += [f"{name.split('/')[1]}.avi 2" for name in test if name.startswith(f"{class_name}/")]
            (root / "splits" / f"{class_name}_test_split{number}.txt").write_text("\n".join(lines) + "\n")


def write_clips(root: Path, names: list[str]) -> None:
    """Files in the right places; a dataset lists them and opens none."""
    for name in names:
        path = root / "videos" / f"{name}.avi"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def open_jhmdb(root: Path, **changed: Any) -> Jhmdb:
    return Jhmdb(settings.Jhmdb(root=str(root), **changed))
