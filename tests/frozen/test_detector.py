"""The detector on real architectures of mmdet: batching, colours, sizes, memory, and what it refuses."""

import hashlib
import logging
import os
import subprocess
import sys
import warnings
from typing import Any

import cv2
import numpy as np
import pytest
import torch

from tests.conftest import ROOT
from tests.frozen.agreement import agreement
from tests.frozen.made_detectors import FASTER_RCNN, YOLOX, make_detector
from zsstad_core.errors import MissingFileError, ModelError
from zsstad_core.frozen.detector.frame_boxes import FrameBoxes
from zsstad_core.frozen.detector.loading import load_detector
from zsstad_core.settings.frozen import Detector as DetectorSettings


def load(settings: DetectorSettings) -> Any:
    return load_detector(settings, "cpu")


@pytest.fixture(scope="module")
def yolox(tmp_path_factory) -> DetectorSettings:
    return make_detector(tmp_path_factory.mktemp("yolox"), YOLOX, batch=4)


@pytest.fixture(scope="module")
def faster_rcnn(tmp_path_factory) -> DetectorSettings:
    return make_detector(tmp_path_factory.mktemp("faster_rcnn"), FASTER_RCNN, batch=4)


def some_frames(*sizes: tuple[int, int]) -> list[np.ndarray]:
    """Smooth coloured frames, as compressed video has them. RGB uint8 [H, W, 3] of each (H, W)."""
    rng = np.random.default_rng(0)
    return [cv2.resize(rng.integers(0, 256, (6, 8, 3), dtype=np.uint8), (w, h)) for h, w in sizes]


MIXED = some_frames((240, 320), (240, 320), (120, 320), (64, 48), (240, 320), (120, 320))


@pytest.mark.parametrize("architecture", ["yolox", "faster_rcnn"])
def test_a_frames_boxes_do_not_depend_on_the_other_frames_of_its_batch(architecture, request):
    detector = load(request.getfixturevalue(architecture))
    together = detector(MIXED)
    alone = [detector([frame])[0] for frame in MIXED]
    assert min(len(boxes.score) for boxes in alone) > 20
    # Convolutions of other batch sizes may round otherwise, and then a box close to a threshold may come or go.
    assert agreement(alone, together, iou=0.99, score=1e-4) > 0.96
    assert agreement(together, alone, iou=0.99, score=1e-4) > 0.96


def test_many_frames_are_one_forward(yolox, monkeypatch):
    detector = load(yolox)
    sizes = []
    monkeypatch.setattr(detector.detector._model, "test_step", recording(detector.detector._model.test_step, sizes))
    detector(some_frames(*[(120, 160)] * 10))
    assert sizes == [4, 4, 2]


def test_boxes_are_those_of_mmdets_own_inference_which_reads_bgr(yolox):
    detector = load(yolox)
    with warnings.catch_warnings(record=True):  # init_detector changes the filters; recording keeps the noise away
        from mmdet.apis import inference_detector, init_detector

        model = init_detector(yolox.config, yolox.checkpoint, device="cpu")
        found = [inference_detector(model, cv2.cvtColor(frame, cv2.COLOR_RGB2BGR)).pred_instances for frame in MIXED]
    expected = []
    for own, frame in zip(found, MIXED, strict=True):
        height, width = frame.shape[:2]
        inside = own.bboxes.clamp(min=0).minimum(torch.tensor([width, height, width, height]))
        expected.append(FrameBoxes(inside.numpy(), own.scores.numpy(), own.labels.numpy()))
    # Rounding depends on the processor, the layout and how a batch is split (a third of a pixel was seen). Boxes of
    # equal scores change places.
    boxes = detector(MIXED)
    assert [len(frame.score) for frame in boxes] == [len(frame.score) for frame in expected]
    for ours, theirs in zip(boxes, expected, strict=True):
        apart_FE = np.abs(ours.xyxy[:, None] - theirs.xyxy[None]).max(2)
        same_FE = (apart_FE < 0.5) & (np.abs(ours.score[:, None] - theirs.score[None]) < 1e-3)
        same_FE &= ours.label[:, None] == theirs.label[None]
        assert same_FE.any(0).mean() > 0.97  # of two boxes that tie, suppression keeps another one
        assert same_FE.any(1).mean() > 0.97
    swapped = detector([frame[..., ::-1] for frame in MIXED])
    assert agreement(detector(MIXED), swapped, iou=0.9, score=0.02) < 0.5


