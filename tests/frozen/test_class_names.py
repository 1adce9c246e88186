"""A detector's class names: as many as its head has classes, and which of them is the person."""

import re
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.frozen.made_detectors import YOLOX, make_detector
from zsstad_core.errors import ModelError
from zsstad_core.frozen.detector.batches import Batches
from zsstad_core.frozen.detector.frame_boxes import FrameBoxes, keep
from zsstad_core.frozen.detector.loading import load_detector
from zsstad_core.frozen.detector.mmdet.classes import class_names
from zsstad_core.frozen.detector.mmdet.config import resolve_config
from zsstad_core.frozen.detector.mmdet.model import _build, load
from zsstad_core.frozen.detector.mmdet.scope import inside_mmdet
from zsstad_core.settings.frozen import Detector as DetectorSettings

ONE_CLASS = YOLOX.replace("model = dict(", "model = dict(bbox_head=dict(num_classes=1), ")
TWO_CLASSES = YOLOX.replace("model = dict(", "model = dict(bbox_head=dict(num_classes=2), ")
FRAME = np.zeros((64, 96, 3), np.uint8)


def named(*classes: str) -> dict[str, object]:
    return {"dataset_meta": {"classes": classes}}


@pytest.mark.fault(63)
@pytest.mark.parametrize("architecture", [YOLOX, ONE_CLASS])
def test_names_of_another_number_than_the_heads_classes_are_refused(tmp_path: Path, architecture: str) -> None:
    """A head of balls with COCO's names found "persons" with 0.81; two names for 80 classes ended in a traceback."""
    wrong = ("person", "ball") if architecture == YOLOX else tuple(f"class {i}" for i in range(80))
    settings = make_detector(tmp_path, architecture, meta=named(*wrong))
    numbers = ("2", "80") if architecture == YOLOX else ("80", "1")
    rule = r"weights\.pth: names {} classes \(.*\), the head of the config has {}; name them in the config".format(
        *numbers
    )
    with pytest.raises(ModelError, match=rule) as error:
        load_detector(settings, "cpu")
    assert "\n" not in str(error.value)


def test_the_way_out_is_one(tmp_path: Path) -> None:
    """Names in the config count where those of the checkpoint do not fit."""
    settings = make_detector(tmp_path, TWO_CLASSES, meta=named(*(f"class {i}" for i in range(80))))
    config = TWO_CLASSES.replace("dataset=dict(", "dataset=dict(metainfo=dict(classes=('dog', 'person')), ")
    (tmp_path / "config.py").write_text(config)
    assert load_detector(settings, "cpu").classes == ("dog", "person")


def test_a_single_name_without_its_comma_is_one_name(tmp_path: Path) -> None:
    settings = make_detector(tmp_path, ONE_CLASS, meta={"dataset_meta": {"classes": "person"}})
    assert load_detector(settings, "cpu").classes == ("person",)


@pytest.mark.parametrize("case", ["balls with COCO's names", "two names for 80 classes"])
def test_real_weights_under_wrong_names_are_refused(realdata: Path, tmp_path: Path, case: str) -> None:
    weights = torch.load(realdata / "weights" / "yolox_nano" / "yolox_nano_mmdet.pth", weights_only=True)
    weights, config = weights.get("state_dict", weights), "yolox/yolox_nano_8xb8-300e_coco.py"
    names, rule = ("person", "ball"), "names 2 classes (person, ball), the head of the config has 80"
    if case == "balls with COCO's names":
        config = str(realdata / "hard_inputs" / "10-detector-class-count" / "one_class_config.py")
        cut = {name: value[32:33] for name, value in weights.items() if "multi_level_conv_cls" in name}
        weights = {**weights, **cut}
        names = tuple((realdata / "weights" / "yolox_nano" / "coco_classes.txt").read_text().splitlines())
        rule = "names 80 classes (person, bicycle, car, ...), the head of the config has 1"
    torch.save({"state_dict": weights, "meta": named(*names)}, tmp_path / "weights.pth")
    with pytest.raises(ModelError, match=re.escape(rule)):
        load_detector(DetectorSettings(config=config, checkpoint=str(tmp_path / "weights.pth")), "cpu")


