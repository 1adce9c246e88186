"""A file that changes while a stage reads it: what is kept is what the digest says, also if the file is put back."""

import os
import pickle
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import stages.detect
import stages.encode
import stages.groundtruth
import stages.index
import stages.text
from tests.datasets.made_jhmdb import write_pickle
from tests.extraction.fakes import FakeEncoder
from tests.learning import made_cache
from tests.learning.made_cache import ThreeBoxes
from zsstad_core.cache import set_aside
from zsstad_core.cache.artifact import Artifact, Group
from zsstad_core.cache.digests import sha256
from zsstad_core.cache.read import read_artifact_table
from zsstad_core.cache.stages import Stage
from zsstad_core.datasets import box_files
from zsstad_core.datasets.jhmdb import Jhmdb
from zsstad_core.errors import DataError
from zsstad_core.frozen import encoder as frozen_encoder
from zsstad_core.frozen.detector import loading
from zsstad_core.learning.finetune_frames import Order, Sample, read_frames
from zsstad_core.plan.plan import Plan
from zsstad_core.progress import Clock
from zsstad_core.video import decode
from zsstad_core.work import Compute, Content, Work, run

CHANGED = "was changed or replaced while it was read"


@contextmanager
def moved_away(path: Path, content: bytes) -> Iterator[None]:
    """In the block another file is in its place; then the file is back, with all it was and its time of writing."""
    aside = path.with_name("aside")
    path.rename(aside)
    path.write_bytes(content)
    yield
    aside.replace(path)


@contextmanager
def written_over(path: Path, content: bytes) -> Iterator[None]:
    """In the block the file has another content; then its own again, and its time of writing."""
    own, status = path.read_bytes(), path.stat()
    path.write_bytes(content)
    yield
    path.write_bytes(own)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


type Change = Callable[[Path, bytes], Any]
both_ways = pytest.mark.parametrize("change", [moved_away, written_over])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made_cache.write_dataset(tmp_path)
    return tmp_path


@pytest.fixture(autouse=True)
def fake_models(monkeypatch: pytest.MonkeyPatch) -> None:
    """Models that cost nothing. The stages find them where they find the real ones."""

    class Encoder(FakeEncoder):
        def __init__(self, settings: object, device: str) -> None:
            pass

        def encode_texts(self, texts: Sequence[str]) -> np.ndarray:
            return np.ones((len(texts), 4), np.float32)

    monkeypatch.setattr(loading, "load_detector", lambda settings, device: ThreeBoxes())
    monkeypatch.setattr(frozen_encoder, "Encoder", Encoder)


def disturbed(work: Work, path: Path, content: bytes, change: Change) -> Work:
    """The work, while whose units are computed the file has another content."""

    def prepare() -> Compute:
        compute = work.prepare()

        def inside(group: Group, artifacts: Sequence[Artifact], clock: Clock) -> Mapping[Stage, Content]:
            with change(path, content):
                return compute(group, artifacts, clock)

        return inside

    return Work(work.name, work.artifacts, prepare, 1.0, work.sources, work.reads_videos)


def clip(made: Plan, number: int) -> tuple[str, Path]:
    video_id = sorted(made.members)[number]
    return video_id, made.videos[video_id].path


@both_ways
@pytest.mark.parametrize("stage", ["index", "detect", "encode"])
def test_a_video_that_is_replaced_and_put_back_is_set_aside(stage: str, change: Change, folder: Path) -> None:
    made = made_cache.made_plan(folder, **{"cache.clips_per_unit": 100})
    works = {"index": stages.index.work, "detect": stages.detect.work, "encode": stages.encode.work}
    if stage != "index":
        run(stages.index.work(made))
        run(stages.groundtruth.work(made))
    if stage == "encode":
        run(stages.detect.work(made))
    work = works[stage](made)
    (video_id, path), (_, other) = clip(made, 0), clip(made, 1)
    digest = sha256(path)
    run(disturbed(work, path, other.read_bytes(), change))
    assert sha256(path) == digest
    failure = set_aside.recorded_failures(made.root, made.members)[video_id]
    assert failure.stage == stage
    assert failure.reason.startswith(f"{path}: {CHANGED}")
    for artifact in work.artifacts:
        assert [unit for unit in artifact.path.glob("unit-*/manifest.json") if video_id in unit.read_text()] == []
        assert artifact.without([video_id]).is_complete()


def test_a_video_that_another_has_replaced_since_the_plan_is_not_read_under_its_digest(folder: Path) -> None:
    made = made_cache.made_plan(folder)
    work = stages.index.work(made)
    (video_id, path), (_, other) = clip(made, 0), clip(made, 1)
    path.write_bytes(other.read_bytes())
    run(Work(work.name, work.artifacts, work.prepare, 1.0, work.sources, work.reads_videos))
    assert CHANGED in set_aside.recorded_failures(made.root, made.members)[video_id].reason
    assert video_id not in set(read_artifact_table(made.index.without([video_id]), "videos")["video_id"])
    after = made_cache.made_plan(folder)  # what stands there now is another content, which nothing is known of
    assert after.set_aside == {}
    run(stages.index.work(after))
    assert video_id in set(read_artifact_table(after.index, "videos")["video_id"])


