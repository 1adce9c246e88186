"""JHMDB-GT.pkl that is not what it must be: refused where it is read, not later as a strange score."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.datasets.made_jhmdb import annotation, open_jhmdb, write_clips, write_pickle
from zsstad_core.errors import DataError

WAVE = 20


def broken(change: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
    content = annotation()
    change(content)
    return content


def set_tube(content: dict[str, Any], value: Any) -> None:
    content["gttubes"]["wave/a_clip"][WAVE][0] = value


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ([1, 2], "is not J-HMDB's annotation"),
        (broken(lambda c: c.pop("gttubes")), "is not J-HMDB's annotation"),
        (broken(lambda c: c.update(gttubes=None)), "is not J-HMDB's annotation"),
        (broken(lambda c: c["labels"].reverse()), "labels must be J-HMDB's 21 classes"),
        (broken(lambda c: c.update(train_videos=[])), "train_videos holds no list of official split 1"),
        (broken(lambda c: c["test_videos"][0].append("wave/a_clip")), "wave/a_clip is named twice"),
        (broken(lambda c: c["test_videos"][0].append("wave/../../x")), "'wave/../../x' is not a video of J-HMDB"),
        (broken(lambda c: c["test_videos"][0].append("wave/..")), "is not a video of J-HMDB"),
        (broken(lambda c: c["test_videos"][0].append("Basketball/x")), "is not a video of J-HMDB"),
        (broken(lambda c: c["test_videos"][0].append(7)), "7 is not a video of J-HMDB"),
        (broken(lambda c: c["test_videos"][0].append("wave/new")), "wave/new must have exactly one tube, of label 20"),
        (broken(lambda c: c["gttubes"]["wave/a_clip"].update({3: []})), "must have exactly one tube"),
        (broken(lambda c: c["gttubes"]["wave/a_clip"][WAVE].append(0)), "must have exactly one tube"),
        (broken(lambda c: set_tube(c, np.zeros((3, 4)))), r"must be an array \[frames, 5\]"),
        (broken(lambda c: set_tube(c, [[1, 2, 3, 4, 5]])), r"must be an array \[frames, 5\]"),
        (broken(lambda c: set_tube(c, np.array([[0, 1, 2, 3, 4.0]]))), "rising whole numbers from 1"),
        (broken(lambda c: set_tube(c, np.array([[1, 1, 2, 3, np.nan]]))), "boxes finite"),
        (broken(lambda c: set_tube(c, np.array([[2, 1, 2, 3, 4.0], [2, 1, 2, 3, 4]]))), "rising whole numbers"),
        (broken(lambda c: set_tube(c, np.array([[1, 5, 2, 3, 4.0]]))), "wave/a_clip frame 0.*x1 < x2"),
    ],
)
def test_a_wrong_annotation_is_refused_with_its_key(tmp_path: Path, content: Any, words: str):
    write_pickle(tmp_path, content)
    write_clips(tmp_path, ["wave/a_clip"])
    with pytest.raises(DataError, match=words):
        open_jhmdb(tmp_path).groundtruth()
