"""A detector of somebody's own: how it is named, what goes into the key, what is refused, and how it is called."""

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.frozen import detector_contract
from tests.frozen.made_detectors import YOLOX, make_detector
from tests.made_plans import changed, keys, plan, write_dataset
from zsstad_core.errors import MissingFileError, ModelError, SettingsError
from zsstad_core.frozen.detector.loading import load_detector
from zsstad_core.frozen.detector.registry import DETECTORS, find_kind
from zsstad_core.plan.plan import Plan
from zsstad_core.settings.frozen import Detector as DetectorSettings

MADE = "tests.frozen.made_kinds"
BOXES = {"detect", "tokens-person", "tokens-object", "train", "score", "evaluate"}  # training reads objects


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_dataset(tmp_path / "jhmdb")
    (tmp_path / "weights").write_text("0123")
    return tmp_path


def corners(folder: Path, kind: str = "CORNERS", **options: object) -> DetectorSettings:
    return DetectorSettings(kind=f"{MADE}:{kind}", options={"weights": str(folder / "weights"), **options}, batch=4)


def with_corners(folder: Path, options: dict[str, Any] | None = None, kind: str = "CORNERS", **others: Any) -> Plan:
    own = {
        "detector.kind": f"{MADE}:{kind}",
        "detector.options": {"weights": str(folder / "weights"), **(options or {})},
    }
    return plan(folder, **{**own, **others})


# ---- the contract


@pytest.mark.parametrize("name", DETECTORS)
def test_every_detector_of_the_list_calls_itself_so(name: str) -> None:
    assert find_kind(name).name == name


def test_the_contract_holds_for_mmdet(tmp_path: Path) -> None:
    detector_contract.check(make_detector(tmp_path, YOLOX, batch=4))


def test_the_contract_is_noticed_where_it_does_not_hold(folder: Path) -> None:
    """This detector's module imports torch at its head, which is all that is wrong with it."""
    with pytest.raises(AssertionError, match="a plan loads nothing heavy for a key"):
        detector_contract.check(corners(folder))


# ---- the key


def test_another_detector_redoes_the_boxes_and_what_reads_them(folder: Path) -> None:
    assert changed(keys(plan(folder)), keys(with_corners(folder))) == BOXES
    assert changed(keys(with_corners(folder)), keys(with_corners(folder, kind="CHAIRS"))) == BOXES


def test_the_key_has_what_the_kind_says_and_none_of_mmdets_settings(folder: Path) -> None:
    detector = with_corners(folder, {"side": 3}).detect.inputs["detector"]
    weights = "1be2e452b46d7a0d9656bbb1f768e8248eba1b75baed65f5d99eafa948899a6a"  # SHA-256 of 0123
    assert detector["options"] == {"side": 3}
    assert (detector["kind"], detector["code"], detector["weights"]) == ("corners", 1, weights)
    assert set(detector) == {
        *("kind", "options", "code", "weights"),
        *("person_score", "persons_per_frame", "object_score", "objects_per_frame"),
    }


def test_the_key_of_mmdet_has_neither_kind_nor_options(folder: Path) -> None:
    detector = plan(folder, **{"detector.kind": "mmdet", "detector.options": {}}).detect.inputs["detector"]
    assert set(detector) == {
        *("config", "checkpoint", "versions"),
        *("person_score", "persons_per_frame", "object_score", "objects_per_frame"),
    }


def test_options_decide_the_key_and_those_that_only_say_how_do_not(folder: Path) -> None:
    before = keys(with_corners(folder))
    assert changed(before, keys(with_corners(folder, {"side": 3}))) == BOXES
    assert changed(before, keys(with_corners(folder, {"side": 8, "fits": 2}))) == set()


def test_what_the_kind_says_replaces_a_setting_of_the_same_name(folder: Path) -> None:
    assert with_corners(folder, kind="REPLACED").detect.inputs["detector"]["person_score"] == 0.1


def test_a_files_content_decides_and_its_place_does_not(folder: Path) -> None:
    before = keys(with_corners(folder))
    (folder / "weights").rename(folder / "moved")
    assert keys(with_corners(folder, {"weights": str(folder / "moved")})) == before
    (folder / "weights").write_text("4567")
    assert changed(before, keys(with_corners(folder))) == BOXES


@pytest.mark.parametrize("name", ["detector.config", "detector.checkpoint"])
def test_what_only_mmdet_reads_redoes_nothing_of_another_detector(folder: Path, name: str) -> None:
    assert keys(with_corners(folder, **{name: "there is no such file"})) == keys(with_corners(folder))