@pytest.mark.parametrize("architecture", ["yolox", "faster_rcnn"])
def test_boxes_are_float32_inside_the_frame(architecture, request):
    for boxes, frame in zip(load(request.getfixturevalue(architecture))(MIXED), MIXED, strict=True):
        assert (boxes.xyxy.dtype, boxes.score.dtype, boxes.label.dtype) == (np.float32, np.float32, np.int64)
        assert boxes.xyxy.min() >= 0
        assert boxes.xyxy[:, 2].max() <= frame.shape[1]
        assert boxes.xyxy[:, 3].max() <= frame.shape[0]
        assert 0 < boxes.score.min() <= boxes.score.max() <= 1
        assert boxes.label.max() < 80


def test_no_frames_give_no_boxes(yolox):
    assert load(yolox)([]) == []


def recording(step, sizes, memory=10**6):
    """`test_step` on a device that holds at most `memory` frames."""

    def limited(batch):
        sizes.append(len(batch["inputs"]))
        if len(batch["inputs"]) > memory:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        return step(batch)

    return limited


@pytest.mark.fault(41)
def test_frames_that_do_not_fit_into_gpu_memory_together_go_in_smaller_batches(yolox, monkeypatch, caplog):
    detector = load(yolox)
    expected = detector(MIXED)
    sizes = []
    monkeypatch.setattr(
        detector.detector._model, "test_step", recording(detector.detector._model.test_step, sizes, memory=2)
    )
    with caplog.at_level(logging.WARNING):
        assert agreement(expected, detector(MIXED), iou=0.99, score=1e-4) > 0.98
    assert "4 frames do not fit into GPU memory, going on with 2" in caplog.text
    assert sizes == [4, 2, 2, 2]
    detector(MIXED)
    assert sizes[4:] == [2, 2, 2]  # it has learned


@pytest.mark.fault(41)
def test_a_gpu_too_small_for_one_frame_is_one_clear_line(yolox, monkeypatch):
    detector = load(yolox)
    monkeypatch.setattr(
        detector.detector._model, "test_step", recording(detector.detector._model.test_step, [], memory=0)
    )
    with pytest.raises(ModelError, match="one frame does not fit into GPU memory"):
        detector(MIXED)


@pytest.mark.fault(45)
def test_a_checkpoint_of_another_model_is_refused_not_half_loaded(yolox, faster_rcnn):
    with pytest.raises(
        ModelError, match=r"does not fit .*config.py: \d+ keys missing \(backbone\.stem.*unknown"
    ) as error:
        load(yolox.model_copy(update={"checkpoint": faster_rcnn.checkpoint}))
    assert "\n" not in str(error.value)


def test_a_wider_model_of_the_same_kind_is_refused(yolox, tmp_path):
    (tmp_path / "wider.py").write_text(f"_base_ = '{yolox.config}'\nmodel = dict(backbone=dict(widen_factor=0.375))\n")
    with pytest.raises(ModelError, match=r"size mismatch for backbone\.stem") as error:
        load(yolox.model_copy(update={"config": str(tmp_path / "wider.py")}))
    assert "\n" not in str(error.value)


