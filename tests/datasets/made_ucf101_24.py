"""A UCF101-24 in small, in both forms of its annotation: two classes, gaps between tubes, several persons."""

import pickle
from pathlib import Path
from typing import Any

import numpy as np
from scipy.io import savemat

from zsstad_core.datasets.ucf101_24 import CLASSES, Ucf101_24
from zsstad_core.settings import datasets as settings

TEST = ["Basketball/v_Basketball_g01_c01", "SalsaSpin/v_SalsaSpin_g01_c01"]
TRAIN = ["Basketball/v_Basketball_g08_c01", "SalsaSpin/v_SalsaSpin_g08_c01"]
CLIPS = sorted(TEST + TRAIN)
FRAMES = 20

# Of each clip its tubes: first frame from 0, and x, y, width, height of the first box, which moves by a pixel a frame.
TUBES: dict[str, list[tuple[int, int, list[int]]]] = {
    "Basketball/v_Basketball_g01_c01": [(2, 4, [200, 100, 100, 120]), (9, 3, [210, 100, 90, 120])],  # a gap between
    "Basketball/v_Basketball_g08_c01": [(0, 20, [1, 1, 50, 60])],
    "SalsaSpin/v_SalsaSpin_g01_c01": [(5, 10, [20, 30, 40, 100]), (5, 8, [250, 30, 60, 200])],  # two at once
    "SalsaSpin/v_SalsaSpin_g08_c01": [(3, 6, [260, 120, 40, 100])],  # beyond 255: not uint8
}


def boxes_of(first: list[int], frames: int) -> np.ndarray:
    boxes = np.array(first) + np.arange(frames)[:, None] * [1, 0, 0, 0]
    return boxes.astype(np.uint8 if boxes.max() < 256 else np.uint16)


def pyannot() -> dict[str, Any]:
    content: dict[str, Any] = {}
    for name, tubes in TUBES.items():
        label = CLASSES.index(name.split("/")[0])
        content[name] = {
            "annotations": [
                {"label": label, "sf": np.uint8(start), "ef": np.uint8(start + n), "boxes": boxes_of(first, n)}
                for start, n, first in tubes
            ],
            "numf": np.uint8(FRAMES),
            "label": label,
        }
    return content


def write_pyannot(root: Path, content: Any) -> None:
    (root / "pyannot.pkl").write_bytes(pickle.dumps(content, protocol=2))


def write_final_annots(root: Path, content: dict[str, Any]) -> None:
    """The same as MATLAB has it: frames from 1, the last included, classes from 1."""
    kind = [(field, object) for field in ("num_imgs", "name", "tubes")]
    clips = np.empty((1, len(content)), kind)
    for i, (name, clip) in enumerate(content.items()):
        tubes = np.empty((1, len(clip["annotations"])), [(field, object) for field in ("ef", "sf", "class", "boxes")])
        for j, tube in enumerate(clip["annotations"]):
            tubes[0, j] = (int(tube["ef"]), int(tube["sf"]) + 1, tube["label"] + 1, tube["boxes"])
        clips[0, i] = (int(clip["numf"]), name, tubes)
    savemat(root / "finalAnnots.mat", {"annot": clips}, do_compression=True)


def write_lists(root: Path) -> None:
    (root / "testlist01.txt").write_text("".join(f"{name}\n" for name in TEST))
    (root / "trainlist01.txt").write_text("".join(f"{name}.avi {i}\n" for i, name in enumerate(TRAIN, start=1)))


def write_clips(root: Path, names: list[str], suffix: str = ".avi") -> None:
    """Files in the right places; a dataset lists them and opens none."""
    for name in names:
        path = root / "videos" / f"{name}{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def write_all(root: Path) -> None:
    write_pyannot(root, pyannot())
    write_final_annots(root, pyannot())
    write_lists(root)
    write_clips(root, CLIPS)


def open_ucf(root: Path, **changed: Any) -> Ucf101_24:
    return Ucf101_24(settings.Ucf101_24(root=str(root), **changed))