def test_a_video_whose_time_alone_has_changed_since_the_plan_is_read(folder: Path) -> None:
    made = made_cache.made_plan(folder)
    assert made.members
    os.utime(clip(made, 0)[1], (1, 1))
    run(stages.index.work(made))
    assert made.index.is_complete()


@both_ways
def test_a_training_never_sees_frames_of_another_content(change: Change, folder: Path) -> None:
    made = made_cache.made_plan(folder)
    (video_id, path), (_, other) = clip(made, 0), clip(made, 1)
    content = other.read_bytes()

    @contextmanager
    def reading(name: str) -> Iterator[None]:
        with made.reading(name), change(path, content):
            yield

    samples = [Sample(video_id, 0, np.zeros((1, 4), np.float32))]
    frames = read_frames(samples, Order(samples, 0), made.videos, 0, 1, reading)
    with pytest.raises(DataError, match=CHANGED):
        next(frames)
    frames = read_frames(samples, Order(samples, 0), made.videos, 0, 1, made.reading)
    assert np.array_equal(next(frames)[2], next(decode(made.videos[video_id]))[2])


class Disturbed:
    """A function during which a file has another content."""

    def __init__(self, function: Callable[..., Any], path: Path, content: bytes, change: Change) -> None:
        self._function, self._path, self._content, self._change = function, path, content, change

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        with self._change(self._path, self._content):
            return self._function(*args, **kwargs)

    def __get__(self, owner: Any, _: Any) -> Callable[..., Any]:
        return lambda *args, **kwargs: self(owner, *args, **kwargs)  # as a method


def refused(work: Work, path: Path) -> None:
    """Nothing is made of a file that changes, and one line says so."""
    with pytest.raises(DataError, match=rf"^{path}: {CHANGED}.*run again$"):
        run(work)
    assert [unit for artifact in work.artifacts for unit in artifact.path.glob("unit-*")] == []


@both_ways
def test_weights_that_are_replaced_while_they_load_end_the_run(
    change: Change, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = folder / "clip.pt"
    weights.write_bytes(b"the weights")
    made = made_cache.made_plan(folder, **{"encoder.pretrained": str(weights)})
    run(stages.index.work(made))
    run(stages.groundtruth.work(made))
    run(stages.detect.work(made))
    monkeypatch.setattr(frozen_encoder, "Encoder", Disturbed(frozen_encoder.Encoder, weights, b"other weights", change))
    refused(stages.encode.work(made), weights)
    refused(stages.text.work(made), weights)


@both_ways
@pytest.mark.parametrize("name", ["weights.pth", "config.py"])
def test_files_of_a_detector_that_are_replaced_while_it_loads_end_the_run(
    name: str, change: Change, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = made_cache.made_plan(folder)
    run(stages.index.work(made))
    work, file = stages.detect.work(made), folder / name
    monkeypatch.setattr(loading, "load_detector", Disturbed(loading.load_detector, file, b"another", change))
    refused(work, file)


@both_ways
def test_boxes_from_a_file_that_is_replaced_while_it_is_read_end_the_run(
    change: Change, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = folder / "boxes.csv"
    header = "video_id,frame,x1,y1,x2,y2,score,what\n"
    made = made_cache.made_plan(folder, **{"detector.boxes_from": str(file), "detector.objects_per_frame": 0})
    video_id = sorted(made.members)[0]
    file.write_text(f"{header}{video_id},0,1,1,20,20,0.5,person\n")
    run(stages.index.work(made))
    work = stages.detect.work(made)
    other = f"{header}{video_id},0,1,1,20,20,0.9,person\n".encode()
    monkeypatch.setattr(box_files, "read_boxes", Disturbed(box_files.read_boxes, file, other, change))
    refused(work, file)


@both_ways
def test_an_annotation_that_is_replaced_while_it_is_read_ends_the_run(
    change: Change, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = made_cache.made_plan(folder)
    run(stages.index.work(made))
    work, file = stages.groundtruth.work(made), folder / "jhmdb" / "JHMDB-GT.pkl"
    monkeypatch.setattr(Jhmdb, "groundtruth", Disturbed(Jhmdb.groundtruth, file, file.read_bytes() + b"\n", change))
    refused(work, file)


def test_an_annotation_that_changes_before_its_digest_is_taken_is_read_as_its_digest_says(folder: Path) -> None:
    """A plan reads the list of videos first, and the reader of J-HMDB keeps what it has read."""
    made = made_cache.made_plan(folder)
    run(stages.index.work(made))
    boxes = made.dataset.groundtruth()
    file = folder / "jhmdb" / "JHMDB-GT.pkl"
    content = pickle.loads(file.read_bytes())
    for tubes in content["gttubes"].values():
        for tube in tubes.values():
            tube[0][:, 1] += 1  # x1
    write_pickle(folder / "jhmdb", content)
    run(stages.groundtruth.work(made))
    assert (read_artifact_table(made.groundtruth, "groundtruth")["x1"].min()) == boxes["x1"].min() + 1
