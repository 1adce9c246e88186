"""Sick annotations that a reader lets through: J-HMDB's pickle holds bare numbers, and any of them."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import yaml

from tests.datasets.made_jhmdb import write_pickle
from tests.end_to_end import made, runs
from tests.end_to_end.doctor.conftest import Doctor
from tests.made_videos import write_video
from zsstad_core.datasets.jhmdb import CLASSES

pytestmark = pytest.mark.slow

type Tube = np.ndarray  # [F, 5]: frame from 1, x1, y1, x2, y2

FRAMES, FPS = 63, 30  # two seconds, so that there is something to count in seconds


def tube_of(video_id: str) -> Tube:
    """A person who walks to the right, half a pixel a frame."""
    width, height = made.PERSON
    left = made.CLIPS.index(video_id) * 2 + np.arange(FRAMES) / 2
    rows = np.stack([np.arange(FRAMES) + 1, left, 0 * left + 10, left + width - 1, 0 * left + 10 + height - 1], axis=1)
    return rows.astype(np.float32)


def pictures(video_id: str) -> list[np.ndarray]:
    ground, *_ = made.pictures(video_id)
    return [ground] * FRAMES


def width_and_height(tube: Tube) -> Tube:
    return np.concatenate([tube[:, :3], tube[:, 3:] - tube[:, 1:3]], axis=1)


def longer(tube: Tube) -> Tube:
    """As of a video that goes on where this one ends."""
    more = tube[-FRAMES // 4 :].copy()
    more[:, 0] += FRAMES // 4 + 1
    return np.concatenate([tube, more])


def in_seconds(tube: Tube) -> Tube:
    """One frame a second is annotated, by its second."""
    seconds = tube[::FPS].copy()
    seconds[:, 0] = np.arange(len(seconds)) + 1  # the pickle counts from 1
    return seconds


SICK: dict[str, tuple[str, Callable[[Tube], Tube]]] = {
    "healthy": ("", lambda tube: tube),
    "fractions": (
        "annotated boxes are fractions of the frame, 0 to 1",
        lambda tube: tube / [1, made.WIDTH, made.HEIGHT, made.WIDTH, made.HEIGHT],
    ),
    "on larger pictures": (
        "annotated boxes reach out of the picture",
        lambda tube: tube * [1, 1.6, 1.6, 1.6, 1.6],
    ),
    "swapped": (
        "annotated boxes are y1, x1, y2, x2 (x and y swapped)",
        lambda tube: tube[:, [0, 2, 1, 4, 3]],
    ),
    "longer": ("annotated frames that do not exist", longer),
    "late": ("frames off by 9", lambda tube: np.add(tube, [9, 0, 0, 0, 0])[:-9]),
    "in seconds": ("annotated boxes in seconds, not frames", in_seconds),
}


def world(folder: Path, change: Callable[[Tube], Tube]) -> dict[str, object]:
    """J-HMDB's five classes that have clips, annotated so; a file of the boxes where persons really are, and settings
    with the demo's encoder."""
    for name in made.CLIPS:
        write_video(folder / "videos" / f"{name}.avi", pictures(name))
    tubes = {
        name: {CLASSES.index(name.split("/")[0]): [change(tube_of(name)).astype(np.float32)]} for name in made.CLIPS
    }
    write_pickle(
        folder,
        {
            "labels": list(CLASSES),
            "train_videos": [made.TRAIN],
            "test_videos": [made.TEST],
            "gttubes": tubes,
            "nframes": {
                name: len(tube) for name, ((tube,),) in zip(tubes, map(dict.values, tubes.values()), strict=True)
            },
            "resolution": dict.fromkeys(made.CLIPS, (made.HEIGHT, made.WIDTH)),
        },
    )
    rows = [(name, int(frame) - 1, *box, 0.9, "person") for name in made.CLIPS for frame, *box in tube_of(name)]
    lines = [",".join(map(str, row)) for row in [("video_id", "frame", "x1", "y1", "x2", "y2", "score", "what"), *rows]]
    (folder / "boxes.csv").write_text("\n".join(lines) + "\n")
    (folder / "split.yaml").write_text(yaml.safe_dump({"seen": ["catch", "golf", "wave"], "unseen": ["run", "stand"]}))
    return {
        "datasets.jhmdb.root": folder,
        "detector.boxes_from": folder / "boxes.csv",
        "encoder.model": "demo/models/clip.json",
        "encoder.pretrained": "demo/models/clip.safetensors",
    }


@pytest.mark.parametrize("disease", SICK)
def test_a_sick_pickle_is_found_and_named(disease: str, doctor: Doctor, tmp_path: Path) -> None:
    named, change = SICK[disease]
    changed = world(tmp_path, change)
    said = doctor(changed, ("groundtruth", "detect"), dataset="jhmdb", split=f"{tmp_path}/split.yaml")
    assert said.findings == ([named] if named else []), said.lines


def test_width_and_height_are_refused_with_a_guess(tmp_path: Path) -> None:
    changed = {**world(tmp_path, width_and_height), "cache.root": tmp_path / "cache", "device": "cpu"}
    ended = runs.make("doctor", changed, dataset="jhmdb", head="clip_crop", split=f"{tmp_path}/split.yaml")
    assert ended.code == 2
    assert "; are these x, y, width, height?)" in ended.err, ended.err
