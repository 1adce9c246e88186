"""The demo's frozen models: the files are the ones that are described, and they see what they were trained to see."""

import hashlib
import subprocess
from pathlib import Path

import numpy as np
import pytest

from demo.pretrain import boxed
from demo.pretrain import detector as detector_training
from demo.pretrain import encoder as encoder_training
from tests.conftest import ROOT
from zsstad_core import configure
from zsstad_core.boxes import iou
from zsstad_core.frozen.detector.frame_boxes import PERSON
from zsstad_core.frozen.detector.loading import load_detector
from zsstad_core.frozen.detector.mmdet import checkpoints
from zsstad_core.frozen.encoder import Encoder
from zsstad_core.frozen.encoder_identity import class_texts
from zsstad_core.frozen.views import views
from zsstad_core.settings.pipeline import Settings
from zsstad_core.stickworld.labels import CLASSES, OBJECTS
from zsstad_core.stickworld.stills import Still, render_still

MODELS = ROOT / "demo" / "models"
WEIGHTS = ("clip.safetensors", "detector.pth")


@pytest.fixture(scope="module")
def settings() -> Settings:
    return configure.load(ROOT / "pipeline.yaml", choices={"dataset": "stickworld"})


@pytest.fixture(scope="module")
def stills() -> list[Still]:
    return [render_still(seed, "test") for seed in range(150)]


def test_the_weights_are_those_whose_digests_stand_beside_them() -> None:
    sums = dict(line.split()[::-1] for line in (MODELS / "SHA256SUMS").read_text().splitlines())
    assert sums == {name: hashlib.sha256((MODELS / name).read_bytes()).hexdigest() for name in WEIGHTS}


def test_what_is_bundled_is_small() -> None:
    tracked = subprocess.run(["git", "ls-files", "demo"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert sum((ROOT / name).stat().st_size for name in tracked.split()) < 15e6


def test_no_still_served_both_models() -> None:
    assert not set(encoder_training.STILLS) & set(detector_training.STILLS)


def test_the_encoder_tells_actions_apart_and_knows_words_for_all_of_them(
    settings: Settings, stills: list[Still]
) -> None:
    encoder = Encoder(settings.encoder, "cpu")
    acting = [(still, person) for still in stills for person in still.persons if person.action]
    crops = np.concatenate([views(still.image, [p.box], encoder.size, settings.encoder.crop) for still, p in acting])
    text_KD = encoder.encode_texts(class_texts(CLASSES, settings.encoder))
    cosine_NK = _unit(encoder.encode_views(crops).astype(np.float32)) @ _unit(text_KD).T
    true_N = np.array([CLASSES.index(str(person.action)) for _, person in acting])
    right_N = cosine_NK.argmax(1) == true_N
    assert len(right_N) > 150
    assert right_N.mean() > 4 / len(CLASSES)
    assert right_N.mean() < 0.95  # as CLIP does: not perfectly, or no head would have anything to add
    assert len(set(true_N[right_N])) > len(CLASSES) / 2


def test_the_detector_finds_the_people(settings: Settings, stills: list[Still]) -> None:
    detector = load_detector(settings.detector, "cpu")
    assert detector.classes == (PERSON, *OBJECTS)
    found = detector([still.image for still in stills])
    true = seen = sure = wrong = 0
    for still, boxes in zip(stills, found, strict=True):
        people = [person.box for person in still.persons if person.visible > 0.5]
        ours = boxes.xyxy[(boxes.score > 0.3) & (boxes.label == 0)]
        overlap = iou(np.array(people).reshape(-1, 4), ours)
        true, seen = true + len(people), seen + int((overlap >= 0.5).any(1).sum())
        everybody = iou(np.array([person.box for person in still.persons]).reshape(-1, 4), ours)
        sure, wrong = sure + len(ours), wrong + int((~(everybody >= 0.5).any(0)).sum())
    assert true > 150
    assert seen / true > 0.97
    assert wrong / sure < 0.1


def test_the_encoder_can_be_trained_anew(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "clip.safetensors"
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(encoder_training, "_BATCH", 16)  # of 256: a whole one takes a minute
    monkeypatch.setattr("sys.argv", ["encoder", "--out", str(out), "--stills", "8", "--steps", "1"])
    encoder_training.main()
    again = settings.encoder.model_copy(update={"pretrained": str(out)})
    bundled, trained = Encoder(settings.encoder, "cpu"), Encoder(again, "cpu")
    assert bundled.weights != trained.weights
    assert trained.encode_texts(["a"]).shape == bundled.encode_texts(["a"]).shape


def test_the_detector_is_trained_on_the_boxes_that_are_in_the_picture(
    stills: list[Still], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    _, classes, transforms = detector_training.build_model()
    np.random.seed(0)  # noqa: NPY002 mmdet's transforms throw these dice
    truth = shown = 0
    for number in range(40):
        still = boxed.boxed_still(number)
        sample = transforms(boxed.as_sample(still, number, classes))
        instances = sample["data_samples"].gt_instances if sample else []
        truth, shown = truth + int((~still.hidden).sum()), shown + len(instances)
        if len(instances):
            width, height = instances.bboxes.tensor[:, 2:].amax(0).tolist()
            assert width <= sample["inputs"].shape[2]
            assert height <= sample["inputs"].shape[1]
            assert {classes[label] for label in instances.labels} <= set(still.what)
    assert 0.7 * truth < shown <= truth  # some are cropped away


def test_the_detector_can_be_trained_anew(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "detector.pth"
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(detector_training, "_BATCH", 4)
    monkeypatch.setattr("sys.argv", ["detector", "--out", str(out), "--stills", "8", "--steps", "2"])
    detector_training.main()
    again = settings.detector.model_copy(update={"checkpoint": str(out)})
    assert load_detector(again, "cpu").classes == (PERSON, *OBJECTS)
    assert checkpoints.read(out).weights.keys() == checkpoints.read(MODELS / "detector.pth").weights.keys()


def _unit(tokens: np.ndarray) -> np.ndarray:
    return tokens / np.linalg.norm(tokens, axis=1, keepdims=True)
