"""What is explained is what `make eval` counts, whichever frames and labels the settings choose."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.report.small_tables import Real, Seen, found, truth
from zsstad_core.evaluation.detection import evaluate
from zsstad_core.evaluation.rows import evaluated_rows
from zsstad_core.report.error_fixes import AS_IS, fix_errors
from zsstad_core.report.error_kinds import error_kinds
from zsstad_core.settings.pipeline import Settings
from zsstad_core.splits import LabelSplit

SPLIT = LabelSplit("made-1", seen=("sit", "run"), unseen=("wave",))
HERE = (0, 0, 10, 10)
ANNOTATED = pd.concat(
    [
        truth(Real("c", 0, HERE, ("sit", "wave")), Real("a", 0, HERE, ("wave",)), Real("a", 1, HERE, ("run",))),
        truth(Real("c", 9, HERE, ("sit",)), decoded=False),
    ],
    ignore_index=True,
)
MISSING = truth(Real("b", 0, HERE, ("run",)), decoded=False)
DETECTIONS = found(
    Seen("a", 0, HERE, {"wave": 0.5, "sit": 0.6, "run": 0.1}),
    Seen("a", 1, HERE, {"wave": 0.7, "sit": 0.2, "run": 0.4}),
    Seen("a", 7, HERE, {"wave": 0.8, "sit": 0.9, "run": 0.3}),  # nobody is annotated
    Seen("c", 0, HERE, {"wave": 0.4, "sit": 0.5, "run": 0.6}),
)


@pytest.mark.parametrize("labels", ["own", "all", "unseen", "seen"])
@pytest.mark.parametrize("frames", ["all", "annotated", "decoded"])
@pytest.mark.parametrize("protocol", ["multisports", "ava"])
def test_what_is_explained_is_the_map_of_make_eval(labels: str, frames: str, protocol: str) -> None:
    chosen: dict[str, Any] = {"evaluation": {"frames": frames, "protocol": protocol}, "scoring": {"labels": labels}}
    settings = Settings.model_validate({"head": "clip_crop", **chosen})
    metrics = evaluate(settings, SPLIT, ANNOTATED, MISSING, DETECTIONS)
    rows = evaluated_rows(settings, SPLIT, ANNOTATED, MISSING, DETECTIONS)
    ap = fix_errors(error_kinds(rows.groundtruth, rows.detections, rows.classes, rows.iou, rows.protocol)).alone[AS_IS]
    assert ap.to_dict() == pytest.approx({name: row["ap"] for name, row in metrics["classes"].items()})
    for group, classes in (("unseen", rows.split.unseen), ("seen", rows.split.seen)):
        mean = ap.loc[list(classes)].mean()
        assert (None if np.isnan(mean) else mean) == metrics[group]
