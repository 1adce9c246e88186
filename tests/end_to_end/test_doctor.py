"""Each disease planted in a small stickworld is found by `make doctor` and named; the healthy one gets a clean bill."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pandas as pd
import pytest
import yaml

from tests.end_to_end import runs
from zsstad_core.datasets.stickworld.labels import CLASSES
from zsstad_core.splits import load_split
from zsstad_core.tables import BOX, read_table

pytestmark = pytest.mark.slow
SPLIT = load_split("stickworld", 1, CLASSES)
WIDTH, HEIGHT = 160, 120

type World = Mapping[str, object]
type Doctor = Callable[..., tuple[int, list[str], list[str]]]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Settings of a stickworld with one training and one test clip a class, evaluated once."""
    runs.warm_up()
    folder = tmp_path_factory.mktemp("doctor")
    settings = {
        "datasets.stickworld.root": folder / "stickworld",
        "datasets.stickworld.train_clips": 1,
        "datasets.stickworld.test_clips": 1,
        "cache.root": folder / "cache",
        "device": "cpu",
    }
    choices = {"dataset": "stickworld", "head": "clip_crop", "split": 1}
    runs.run("eval", settings, folder / "healthy", **choices).ok()
    return settings


@pytest.fixture
def doctor(world: World, tmp_path: Path) -> Doctor:
    """Make some stages, then `make doctor`: its exit code, what the findings are, and its other lines."""

    def ask(
        changed: Mapping[str, object], first: tuple[str, ...] = (), **choices: object
    ) -> tuple[int, list[str], list[str]]:
        chosen = {"dataset": "stickworld", "head": "clip_crop", "split": 1, **choices}
        settings = {**world, **changed}
        for stage in first:
            runs.run(stage, settings, tmp_path / stage, **chosen).ok()
        ended = runs.run("doctor", settings, tmp_path / "doctor", **chosen)
        lines = [line.removeprefix("doctor: ") for line in ended.out.splitlines() if line.startswith("doctor: ")]
        said = [line for line in lines[:-1] if not line.startswith("not looked at: ")]
        assert ended.code == (1 if said else 0), ended.out + ended.err
        return ended.code, [line.partition(": ")[0] for line in said], [*said, *lines[len(said) :]]

    return ask


def table(world: World, stage: str, name: str) -> pd.DataFrame:
    files = Path(str(world["cache.root"])).glob(f"stickworld/{stage}-*/unit-*/{name}.parquet")
    return pd.concat([read_table(file, name) for file in files], ignore_index=True)


def test_a_healthy_world_gets_a_clean_bill(doctor: Doctor) -> None:
    code, found, lines = doctor({})
    assert (code, found) == (0, [])
    assert lines[-1] == "nothing found in 16 checks"


def test_make_says_it_too_and_fails_where_something_is_found(world: World) -> None:
    ended = runs.make("doctor", world, dataset="stickworld", head="clip_crop", split=1)
    assert ended.code == 0, ended.out + ended.err
    assert ended.out.splitlines()[-1] == "doctor: nothing found in 16 checks"
    sick = {**world, "encoder.pretrained": "random"}
    ended = runs.make("doctor", sick, dataset="stickworld", head="clip_crop", split=1)
    assert ended.code == 2  # make's own, for any command that fails
    assert ended.out.splitlines()[0].startswith("doctor: RANDOM weights: ")
    assert ended.out.splitlines()[-1].startswith("doctor: 1 finding in ")


@pytest.fixture(scope="module", autouse=True)
def boxes(world: World) -> pd.DataFrame:
    """What the detector found, before any file of boxes has an artifact of its own."""
    return table(world, "detect", "boxes").drop(columns="box")


BOXES: dict[str, tuple[str, Callable[[pd.DataFrame], pd.DataFrame]]] = {
    "swapped": (
        "detected or annotated boxes are y1, x1, y2, x2 (x and y swapped)",
        lambda rows: rows.rename(columns={"x1": "y1", "y1": "x1", "x2": "y2", "y2": "x2"}),
    ),
    "drawn on others": (
        "detected boxes are pixels of pictures of 320x240",
        lambda rows: rows.assign(**{side: 2 * rows[side] for side in BOX}),
    ),
    "from 1": ("detected boxes counted from 1", lambda rows: rows.assign(frame=rows["frame"] + 1)),
    "late": ("frames off by 2", lambda rows: rows.assign(frame=rows["frame"] - 2).query("frame >= 0")),
    "no person": ("the detector finds nobody", lambda rows: rows.assign(what="human")),
    "unsure": ("no person is sure enough to be scored", lambda rows: rows.assign(score=rows["score"] / 20)),
    "healthy": ("", lambda rows: rows),
}


