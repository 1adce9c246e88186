"""Fine-tuning of real detectors of mmdet on made-up persons: it helps, it reads what it should, it can be killed."""

from pathlib import Path

import numpy as np
import pytest
import torch

from tests.learning.made_persons import DEMO, TUNING, killed_run, make_trainable, recall, run, world
from zsstad_core.errors import CacheError, DataError, ModelError, UserError
from zsstad_core.extraction.footage import unchecked
from zsstad_core.frozen.detector.mmdet import checkpoints
from zsstad_core.frozen.detector.mmdet.model import load
from zsstad_core.learning.finetune import _Batches, finetune, mirror_boxes
from zsstad_core.settings.frozen import Detector as DetectorSettings
from zsstad_core.settings.frozen import Finetune
from zsstad_core.video import VideoSource


@pytest.fixture(autouse=True)
def _one_thread() -> object:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def losses(lines: list[str]) -> list[float]:
    return [float(line.split("loss ")[1].split(",")[0]) for line in lines]


def test_it_finds_persons_that_it_did_not_find(tmp_path: Path) -> None:
    """On clips that it has not seen; and in the file that is handed on."""
    learned, other = world(tmp_path, clips=6, seed=0), world(tmp_path, clips=4, seed=1)
    settings = DEMO.model_copy(update={"finetune": Finetune(epochs=4, batch=8, lr=5e-3, log_every=3)})
    before, lines = recall(settings, other), list[str]()
    file, start = finetune(settings, learned.samples, learned.videos, "cpu", tmp_path / "run", lines.append)
    (tmp_path / "tuned.pth").write_bytes(file)
    after = recall(settings.model_copy(update={"checkpoint": str(tmp_path / "tuned.pth")}), other)
    assert after > before + 0.4
    assert losses(lines)[-1] < 0.6 * losses(lines)[0]
    assert start == checkpoints.digest(Path(DEMO.checkpoint))
    assert checkpoints.read(tmp_path / "tuned.pth").classes == checkpoints.read(Path(DEMO.checkpoint)).classes


@pytest.mark.parametrize("architecture", ["yolox", "faster_rcnn"])
def test_one_and_two_stages_train(architecture: str, tmp_path: Path) -> None:
    """Every part that is not frozen by the config moves, and batch norms keep their statistics."""
    shown = world(tmp_path, clips=2, seed=0)
    settings = make_trainable(tmp_path, architecture, Finetune(epochs=6, batch=8, lr=1e-2, log_every=1))
    lines: list[str] = []
    file, _ = finetune(settings, shown.samples, shown.videos, "cpu", tmp_path / "run", lines.append)
    assert losses(lines)[-1] < losses(lines)[0]
    (tmp_path / "tuned.pth").write_bytes(file)
    before = checkpoints.read(Path(settings.checkpoint)).weights
    after = checkpoints.read(tmp_path / "tuned.pth").weights
    assert before.keys() == after.keys()
    moved = {name for name in before if not torch.equal(before[name], after[name])}
    assert not {name for name in moved if name.endswith(("running_mean", "running_var", "num_batches_tracked"))}
    parts = {name.split(".")[0] for name in moved}
    assert parts >= ({"neck", "rpn_head", "roi_head"} if architecture == "faster_rcnn" else {"neck", "bbox_head"})


def test_the_detector_is_shown_boxes_of_persons_where_they_stand(tmp_path: Path) -> None:
    """Resized and mirrored with their frames: the person's colour is in the box, and not outside of it."""
    shown = world(tmp_path, clips=3, seed=0)
    loaded = load(DEMO, "cpu")
    settings = DetectorSettings(finetune=Finetune(epochs=2, batch=24))
    batches = _Batches(loaded, settings, shown.samples, shown.videos, unchecked)
    batch = batches.batch(0)
    batches.close()
    person = loaded.classes.index("person")
    images = batch["inputs"] * loaded.model.data_preprocessor.std + loaded.model.data_preprocessor.mean
    mirrored_frames = 0
    for image, sample in zip(images, batch["data_samples"], strict=True):
        assert sample.gt_instances.labels.tolist() == [person]
        assert not len(sample.ignored_instances)
        ((x1, y1, x2, y2),) = sample.gt_instances.bboxes.round().int().tolist()
        assert (x2 - x1, y2 - y1) == (2 * 34, 2 * 70)  # frames are seen at twice their size
        body = image[:, y1 + 40 : y2 - 4, x1 + 4 : x2 - 4]
        assert body.std((1, 2)).max() < 12  # one colour, and what the codec did to it
        mirrored_frames += x1 > 160
    assert 0 < mirrored_frames < 24


