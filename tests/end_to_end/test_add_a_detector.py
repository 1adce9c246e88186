"""docs/add-a-detector.md is done to a copy of the project, word by word; its detector detects, is cached and keyed."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
import torch
from torchvision.models import get_model, get_model_weights

from tests.conftest import ROOT
from tests.end_to_end.caches import ledger, made
from tests.end_to_end.conftest import Work
from tests.end_to_end.followed import STAGES, change_files, copy_of_the_project, python, write_files
from tests.end_to_end.made import as_set
from zsstad_core.cache.digests import sha256
from zsstad_core.settings.frozen import Detector as DetectorSettings

PAGE = (ROOT / "docs" / "add-a-detector.md").read_text()
FILE = "torchvision_detector.py"
IN_THE_PACKAGE = f"zsstad_core/frozen/detector/{FILE}"
MODEL = "ssdlite320_mobilenet_v3_large"
CLASSES = get_model_weights(MODEL).DEFAULT.meta["categories"]

CONTRACT = """
import sys
from tests.frozen.detector_contract import check
from zsstad_core.settings.frozen import Detector
check(Detector.model_validate_json(sys.argv[1]))
"""


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Random ones, which find boxes everywhere; some lean towards persons."""
    path = tmp_path_factory.mktemp("weights") / "ssdlite.pth"
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = get_model(MODEL, weights=None, weights_backbone=None)
    person = CLASSES.index("person")
    for layer in model.head.classification_head.module_list:
        layer[-1].bias.data.view(-1, len(CLASSES))[:, person] += 0.5
    torch.save(model.state_dict(), path)
    return path


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    tree = copy_of_the_project(tmp_path)
    assert write_files(PAGE, tree) == [FILE]
    shutil.copy(ROOT / "pipeline.yaml", tree)
    return tree


def words(work: Work, weights: Path, kind: str, **changed: object) -> list[str]:
    detector = {"detector.kind": kind, "detector.options.weights": weights, "detector.options.model": MODEL}
    few = {"datasets.jhmdb.clips_per_class": 1}
    scores = {"detector.person_score": 0.0, "detector.object_score": 0.0}
    return ["--split", "2", "--set", as_set({**work.settings, **few, **detector, **scores, **changed})]


def folders(work: Work) -> set[Path]:
    return set((work.cache / "jhmdb").glob("detect-*"))


def test_it_detects_and_moving_it_into_the_package_redoes_nothing(tree: Path, weights: Path, ready: Work) -> None:
    before, lines = folders(ready), len(ledger(ready.cache))
    python("-c", STAGES, "detect", *words(ready, weights, "torchvision_detector:KIND"), tree=tree)
    assert made(ready.cache, lines) == {"detect"}
    (folder,) = folders(ready) - before
    boxes = pd.concat([pd.read_parquet(path) for path in folder.glob("unit-*/boxes.parquet")])
    assert boxes.groupby(["video_id", "frame"]).ngroups >= 10
    assert {"person"} < set(boxes["what"]) < set(CLASSES)
    units = [json.loads(path.read_text()) for path in folder.glob("unit-*/manifest.json")]
    assert {unit["made_with"]["weights"] for unit in units} == {sha256(weights)}

    assert change_files(PAGE, tree) == [IN_THE_PACKAGE, "zsstad_core/frozen/detector/registry.py"]
    lines = len(ledger(ready.cache))
    python("-c", STAGES, "detect", *words(ready, weights, "torchvision"), tree=tree)
    assert made(ready.cache, lines) == set()
    assert folders(ready) == {*before, folder}


def test_the_contract_holds_for_it(tree: Path, weights: Path) -> None:
    options = {"weights": str(weights), "model": MODEL}
    settings = DetectorSettings(kind="torchvision_detector:KIND", options=options, batch=2)
    python("-c", CONTRACT, settings.model_dump_json(), tree=tree)


def test_what_a_user_gets_wrong_is_one_line(tree: Path, weights: Path, ready: Work) -> None:
    def refused(**changed: object) -> str:
        options = {name.replace("__", "."): value for name, value in changed.items()}
        asked = words(ready, weights, "torchvision_detector:KIND", **options)
        return python("-c", STAGES, "detect", *asked, tree=tree, code=2).splitlines()[-1]

    assert refused(detector__options__model="fcos_resnet50_fpn") == (
        f"error: {weights}: does not fit fcos_resnet50_fpn; take the model's own weights"
    )
    assert "detector.options.model is 'yolo'; it must be 'fasterrcnn_resnet50_fpn_v2'" in refused(
        detector__options__model="yolo"
    )
