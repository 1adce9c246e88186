"""Sets of stages that settings redo, and what a changed setting does redo in plans of the small J-HMDB."""

import shutil
from pathlib import Path
from typing import Any

from tests.made_plans import changed, keys, plan, write_dataset

BOXES = {"detect", "tokens-person", "tokens-object"}
TOKENS = {"tokens-frame", "tokens-person", "tokens-object", "tokens-groundtruth"}
SCORED = {"score", "evaluate"}
LEARNED = {"train", *SCORED}
BY_BOXES = BOXES | LEARNED  # training reads objects
BY_TEXT = {"text", *LEARNED}
BY_IMAGES = TOKENS | LEARNED
NOTHING: set[str] = set()
PATHS = {"cache.root", "datasets.jhmdb.root", "detector.boxes_from", "encoder.tokens_from", "encoder.texts"}


def write_dataset_and_copies(folder: Path) -> Path:
    """`folder` with what `redone` needs: a dataset, its parts under other names too, boxes, texts and tokens."""
    root = write_dataset(folder / "jhmdb")
    shutil.copytree(root, folder / "copy")
    shutil.copytree(root / "videos", root / "videos_again")
    shutil.copy(root / "JHMDB-GT.pkl", root / "again.pkl")
    (folder / "boxes.csv").write_text("video_id,frame,x1,y1,x2,y2,score,what\n")
    (folder / "texts.yaml").write_text("wave: a person waves\n")
    (folder / "tokens").mkdir()
    for kind in ("frame", "groundtruth", "person", "object", "text"):
        (folder / "tokens" / f"tokens-{kind}.npz").write_text(f"tokens of kind {kind}")
    return folder


def redone(folder: Path, name: str, value: Any, **base: Any) -> set[str]:
    """The stages whose keys differ once the setting `name` has the value; `base` are settings of both plans."""
    value = str(folder / value) if name in PATHS else value
    return changed(keys(plan(folder, **base)), keys(plan(folder, **base, **{name: value})))
