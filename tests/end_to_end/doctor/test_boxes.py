"""Sick files of detected boxes."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.end_to_end.doctor.conftest import Doctor, World
from zsstad_core.tables import BOX

pytestmark = pytest.mark.slow


def without_a_third(rows: pd.DataFrame) -> pd.DataFrame:
    """Of the test videos nobody in two of five, as of a file that was made of some of the videos."""
    videos = sorted(name for name in rows["video_id"].unique() if "/test-" in name)
    return rows[~rows["video_id"].isin(videos[: len(videos) * 2 // 5])]


def in_seconds(rows: pd.DataFrame) -> pd.DataFrame:
    """One picture a second was looked at, of clips of one to two seconds with 12 frames a second or 15."""
    return rows[rows["frame"].isin([0, 12])].assign(frame=rows["frame"] // 12)


def elsewhere(rows: pd.DataFrame) -> pd.DataFrame:
    """Small boxes anywhere: no reading of them overlaps a person."""
    dice = np.random.default_rng(0)
    x, y = dice.uniform(0, 150, len(rows)), dice.uniform(0, 110, len(rows))
    return rows.assign(x1=x, y1=y, x2=x + 8, y2=y + 8)


SICK: dict[str, tuple[str, Callable[[pd.DataFrame], pd.DataFrame]]] = {
    "healthy": ("", lambda rows: rows),
    "swapped": (
        "detected or annotated boxes are y1, x1, y2, x2 (x and y swapped)",
        lambda rows: rows.rename(columns={"x1": "y1", "y1": "x1", "x2": "y2", "y2": "x2"}),
    ),
    "drawn on others": (
        "detected boxes are pixels of pictures of 320x240",
        lambda rows: rows.assign(**{side: 2 * rows[side] for side in BOX}),
    ),
    "from 1": ("detected boxes counted from 1", lambda rows: rows.assign(frame=rows["frame"] + 1)),
    "of longer videos": (
        "detected boxes on frames that do not exist",
        lambda rows: rows.assign(frame=2 * rows["frame"]),
    ),
    "late": ("frames off by 2", lambda rows: rows.assign(frame=rows["frame"] - 2).query("frame >= 0")),
    "in seconds": ("detected boxes in seconds, not frames", in_seconds),
    "no person": ("the detector finds nobody", lambda rows: rows.assign(what="human")),
    "few videos": ("the detector finds nobody in many videos", without_a_third),
    "unsure": ("no person is sure enough to be scored", lambda rows: rows.assign(score=rows["score"] / 20)),
    "elsewhere": ("no box overlaps a ground truth", elsewhere),
}


@pytest.mark.parametrize("disease", SICK)
def test_a_sick_file_of_boxes_is_found_and_named(disease: str, world: World, doctor: Doctor, tmp_path: Path) -> None:
    named, change = SICK[disease]
    rows = change(world.boxes)
    rows[["video_id", "frame", *BOX, "score", "what"]].to_csv(tmp_path / "boxes.csv", index=False)
    said = doctor({"detector.boxes_from": tmp_path / "boxes.csv"}, ("detect",))
    assert said.findings == ([named] if named else []), said.lines
