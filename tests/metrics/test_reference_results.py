"""Numbers that the reference evaluators print, from the same files. Golden values are read from expected.json."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.metrics.command import run
from tests.metrics.reference_files import (
    faster_rcnn_boxes,
    official_ava_output,
    tubes_as_groundtruth,
    unpickle,
    voc_text_files,
)
from zsstad_core.boxes import select
from zsstad_core.metrics.frame_map import frame_ap
from zsstad_core.metrics.linking import link_tubes
from zsstad_core.metrics.video_map import thresholds, video_ap, video_map
from zsstad_core.settings.results import Scoring
from zsstad_core.tables import BOX

RULES = {
    "first 3 boxes": Scoring(select="first", first=3),
    "score > best - 0.001": Scoring(select="margin", margin=0.001),
    "score >= 0.2": Scoring(select="threshold", threshold=0.2),
    "all boxes": Scoring(select="all"),
}


@pytest.fixture(scope="module")
def expected(realdata: Path) -> dict[str, Any]:
    return json.loads((realdata / "expected.json").read_text())


@pytest.fixture(scope="module")
def groundtruth(realdata: Path) -> pd.DataFrame:
    return tubes_as_groundtruth(unpickle(realdata / "annotations/jhmdb/JHMDB-GT.pkl"))


@pytest.fixture(scope="module")
def persons(realdata: Path, groundtruth: pd.DataFrame) -> pd.DataFrame:
    return faster_rcnn_boxes(realdata / "annotations/st_clip_zs_jhmdb", list(groundtruth["video_id"].unique()))


def unseen_classes(realdata: Path, split: int) -> list[str]:
    splits = realdata / "annotations/st_clip_zs_jhmdb/label_splits"
    return (splits / f"label_split_{split}" / "test_label.txt").read_text().split()


def oracle(groundtruth: pd.DataFrame, boxes: pd.DataFrame, classes: list[str]) -> pd.DataFrame:
    """frame_ap where every box of a video of these classes gets the video's class with probability 1."""
    labelled = boxes.assign(class_name=boxes["video_id"].str.split("/").str[0])
    return frame_ap(groundtruth, labelled[labelled["class_name"].isin(classes)], classes)


def multisports(realdata: Path) -> tuple[pd.DataFrame, pd.DataFrame, list[str]]:
    """Ground truth and detections of mmaction2's MultiSports sample, and all its classes."""
    folder = realdata / "annotations/mmaction2_tests/eval_multisports"
    annotation = unpickle(folder / "gt.pkl")
    flat = np.load(folder / "detections_flat_vid_frame_label_score_xyxy.npy")
    detections = pd.DataFrame(flat[:, 4:], columns=BOX).assign(
        video_id=[annotation["test_videos"][0][int(video)] for video in flat[:, 0]],
        frame=flat[:, 1].astype(int) - 1,
        box=np.arange(len(flat)),
        class_name=[annotation["labels"][int(label)] for label in flat[:, 2]],
        score=flat[:, 3],
    )
    return tubes_as_groundtruth(annotation), detections, annotation["labels"]


def test_multisports_frame_ap_equals_mmaction2s(realdata: Path, expected: dict[str, Any]) -> None:
    ap = frame_ap(*multisports(realdata))["ap"]
    assert ap.notna().sum() == 4  # of 66 classes; the mean is over those with ground truth
    assert 100 * ap.mean() == pytest.approx(expected["mmaction2_eval_multisports"]["frameAP"], abs=1e-9)


def test_multisports_video_map_equals_mmaction2s_with_its_mistake(realdata: Path, expected: dict[str, Any]) -> None:
    """It gives every box that it links the score of the table's last row; so do we here, and get its numbers."""
    groundtruth, detections, labels = multisports(realdata)
    tubes = link_tubes(detections.assign(score=detections["score"].iloc[-1]), labels)
    wanted: list[float | str] = [0.2, 0.5, "0.10:0.90"]
    means = video_map(video_ap(groundtruth, tubes, labels, thresholds(wanted)), wanted)
    golden = expected["mmaction2_eval_multisports"]
    assert 100 * means["0.2"].mean() == pytest.approx(golden["v_map@0.2"], abs=1e-9)
    assert 100 * means["0.5"].mean() == pytest.approx(golden["v_map@0.5"], abs=1e-9)
    assert round(100 * means["0.10:0.90"].mean(), 4) == golden["v_map_0.10:0.90"]  # as printed


def test_multisports_video_map_with_every_box_its_own_score(realdata: Path) -> None:
    """The same boxes linked by their own scores find one more of the four classes' tubes at IoU 0.5."""
    groundtruth, detections, labels = multisports(realdata)
    ap = video_ap(groundtruth, link_tubes(detections, labels), labels, [0.5])[0.5]["ap"]
    assert 100 * ap.mean() == pytest.approx(50, abs=1e-9)