@pytest.mark.parametrize("disease", BOXES)
def test_a_sick_file_of_boxes_is_found_and_named(
    disease: str, boxes: pd.DataFrame, doctor: Doctor, tmp_path: Path
) -> None:
    named, change = BOXES[disease]
    rows = change(boxes)
    rows[["video_id", "frame", *BOX, "score", "what"]].to_csv(tmp_path / "boxes.csv", index=False)
    _, found, lines = doctor({"detector.boxes_from": tmp_path / "boxes.csv"}, ("detect",))
    assert found == ([named] if named else []), lines


def test_class_texts_one_line_off_are_found_as_labels_off_by_one(doctor: Doctor, tmp_path: Path) -> None:
    texts = {}
    for group in (SPLIT.unseen, SPLIT.seen):
        texts |= {name: group[(i + 1) % len(group)].replace("_", " ") for i, name in enumerate(group)}
    (tmp_path / "texts.yaml").write_text(yaml.safe_dump(texts))
    _, found, lines = doctor({"encoder.texts": tmp_path / "texts.yaml"}, ("evaluate",))
    assert found == ["labels off by one"], lines


def test_texts_that_say_the_same_are_found_before_anything_is_encoded(doctor: Doctor, tmp_path: Path) -> None:
    (tmp_path / "texts.yaml").write_text(f"{SPLIT.unseen[0]}: going along\n{SPLIT.seen[0]}: Going along\n")
    _, found, lines = doctor({"encoder.texts": tmp_path / "texts.yaml"})
    assert found == ["a split that shares a class", "class texts that become the same tokens"], lines


@pytest.fixture(scope="module")
def annotation(world: World) -> pd.DataFrame:
    """stickworld's videos as a folder of one's own, with the columns of an annotation; rows with `part`."""
    rows = table(world, "groundtruth", "groundtruth").drop(columns="decoded")
    part = rows["video_id"].str.extract(r"/(train|test)-")[0]
    video = rows["video_id"] + ".mp4"
    return rows.rename(columns={"class_name": "label", "box": "person"}).assign(video=video, part=part)


def clap_is_wave(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(label=rows["label"].map(dict(zip(CLASSES, [*CLASSES[1:], CLASSES[0]], strict=True))))


ANNOTATIONS: dict[str, tuple[str, Callable[[pd.DataFrame], pd.DataFrame]]] = {
    "healthy": ("", lambda rows: rows),
    "from 1": (
        "frames off by 1",
        lambda rows: rows.assign(frame=rows["frame"] + 1)[
            rows["frame"] < rows.groupby("video")["frame"].transform("max")
        ],
    ),
    "on half the size": (
        "annotated boxes are pixels of pictures of 100x100",
        lambda rows: rows.assign(
            x1=rows["x1"] * 100 / WIDTH,
            x2=rows["x2"] * 100 / WIDTH,
            y1=rows["y1"] * 100 / HEIGHT,
            y2=rows["y2"] * 100 / HEIGHT,
        ),
    ),
    "labels": ("labels off by one", clap_is_wave),
    "empty class": (
        "empty class, unseen, without ground truth in the test part",
        lambda rows: rows[~((rows["label"] == SPLIT.unseen[0]) & (rows["part"] == "test"))],
    ),
}


@pytest.mark.parametrize("disease", ANNOTATIONS)
def test_a_sick_annotation_is_found_and_named(
    disease: str, world: World, annotation: pd.DataFrame, boxes: pd.DataFrame, doctor: Doctor, tmp_path: Path
) -> None:
    named, change = ANNOTATIONS[disease]
    (videos,) = Path(str(world["datasets.stickworld.root"])).glob("seed*/videos")
    sick = change(annotation).drop(columns="video_id")
    sick.to_csv(videos / f"{tmp_path.name}.csv", index=False)
    boxes.assign(video_id=boxes["video_id"] + ".mp4").to_csv(tmp_path / "boxes.csv", index=False)
    changed = {
        "datasets.folder.root": videos,
        "datasets.folder.annotation": f"{tmp_path.name}.csv",
        "detector.boxes_from": tmp_path / "boxes.csv",
        "encoder.model": "demo/models/clip.json",
        "encoder.pretrained": "demo/models/clip.safetensors",
        "encoder.underscores": "space",
    }
    (tmp_path / "split.yaml").write_text(yaml.safe_dump({"seen": list(SPLIT.seen), "unseen": list(SPLIT.unseen)}))
    choices = {"dataset": "folder", "split": f"{tmp_path}/split.yaml"}
    _, found, lines = doctor(changed, ("groundtruth", "detect"), **choices)
    assert found == ([named] if named else []), lines