@pytest.mark.fault(63)
@pytest.mark.parametrize(
    ("config", "rule"),
    [
        ("solov2/solov2-light_r18_fpn_ms-3x_coco.py", "SOLOv2 gives masks and no boxes; take"),
        ("panoptic_fpn/panoptic-fpn_r50_fpn_1x_coco.py", "PanopticFPN gives masks and no boxes; take"),
    ],
)
def test_a_model_without_boxes_is_refused(tmp_path: Path, config: str, rule: str) -> None:
    """SOLO's boxes are all zeros, so that nobody was found, without a word; Panoptic FPN ended in a traceback."""
    torch.save({"state_dict": {"any": torch.zeros(1)}}, tmp_path / "weights.pth")
    with pytest.raises(ModelError, match=rule):
        load(DetectorSettings(config=config, checkpoint=str(tmp_path / "weights.pth")), "cpu")


@pytest.mark.parametrize(
    "config",
    [
        "mask2former/mask2former_r50_8xb2-lsj-50e_coco.py",
        "soft_teacher/soft-teacher_faster-rcnn_r50-caffe_fpn_180k_semi-0.1-coco.py",
    ],
)
def test_the_classes_of_every_family_are_counted(config: str) -> None:
    """Weights without names ended in a traceback where the head is not where most models have it."""
    with inside_mmdet():
        cfg, model, _ = _build(resolve_config(config))
    assert class_names(cfg, model, None, "weights.pth")[:2] == ("person", "bicycle")
    with pytest.raises(ModelError, match=r"names 2 classes .*, the head of the config has 80"):
        class_names(cfg, model, ("person", "ball"), "weights.pth")


# ---- which class is the person


def test_persons_may_have_another_name(tmp_path: Path) -> None:
    settings = make_detector(tmp_path, TWO_CLASSES, meta=named("car", "pedestrian"), person_class="pedestrian")
    assert load_detector(settings, "cpu").classes == ("car", "person")
    assert load(settings, "cpu").classes == ("car", "pedestrian")  # as a fine-tuned checkpoint records them


def test_the_name_that_is_due_is_said(tmp_path: Path) -> None:
    settings = make_detector(tmp_path, TWO_CLASSES, meta=named("Car", "Person"))
    rule = r"finds Car, Person, and no class is called person.*detector\.person_class \(did you mean Person\?\)"
    with pytest.raises(ModelError, match=rule):
        load_detector(settings, "cpu")
    assert load_detector(settings.model_copy(update={"person_class": "Person"}), "cpu").classes == ("Car", "person")


def test_another_class_called_person_is_an_object(tmp_path: Path) -> None:
    settings = make_detector(tmp_path, TWO_CLASSES, meta=named("person", "pedestrian"), person_class="pedestrian")
    classes = load_detector(settings, "cpu").classes
    assert classes == ("other person", "person")
    boxes = FrameBoxes(np.array([[0, 0, 9, 9], [0, 0, 8, 8]], np.float32), np.array([0.9, 0.8]), np.array([0, 1]))
    assert keep(boxes, classes, settings).rows["what"].tolist() == ["person", "other person"]


class Beyond:
    """A detector of somebody's own whose labels go beyond its names."""

    classes, weights = ("person", "ball"), "none"

    def __init__(self, label: int) -> None:
        self.label = label

    def __call__(self, frames: object) -> list[FrameBoxes]:
        return [FrameBoxes(np.array([[0, 0, 9, 9]], np.float32), np.array([0.9]), np.array([self.label]))]


@pytest.mark.fault(63)
@pytest.mark.parametrize("label", [2, 79, -1])
def test_a_label_without_a_name_is_refused_whichever_detector_gives_it(label: int) -> None:
    """-1 was read as the last class, without a word."""
    with pytest.raises(ModelError, match=f"gives label {label}, and names 2 classes, whose labels are 0 to 1"):
        Batches(Beyond(label), Beyond.classes, 8)([FRAME])
