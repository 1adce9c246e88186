"""Sick annotations: stickworld's videos as a folder of one's own, with a CSV file of actions."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import yaml

from tests.end_to_end import runs
from tests.end_to_end.doctor.conftest import SPLIT, Doctor, World
from zsstad_core.stickworld.labels import CLASSES
from zsstad_core.tables import BOX

pytestmark = pytest.mark.slow
WIDTH, HEIGHT = 160, 120

type Change = Callable[[pd.DataFrame], pd.DataFrame]


def scaled(width: float, height: float) -> Change:
    by = {"x1": width, "x2": width, "y1": height, "y2": height}
    return lambda rows: rows.assign(**{side: rows[side] * by[side] for side in BOX})


def without(name: str, part: str) -> Change:
    return lambda rows: rows[~((rows["label"] == name) & (rows["part"] == part))]


def to_the_next(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(label=rows["label"].map(dict(zip(CLASSES, [*CLASSES[1:], CLASSES[0]], strict=True))))


def to_any_other(rows: pd.DataFrame) -> pd.DataFrame:
    """Each class is called as some other one, by no rule."""
    other = dict(zip(sorted(CLASSES), sorted(CLASSES, key=lambda name: name[::-1]), strict=True))
    return rows.assign(label=rows["label"].map(other))


SICK: dict[str, tuple[str, Change]] = {
    "healthy": ("", lambda rows: rows),
    "from 1": (
        "frames off by 1",
        lambda rows: rows.assign(frame=rows["frame"] + 1)[
            rows["frame"] < rows.groupby("video")["frame"].transform("max")
        ],
    ),
    "on other pictures": (
        "annotated boxes are pixels of pictures of 100x100",
        scaled(100 / WIDTH, 100 / HEIGHT),
    ),
    "labels": ("labels off by one", to_the_next),
    "any labels": ("labels other than the folders' names", to_any_other),
    "no unseen to test": (
        "empty class, unseen, without ground truth in the test part",
        without(SPLIT.unseen[0], "test"),
    ),
    "no seen to test": ("empty class, seen, without ground truth in the test part", without(SPLIT.seen[0], "test")),
}


@pytest.mark.parametrize("disease", SICK)
def test_a_sick_annotation_is_found_and_named(disease: str, world: World, doctor: Doctor, tmp_path: Path) -> None:
    named, change = SICK[disease]
    changed = folder(world, change, tmp_path)
    said = doctor(changed, ("groundtruth", "detect"), dataset="folder", split=f"{tmp_path}/split.yaml")
    assert said.findings == ([named] if named else []), said.lines


def test_a_seen_class_that_no_training_video_shows_is_found_where_something_is_trained(
    world: World, doctor: Doctor, tmp_path: Path
) -> None:
    changed = folder(world, without(SPLIT.seen[0], "train"), tmp_path)
    choices = {"dataset": "folder", "split": f"{tmp_path}/split.yaml"}
    said = doctor(changed, ("groundtruth",), **choices, head="iclip")
    assert said.findings == ["empty class, seen, without ground truth in the train part"], said.lines
    assert doctor(changed, **choices).findings == []


def test_a_class_whose_persons_are_never_detected_is_found(world: World, doctor: Doctor, tmp_path: Path) -> None:
    changed = folder(world, lambda rows: rows.drop(columns="part"), tmp_path)  # all videos are test videos
    boxes = pd.read_csv(changed["detector.boxes_from"])
    theirs = world.groundtruth.loc[world.groundtruth["class_name"] == SPLIT.unseen[0], "video_id"] + ".mp4"
    moved = boxes["video_id"].isin(theirs)
    boxes.loc[moved, [*BOX]] = [0.0, 0.0, 8.0, 8.0]
    boxes.to_csv(changed["detector.boxes_from"], index=False)
    said = doctor(changed, ("groundtruth", "detect"), dataset="folder", split=f"{tmp_path}/split.yaml")
    assert said.findings == ["no box overlaps the ground truth of a class"], said.lines


REFUSED: dict[str, tuple[str, Change]] = {
    "fractions": ("are these fractions of the frame?", scaled(1 / WIDTH, 1 / HEIGHT)),
    "width and height": (
        "are these width and height?",
        lambda rows: rows.assign(x2=rows["x2"] - rows["x1"], y2=rows["y2"] - rows["y1"]),
    ),
}


@pytest.mark.parametrize("disease", REFUSED)
def test_what_the_reader_refuses_the_doctor_says_in_the_same_line(disease: str, world: World, tmp_path: Path) -> None:
    named, change = REFUSED[disease]
    changed = {**world.settings, **folder(world, change, tmp_path)}
    ended = runs.make("doctor", changed, dataset="folder", head="clip_crop", split=f"{tmp_path}/split.yaml")
    assert ended.code == 2
    (line,) = [line for line in ended.err.splitlines() if line.startswith("error: ")]
    assert f"{tmp_path.name}.csv:2: box [" in line
    assert line.endswith(f"({named})")


def folder(world: World, change: Change, tmp_path: Path) -> dict[str, object]:
    """Settings of the folder with its annotation changed; boxes from a file, so that nothing has to be detected."""
    rows = world.groundtruth.assign(video=world.groundtruth["video_id"] + ".mp4").drop(columns="video_id")
    annotated = change(rows.rename(columns={"class_name": "label", "box": "person"}))
    annotated.to_csv(world.videos / f"{tmp_path.name}.csv", index=False)
    world.boxes.assign(video_id=world.boxes["video_id"] + ".mp4").to_csv(tmp_path / "boxes.csv", index=False)
    (tmp_path / "split.yaml").write_text(yaml.safe_dump({"seen": list(SPLIT.seen), "unseen": list(SPLIT.unseen)}))
    return {
        "datasets.folder.root": world.videos,
        "datasets.folder.annotation": f"{tmp_path.name}.csv",
        "detector.boxes_from": tmp_path / "boxes.csv",
        "encoder.model": "demo/models/clip.json",
        "encoder.pretrained": "demo/models/clip.safetensors",
        "encoder.underscores": "space",
    }