# ---- refused with one line


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        (
            "mmdte",
            r"detector\.kind is mmdte; it must be one of mmdet \(did you mean mmdet\?\), or a detector of yours as",
        ),
        ("yolo", r"detector\.kind is yolo; it must be one of mmdet, or a detector of yours as module:name"),
        (":KIND", r"detector\.kind is :KIND; it must be one of"),
        (
            "no_such_module:KIND",
            r"no_such_module:KIND; no_such_module cannot be imported \(No module named 'no_such_mo",
        ),
        (f"{MADE}:GONE", r"; module tests\.frozen\.made_kinds has no DetectorKind called GONE"),
        (f"{MADE}:NOT_A_KIND", r"; module tests\.frozen\.made_kinds has no DetectorKind called NOT_A_KIND"),
        (f"{MADE}:IMPOSTOR", r"made_kinds:IMPOSTOR, which calls itself mmdet; that name is taken, choose another"),
    ],
)
def test_a_kind_that_there_is_not_is_refused(folder: Path, kind: str, line: str) -> None:
    with pytest.raises(SettingsError, match=line) as error:
        keys(plan(folder, **{"detector.kind": kind}))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (
            {"sise": 3},
            r"detector\.options\.sise is not an option of corners \(did you mean side\?\); its options are we",
        ),
        ({"side": 0}, r"detector\.options\.side is 0; it must be greater than or equal to 1"),
        ({"side": "3"}, r"detector\.options\.side is '3'; it must be an? (valid )?integer"),
        ({"weights": None}, r"detector\.options\.weights is None; it must be a string"),
    ],
)
def test_an_option_that_does_not_fit_is_refused(folder: Path, options: dict[str, Any], line: str) -> None:
    with pytest.raises(SettingsError, match=line) as error:
        keys(with_corners(folder, options))
    assert "\n" not in str(error.value)


def test_an_option_that_is_needed_and_not_set_is_explained(folder: Path) -> None:
    line = r"detector\.options\.weights is not set, and corners needs it: File of the weights\."
    with pytest.raises(SettingsError, match=line):
        keys(plan(folder, **{"detector.kind": f"{MADE}:CORNERS"}))


def test_options_are_refused_by_mmdet_which_has_none(folder: Path) -> None:
    line = r"detector\.options\.side is not an option of mmdet; it has no options"
    with pytest.raises(SettingsError, match=line):
        keys(plan(folder, **{"detector.options": {"side": 3}}))


def test_fine_tuning_is_refused_where_the_kind_cannot_be_trained(folder: Path) -> None:
    line = (
        r"detector\.finetune\.epochs is 10, but a detector of kind corners cannot be fine-tuned; set it to 0, or choose"
    )
    with pytest.raises(SettingsError, match=line):
        keys(with_corners(folder, **{"detector.finetune.epochs": 10}))


def test_weights_that_are_not_there_are_named_by_the_plan(folder: Path) -> None:
    with pytest.raises(MissingFileError, match=r"gone"):
        keys(with_corners(folder, {"weights": str(folder / "gone")}))


def test_a_detector_without_persons_is_refused(folder: Path) -> None:
    with pytest.raises(
        ModelError, match=r"made_kinds:CHAIRS: finds chair, table, and no class is called person; a detec"
    ):
        load_detector(corners(folder, "CHAIRS"), "cpu")


# ---- called


def test_any_detector_is_called_in_batches_and_its_boxes_are_clipped_to_the_frame(folder: Path) -> None:
    detector: Any = load_detector(corners(folder), "cpu")
    found = detector(detector_contract.frames())
    assert detector.detector.calls == [4, 1]
    assert (detector.classes, detector.weights) == (("chair", "person"), "0123")
    for boxes, frame in zip(found, detector_contract.frames(), strict=True):
        height, width = frame.shape[:2]
        assert boxes.xyxy.tolist() == [[0, 0, 8, 8], [width - 8, height - 8, width, height]]


@pytest.mark.fault(41)
def test_the_batch_of_any_detector_is_halved_where_gpu_memory_does_not_suffice(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    detector: Any = load_detector(corners(folder, fits=2), "cpu")
    with caplog.at_level(logging.WARNING):
        assert len(detector(detector_contract.frames())) == 5
    assert "4 frames do not fit into GPU memory, going on with 2" in caplog.text
    assert detector.detector.calls == [4, 2, 2, 1]
    with pytest.raises(ModelError, match="one frame does not fit into GPU memory"):
        load_detector(corners(folder, fits=0), "cpu")([np.zeros((4, 4, 3), np.uint8)])