@pytest.mark.parametrize(("name", "ids"), [("eval_detection", "action_list.txt"), ("ava_8videos", None)])
def test_the_command_gives_the_official_ava_results(
    name: str, ids: str | None, realdata: Path, expected: dict[str, Any]
) -> None:
    if ids:
        folder, golden = realdata / "annotations/mmaction2_tests" / name, expected["mmaction2_eval_detection"]
        files = [folder / "gt.csv", folder / "pred.csv", folder / ids]
        per_class = golden["per_class"]
    else:
        folder, golden = realdata / "evaluators" / name, expected[name]
        labels = realdata / "annotations/ava/ava_action_list_v2.1_for_activitynet_2018.pbtxt.txt"
        files = [folder / "gt_8videos.csv", folder / "dets_8videos_noties.csv", labels]
        per_class = official_ava_output(folder / "official_output.txt")
    options = zip(("--groundtruth", "--detections", "--labelmap"), map(str, files), strict=True)
    found = json.loads(run("ava", *(word for option in options for word in option)).stdout)
    assert found["mAP"] == pytest.approx(golden["mAP@0.5"], abs=1e-9)
    assert found["per_class"] == pytest.approx(per_class, abs=1e-9)


def test_voc_equals_the_published_sample_by_both_interpolations(realdata: Path, expected: dict[str, Any]) -> None:
    groundtruth, detections = voc_text_files(realdata / "evaluators/rafaelpadilla_sample")
    golden = expected["rafaelpadilla_sample"]
    for protocol, name in (("voc", "every_point@0.3"), ("voc07", "eleven_point@0.3")):
        ap = frame_ap(groundtruth, detections, ["person"], 0.3, protocol)["ap"]
        assert ap["person"] == pytest.approx(golden[name], abs=1e-9)


def test_the_frame_command_gives_mmaction2s_frame_ap(realdata: Path, expected: dict[str, Any], tmp_path: Path) -> None:
    columns = {"video_id": "video", "class_name": "class", "box": "tube"}
    groundtruth, detections, _ = multisports(realdata)
    groundtruth.rename(columns=columns).to_parquet(tmp_path / "gt.parquet")
    detections.drop(columns="box").rename(columns=columns).to_csv(tmp_path / "det.csv", index=False)
    files = ("--groundtruth", str(tmp_path / "gt.parquet"), "--detections", str(tmp_path / "det.csv"))
    found = json.loads(run("frame", "--protocol", "multisports", *files).stdout)
    assert 100 * found["mAP"] == pytest.approx(expected["mmaction2_eval_multisports"]["frameAP"], abs=1e-9)
    found = json.loads(run("video", *files).stdout)
    assert found["mAP"]["0.5"] == pytest.approx(0.5, abs=1e-9)


def test_multisports_flat_detections_are_the_best_class_of_each_published_sample(realdata: Path) -> None:
    pytest.importorskip("torch")
    folder = realdata / "annotations/mmaction2_tests/eval_multisports"
    height, width = next(iter(unpickle(folder / "gt.pkl")["resolution"].values()))
    rows = []
    for sample in unpickle(folder / "data_samples.pkl"):
        found = sample["pred_instances"]
        pixels = found["bboxes"].numpy() * np.array([width, height, width, height], np.float64)
        for xyxy, scores in zip(pixels, found["scores"].numpy(), strict=True):
            rows.append([0, sample["timestamp"], scores.argmax(), scores.max(), *xyxy])
    np.testing.assert_array_equal(rows, np.load(folder / "detections_flat_vid_frame_label_score_xyxy.npy"))


@pytest.mark.parametrize("split", [1, 2])
@pytest.mark.parametrize("rule", RULES)
def test_oracle_ceilings_equal_the_published_evaluators(
    rule: str, split: int, realdata: Path, expected: dict[str, Any], groundtruth: pd.DataFrame, persons: pd.DataFrame
) -> None:
    ap = 100 * oracle(groundtruth, select(persons, RULES[rule]), unseen_classes(realdata, split))["ap"]
    golden = expected["jhmdb_oracle_ceilings"][rule][f"split {split}"]
    assert ap.mean() == pytest.approx(golden, abs=0.01)
    assert ap.round(2).mean() == pytest.approx(golden, abs=0.005 + 1e-9)  # as printed: classes rounded before the mean


def test_oracle_ceilings_of_single_classes(
    realdata: Path, expected: dict[str, Any], groundtruth: pd.DataFrame, persons: pd.DataFrame
) -> None:
    per_class = oracle(groundtruth, select(persons, RULES["first 3 boxes"]), unseen_classes(realdata, 1))
    golden = expected["jhmdb_oracle_ceilings"]["split 1, first 3, per class"]
    assert (100 * per_class["ap"]).round(2).to_dict() == golden


def test_boxes_without_area_change_no_number(realdata: Path, groundtruth: pd.DataFrame, persons: pd.DataFrame) -> None:
    """The file's three are false positives whatever their class, so a reader may leave them out (and say so)."""
    flat = (persons["x2"] <= persons["x1"]) | (persons["y2"] <= persons["y1"])
    assert set(persons["video_id"][flat].str.split("/").str[0]) == {"shoot_ball"}
    assert flat.sum() == 3
    classes = unseen_classes(realdata, 3)  # the split that has shoot_ball
    for rule in RULES.values():
        with_them = oracle(groundtruth, select(persons, rule), classes)
        without_them = oracle(groundtruth, select(persons[~flat], rule), classes)
        assert with_them["ap"].to_list() == without_them["ap"].to_list()