def test_mirroring_a_box_twice_gives_it_back() -> None:
    boxes = np.array([[3, 4, 30, 40], [0, 0, 64, 48]], np.float32)
    assert mirror_boxes(boxes, 64).tolist() == [[34, 4, 61, 40], [0, 0, 64, 48]]
    assert mirror_boxes(mirror_boxes(boxes, 64), 64).tolist() == boxes.tolist()


# ---- killed, and refused


@pytest.mark.fault(49)
@pytest.mark.parametrize(("at", "going_on_from"), [("finetune: 1/", None), ("finetune: 3/", "iter_2.pth")])
def test_a_killed_fine_tuning_ends_with_the_same_weights(at: str, going_on_from: str | None, tmp_path: Path) -> None:
    undisturbed = run(tmp_path / "clips", tmp_path / "undisturbed")
    killed_run(tmp_path / "clips", tmp_path / "run", at)
    lines: list[str] = []
    weights = run(tmp_path / "clips", tmp_path / "run", lines.append)
    assert (lines[0] == f"finetune: going on from {going_on_from}") == (going_on_from is not None)
    assert weights.keys() == undisturbed.keys()
    assert all(torch.equal(weights[name], undisturbed[name]) for name in weights)


def test_another_seed_learns_otherwise(tmp_path: Path) -> None:
    one = run(tmp_path / "clips", tmp_path / "one")
    other = run(tmp_path / "clips", tmp_path / "other", tuning=TUNING.model_copy(update={"seed": 1}))
    assert any(not torch.equal(one[name], other[name]) for name in one)


def test_checkpoints_of_another_fine_tuning_are_refused(tmp_path: Path) -> None:
    run(tmp_path / "clips", tmp_path / "run")
    with pytest.raises(CacheError, match=r"is of another training \(different: settings\); remove"):
        run(tmp_path / "clips", tmp_path / "run", tuning=TUNING.model_copy(update={"lr": 1e-4}))


@pytest.mark.parametrize("lr", [1e30])
def test_a_learning_rate_that_blows_up_is_one_clear_line(lr: float, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"finetune: .*finite.*; lower detector\.finetune\.lr|finetune: the loss is "):
        run(tmp_path / "clips", tmp_path / "run", tuning=TUNING.model_copy(update={"lr": lr}))


def test_a_detector_that_cannot_be_trained_is_one_clear_line(tmp_path: Path) -> None:
    config = tmp_path / "config.py"
    config.write_text(f"_base_ = {DEMO.config!r}\nmodel = dict(train_cfg=None)\n")
    shown = world(tmp_path, clips=1, seed=0)
    settings = DEMO.model_copy(update={"config": str(config), "finetune": Finetune(epochs=1)})
    with pytest.raises(
        ModelError, match=r"config\.py: mmdet cannot train this detector \(.*\); choose another one, or"
    ):
        finetune(settings, shown.samples, shown.videos, "cpu", tmp_path / "run")


def test_a_detector_without_persons_is_refused_before_it_trains(tmp_path: Path) -> None:
    content = torch.load(DEMO.checkpoint, weights_only=True)
    content["meta"]["dataset_meta"]["classes"] = ("cat", *content["meta"]["dataset_meta"]["classes"][1:])
    torch.save(content, tmp_path / "cats.pth")
    shown = world(tmp_path, clips=1, seed=0)
    settings = DetectorSettings(config=DEMO.config, checkpoint=str(tmp_path / "cats.pth"), finetune=TUNING)
    with pytest.raises(ModelError, match=r"cats\.pth: finds cat, .*; a detector of persons is wanted"):
        finetune(settings, shown.samples, shown.videos, "cpu", tmp_path / "run")


def test_a_clip_that_breaks_under_way_is_one_clear_line(tmp_path: Path) -> None:
    shown = world(tmp_path, clips=2, seed=0)
    broken = tmp_path / "broken.avi"
    broken.write_bytes(b"no video")
    videos = {**shown.videos, "clip 1": VideoSource("clip 1", broken)}
    settings = DEMO.model_copy(update={"finetune": TUNING})
    with pytest.raises(DataError, match=r"broken\.avi: does not decode at frame 0"):
        finetune(settings, shown.samples, videos, "cpu", tmp_path / "run")
