"""Every setting that is marked `BY_DIGEST` names something, and another content of that is noticed by some key."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import TINY_CLIP
from tests.datasets import made_ava, made_folder, made_ucf101_24
from tests.datasets.made_jhmdb import TEST, write_masks
from tests.every_setting import SETTINGS
from tests.golden.system import _fill_stickworld
from tests.made_plans import settings as settings_of
from tests.made_plans import write_dataset
from zsstad_core.plan.plan import Plan
from zsstad_core.settings.base import BY_DIGEST
from zsstad_core.settings.pipeline import Settings

type Chosen = dict[str, Any]


def own(dataset: str, folder: Path) -> Chosen:
    """Settings of a dataset that is made in `folder`."""
    chosen: Chosen = {"dataset": dataset, f"datasets.{dataset}.root": str(folder / dataset)}
    more: dict[str, Chosen] = {
        "ava": {"split": "3", "training.loss": "ava"},
        "folder": {"split": "full", "datasets.folder.annotation": "boxes.csv"},
    }
    return chosen | more.get(dataset, {})


def jhmdb(root: Path) -> None:
    write_dataset(root)
    write_masks(root)
    for name, text in [("boxes.csv", "video_id,frame,x1,y1,x2,y2,score,what\n"), ("texts.yaml", "wave: [a, b]\n")]:
        (root / name).write_text(text)
    for kind in ("frame", "groundtruth", "person", "object", "text"):
        (root / f"tokens-{kind}.npz").write_text(kind)
    shutil.copy(TINY_CLIP, root / "clip.json")
    for name in ("clip.pt", "detector.pth", "detector.py"):
        (root / name).write_text(f"# {name}")


def ucf101_24(root: Path) -> None:
    root.mkdir()
    made_ucf101_24.write_all(root)
    one, two = "Basketball/v_Basketball_g01_c01", "Basketball/v_Basketball_g02_c01"
    annotated = made_ucf101_24.pyannot()
    made_ucf101_24.write_pyannot(root, {**annotated, two: annotated[one]})
    made_ucf101_24.write_clips(root, [two])
    with (root / "trainlist01.txt").open("a") as file:
        file.write(f"{two}.avi 3\n")


def ava(root: Path) -> None:
    made_ava.write_annotation(root)
    made_ava.write_places(root)
    for video in (root / "videos").iterdir():
        (video / f"{video.name}_000001.jpg" if video.is_dir() else video).write_text(video.name)
    for folder in (path for path in (root / "videos").iterdir() if path.is_dir()):
        (folder / "img_000001.jpg").write_text("another picture")


def folder(root: Path) -> None:
    made_folder.write_videos(root)
    made_folder.write_csv(root)
    (root / "texts.yaml").write_text("walking: somebody walks\n")
    (root / "train.txt").write_text("clip.avi\n")


def stickworld(root: Path) -> None:
    _fill_stickworld(settings_of(root.parent, **own("stickworld", root.parent)))


MADE: dict[str, Callable[[Path], None]] = {made.__name__: made for made in (jhmdb, ucf101_24, ava, folder, stickworld)}
UNLABELLED: Chosen = {"datasets.folder.annotation": None, "datasets.folder.labels": ["reading", "walking"]}
CLIP = f"videos/{TEST[0]}.avi"

NAMED: dict[str, tuple[Chosen, str]] = {
    "datasets.jhmdb.root": ({}, CLIP),
    "datasets.jhmdb.videos": ({}, CLIP),
    "datasets.jhmdb.groundtruth": ({"datasets.jhmdb.groundtruth": "puppet_mask"}, f"puppet_mask/{TEST[0]}/*.mat"),
    "datasets.jhmdb.official_splits": ({"datasets.jhmdb.groundtruth": "puppet_mask"}, "splits/catch_test_split1.txt"),
    "datasets.ucf101_24.root": ({}, "videos/*/*.avi"),
    "datasets.ucf101_24.videos": ({}, "videos/*/*.avi"),
    "datasets.ucf101_24.groundtruth": ({}, "pyannot.pkl"),
    "datasets.ucf101_24.test_list": ({}, "testlist01.txt"),
    "datasets.ucf101_24.train_list": ({"datasets.ucf101_24.train_list": "trainlist01.txt"}, "trainlist01.txt"),
    "datasets.ava.root": ({}, "videos/*.mkv"),
    "datasets.ava.videos": ({}, "videos/*.mkv"),
    "datasets.ava.train": ({}, "ava_train_v2.2.csv"),
    "datasets.ava.val": ({}, "ava_val_v2.2.csv"),
    "datasets.ava.labelmap": ({}, "ava_action_list_v2.2.pbtxt"),
    "datasets.ava.excluded_train": ({}, "ava_train_excluded_timestamps_v2.2.csv"),
    "datasets.ava.excluded_val": ({}, "ava_val_excluded_timestamps_v2.2.csv"),
    "datasets.folder.root": ({}, "clip.avi"),
    "datasets.folder.annotation": ({}, "boxes.csv"),
    "datasets.folder.train_list": ({**UNLABELLED, "datasets.folder.train_list": "train.txt"}, "train.txt"),
    "datasets.stickworld.root": ({}, "seed0-*/videos/*/test-000.mp4"),
    "detector.boxes_from": ({"detector.boxes_from": "boxes.csv"}, "boxes.csv"),
    "detector.config": ({"detector.config": "detector.py"}, "detector.py"),
    "detector.checkpoint": ({"detector.checkpoint": "detector.pth"}, "detector.pth"),
    "encoder.tokens_from": ({"encoder.tokens_from": "."}, "tokens-person.npz"),
    "encoder.model": ({"encoder.model": "clip.json", "encoder.pretrained": "random"}, "clip.json"),
    "encoder.pretrained": ({"encoder.pretrained": "clip.pt"}, "clip.pt"),
}
"""A setting -> other settings, and a file that the setting leads to, in the dataset's folder. White space, which no
format minds, is added to it."""

CHOOSING: dict[str, tuple[Chosen, Any]] = {
    "datasets.jhmdb.clips_per_class": ({}, 1),
    "datasets.ucf101_24.clips_per_class": ({}, 1),
    "datasets.ava.frame_files": ({}, "img_{number}.jpg"),
    "datasets.folder.videos": ({**UNLABELLED, "split": "all-unseen", "head": "clip_crop"}, ["clip.avi"]),
    "datasets.folder.labels": ({}, ["reading", "walking", "waving"]),
    "datasets.folder.texts": ({}, "texts.yaml"),
    "encoder.texts": ({}, {"wave": "a person waves"}),
    "encoder.phrasings": ({"encoder.texts": {"wave": ["a person waves", "bye"]}}, "max"),
    "scoring.similarities": ({}, True),
}
"""A setting -> other settings, and a value that chooses other videos, texts or tables than the default does."""

IN_FOLDER = {"detector.boxes_from", "detector.config", "detector.checkpoint", "encoder.tokens_from", "encoder.model"}
IN_FOLDER |= {"encoder.pretrained", "datasets.folder.texts", "datasets.folder.videos"}
"""Settings whose paths start from the current folder, not from the dataset's."""


