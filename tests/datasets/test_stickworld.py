"""stickworld in the pipeline: rendered once, whole or not at all, and indexed as any other dataset."""

from pathlib import Path

import pytest

from zsstad_core import video
from zsstad_core.cache.read import read_artifact_table
from zsstad_core.datasets import stickworld as dataset
from zsstad_core.datasets.stickworld import Stickworld
from zsstad_core.errors import DataError, MissingFileError
from zsstad_core.extraction.scan import annotate, scan
from zsstad_core.plan.plan import Plan
from zsstad_core.settings import datasets as settings
from zsstad_core.settings.datasets import Datasets
from zsstad_core.settings.pipeline import Settings
from zsstad_core.settings.running import Cache
from zsstad_core.stickworld import write
from zsstad_core.work import Work, run


def fake_clips(folder: Path, *_: object) -> None:
    (folder / "videos" / "walk").mkdir(parents=True)
    (folder / "videos" / "walk" / "train-000.mp4").touch()


@pytest.fixture
def few(tmp_path: Path) -> settings.Stickworld:
    return settings.Stickworld(root=str(tmp_path / "world"), train_clips=1, test_clips=1)


def test_what_is_rendered_is_not_rendered_again(
    stickworld: settings.Stickworld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(write, "write_clips", None)
    assert len(Stickworld(stickworld).videos()) == 36


def test_a_seed_a_number_and_a_change_of_the_drawing_have_folders_of_their_own(
    few: settings.Stickworld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(write, "write_clips", fake_clips)
    folders = [
        Stickworld(chosen).folder
        for chosen in (few, few.model_copy(update={"seed": 1}), few.model_copy(update={"test_clips": 2}))
    ]
    monkeypatch.setattr(dataset, "_source_digest", lambda: "other")
    folders.append(Stickworld(few).folder)
    assert len(set(folders)) == 4
    assert all(folder.is_dir() for folder in folders)


def test_an_interrupted_rendering_leaves_nothing_that_counts(
    few: settings.Stickworld, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(folder: Path, *_: object) -> None:
        fake_clips(folder)
        (folder / "half").touch()
        raise KeyboardInterrupt

    monkeypatch.setattr(write, "write_clips", interrupted)
    with pytest.raises(KeyboardInterrupt):
        Stickworld(few).videos()
    assert [path.name for path in Path(few.root).iterdir() if not path.name.startswith(".")] == []
    monkeypatch.setattr(write, "write_clips", fake_clips)
    assert not (Stickworld(few).folder / "half").exists()


def test_a_clip_that_was_taken_away_is_missing(few: settings.Stickworld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(write, "write_clips", fake_clips)
    world = Stickworld(few)
    assert [source.video_id for source in world.videos()] == ["walk/train-000"]
    assert len(world.missing()) == 35
    (world.folder / "videos/walk/mine.mp4").touch()
    assert Stickworld(few).unlisted() == ["walk/mine"]
    (world.folder / "videos/walk/train-000.mp4").unlink()
    with pytest.raises(MissingFileError, match="holds no clip any more; remove the folder"):
        Stickworld(few).videos()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match=r"cannot be rendered there .*datasets\.stickworld\.root"):
        Stickworld(settings.Stickworld(root=str(tmp_path / "file" / "world"))).videos()


def test_a_damaged_annotation_is_named(few: settings.Stickworld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(write, "write_clips", fake_clips)
    world = Stickworld(few)
    (world.folder / "annotation.parquet").write_bytes(b"PAR1 but not really")
    with pytest.raises(DataError, match=r"annotation\.parquet: does not read"):
        world.groundtruth()


def test_annotation_and_clips_have_the_same_frames(stickworld: settings.Stickworld) -> None:
    world = Stickworld(stickworld)
    frames = world.groundtruth().groupby("video_id")["frame"].agg(lambda of_clip: set(of_clip))
    for source in world.videos()[::7]:
        assert frames[source.video_id] == {number for number, _, _ in video.decode(source)}


def test_the_stages_index_it(stickworld: settings.Stickworld, tmp_path: Path) -> None:
    plan = Plan(
        Settings(
            dataset="stickworld",
            head="clip_frame",
            cache=Cache(root=str(tmp_path)),
            datasets=Datasets(stickworld=stickworld),
        )
    )
    run(Work("index", [plan.index], lambda: scan(plan.videos)))
    videos = read_artifact_table(plan.index, "videos")
    assert len(videos) == 36
    assert set(videos.width) == {160}
    run(Work("groundtruth", [plan.groundtruth], lambda: annotate(plan.dataset.groundtruth(), videos)))
    annotated = read_artifact_table(plan.groundtruth, "groundtruth")
    assert annotated.decoded.all()
    assert annotated.groupby("video_id").frame.nunique().to_dict() == dict(
        zip(videos.video_id, videos.frames, strict=True)
    )