def test_leftovers_of_training_in_a_checkpoint_do_no_harm(yolox, tmp_path):
    state = torch.load(yolox.checkpoint)["state_dict"]
    # OpenMMLab's own RTMDet-tiny has the data_preprocessor's; mmdet 2 trained an averaged twin; some drop the counters.
    state.update({"data_preprocessor.mean": torch.zeros(3, 1, 1), "ema_backbone_stem_conv_conv_weight": torch.zeros(1)})
    for counter in [name for name in state if name.endswith("num_batches_tracked")]:
        del state[counter]
    torch.save({"state_dict": state}, tmp_path / "weights.pth")
    detector = load(yolox.model_copy(update={"checkpoint": str(tmp_path / "weights.pth")}))
    assert detector.weights == hashlib.sha256((tmp_path / "weights.pth").read_bytes()).hexdigest()
    assert agreement(load(yolox)(MIXED), detector(MIXED), iou=0.99, score=1e-4) > 0.98


def test_the_checkpoint_of_a_deeper_model_is_refused_though_every_key_is_there(yolox, tmp_path):
    state = torch.load(yolox.checkpoint)["state_dict"]
    state["backbone.stage4.1.blocks.7.conv1.conv.weight"] = torch.zeros(1)
    torch.save({"state_dict": state}, tmp_path / "weights.pth")
    with pytest.raises(ModelError, match=r"1 keys unknown \(backbone\.stage4"):
        load(yolox.model_copy(update={"checkpoint": str(tmp_path / "weights.pth")}))


def test_a_detector_without_persons_is_refused(tmp_path):
    config = YOLOX.replace("model = dict(", "model = dict(bbox_head=dict(num_classes=2), ")
    settings = make_detector(tmp_path, config, meta={"dataset_meta": {"classes": ("cat", "dog")}})
    with pytest.raises(ModelError, match=r"finds cat, dog, and no class.*a detector of persons is wanted"):
        load(settings)


def test_class_names_are_never_guessed_for_another_number_of_classes(tmp_path):
    config = YOLOX.replace("model = dict(", "model = dict(bbox_head=dict(num_classes=2), ")
    settings = make_detector(tmp_path, config)
    with pytest.raises(ModelError, match="does not name its 2 classes"):
        load(settings)
    with_names = config.replace("dataset=dict(", "dataset=dict(metainfo=dict(classes=('dog', 'person')), ")
    (tmp_path / "config.py").write_text(with_names)
    assert load(settings).classes == ("dog", "person")


def test_a_bare_state_dict_of_80_classes_has_cocos_names(yolox):
    classes = load(yolox).classes
    assert classes[0] == "person"
    assert classes[67] == "cell phone"
    assert len(classes) == 80


def test_a_config_that_mmdet_cannot_build_is_one_line(yolox, tmp_path):
    (tmp_path / "broken.py").write_text(f"_base_ = '{yolox.config}'\nmodel = dict(neck=dict(type='NoSuchNeck'))\n")
    with pytest.raises(ModelError, match=r"broken\.py: mmdet cannot build this detector .*NoSuchNeck") as error:
        load(yolox.model_copy(update={"config": str(tmp_path / "broken.py")}))
    assert "\n" not in str(error.value)


def test_a_checkpoint_that_is_not_there_is_named(yolox):
    with pytest.raises(MissingFileError, match=r"no file gone\.pth"):
        load(yolox.model_copy(update={"checkpoint": "gone.pth"}))


def test_thresholds_below_the_models_own_are_told(faster_rcnn, caplog):
    with caplog.at_level(logging.WARNING):
        load(faster_rcnn.model_copy(update={"object_score": 0.001}))
    assert "detector.object_score is 0.001, but config.py gives no box below its own 0.013" in caplog.text
    assert "person_score" not in caplog.text


QUIET_RUN = """
import numpy as np
from zsstad_core.frozen.detector.loading import load_detector
from zsstad_core.settings.frozen import Detector as DetectorSettings

settings = DetectorSettings(config={config!r}, checkpoint={checkpoint!r}, person_score=0.5, object_score=0.5)
load_detector(settings, "cpu")([np.zeros((64, 64, 3), np.uint8)])
"""


def test_detecting_prints_nothing_and_leaves_no_log_files(yolox, tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", QUIET_RUN.format(config=yolox.config, checkpoint=yolox.checkpoint)],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert list(tmp_path.iterdir()) == []