def found(folder: Path, name: str, chosen: Chosen) -> dict[str, tuple[str, str]]:
    """Key and digest of the wanted videos of every artifact."""
    dataset = name.split(".")[1] if name.startswith("datasets.") else "jhmdb"
    if not (folder / dataset).exists():
        MADE[dataset](folder / dataset)

    def placed(key: str, value: Any) -> Any:
        if key not in IN_FOLDER or value == "random":
            return value
        return (
            [str(folder / dataset / one) for one in value] if isinstance(value, list) else str(folder / dataset / value)
        )

    paths = {key: placed(key, value) for key, value in chosen.items()}
    made = Plan(settings_of(folder, **(own(dataset, folder) | paths)))
    return {artifact.stage.name: (artifact.key, artifact.done.name) for artifact in made.all()}


def test_every_setting_that_is_marked_is_tried_here() -> None:
    marked = {name for name, field in SETTINGS.items() if BY_DIGEST in field.metadata}
    assert NAMED.keys() | CHOOSING.keys() == marked


@pytest.mark.fault(16)
@pytest.mark.parametrize("name", NAMED)
def test_another_content_of_what_it_names_changes_a_key(tmp_path: Path, name: str) -> None:
    chosen, pattern = NAMED[name]
    before = found(tmp_path, name, chosen)
    file = min(tmp_path.glob(f"*/{pattern}"))
    file.write_bytes(file.read_bytes() + b"\n")
    assert found(tmp_path, name, chosen) != before


@pytest.mark.parametrize("name", CHOOSING)
def test_another_choice_changes_a_key(tmp_path: Path, name: str) -> None:
    chosen, value = CHOOSING[name]
    assert found(tmp_path, name, {**chosen, name: value}) != found(tmp_path, name, chosen)


def test_its_own_value_is_in_no_section_that_goes_into_keys() -> None:
    settings = Settings()
    assert not {"config", "checkpoint", "boxes_from"} & settings.detector.content().keys()
    assert "similarities" not in settings.scoring.content()
