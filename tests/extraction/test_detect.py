"""Every frame of every clip goes through the detector once, and its boxes stand with it."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.extraction.fakes import FakeDetector, computed, grey_clips
from zsstad_core.cache.stages import DETECT
from zsstad_core.errors import DataError
from zsstad_core.extraction.detect import detect, from_file
from zsstad_core.settings.frozen import Detector as DetectorSettings
from zsstad_core.tables import BOX, table
from zsstad_core.work import Content

CLIPS = {"catch/b": [1, 0, 2], "wave/a": [3], "wave/c": [0, 0, 4, 1, 2]}


def detected(folder: Path, detector: FakeDetector | None = None, clips=CLIPS, **changed: object) -> Content:
    sources = grey_clips(folder, clips)
    chosen = DetectorSettings.model_validate({"person_score": 0.0, "object_score": 0.0, **changed})
    compute = detect(sources, detector or FakeDetector(), chosen)
    return computed(compute, sources, DETECT)[DETECT]


def count(boxes: pd.DataFrame) -> dict[tuple[str, int], int]:
    return {(str(video), int(frame)): len(rows) for (video, frame), rows in boxes.groupby(["video_id", "frame"])}


def test_each_frame_has_its_own_boxes(tmp_path: Path):
    boxes = detected(tmp_path).tables["boxes"]
    expected = {(name, frame): 2 * n for name, numbers in CLIPS.items() for frame, n in enumerate(numbers) if n}
    assert count(boxes) == expected
    pd.testing.assert_frame_equal(boxes, table("boxes", boxes))


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batch=st.integers(1, 12))
def test_frames_are_batched_across_clips_and_the_batch_changes_nothing(batch: int, tmp_path: Path):
    detector = FakeDetector()
    boxes = detected(tmp_path, detector, batch=batch).tables["boxes"]
    assert detector.batches == [len(part) for part in np.split(np.arange(9), range(batch, 9, batch))]
    pd.testing.assert_frame_equal(boxes, detected(tmp_path, batch=1).tables["boxes"])


@pytest.mark.fault(33)
def test_what_the_caps_cut_off_is_counted(tmp_path: Path):
    content = detected(tmp_path, clips={"wave/a": [4, 1]}, persons_per_frame=2, objects_per_frame=3)
    assert content.notes == {"boxes over the caps of a frame": 2 + 1}
    assert count(content.tables["boxes"]) == {("wave/a", 0): 5, ("wave/a", 1): 2}


def test_what_is_below_the_scores_is_not_kept(tmp_path: Path):
    boxes = detected(tmp_path, clips={"wave/a": [4]}, person_score=0.75, object_score=0.85).tables["boxes"]
    assert boxes[["box", "what"]].values.tolist() == [[0, "person"], [1, "person"], [2, "chair"]]
    np.testing.assert_allclose(boxes["score"], [0.9, 0.8, 0.9], rtol=1e-6)


@pytest.mark.fault(32)
def test_clips_without_any_box_give_an_empty_table(tmp_path: Path):
    content = detected(tmp_path, clips={"wave/a": [0, 0]})
    pd.testing.assert_frame_equal(content.tables["boxes"], table("boxes"))


def test_the_unit_says_what_weights_made_it(tmp_path: Path):
    assert detected(tmp_path).made_with == {"weights": "of the weights"}


def test_a_frame_that_does_not_decode_stops_the_unit(tmp_path: Path):
    sources = grey_clips(tmp_path, {"wave/a": [1, 2]})
    (tmp_path / "wave/a/00002.png").write_bytes(b"not a picture")
    compute = detect(sources, FakeDetector(), DetectorSettings(batch=1))
    with pytest.raises(DataError, match=r"00002\.png"):
        computed(compute, sources, DETECT)


# ---- from a file


def boxes_at(*rows: tuple[str, int, float, float, float, float]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["video_id", "frame", *BOX])
    number = frame.groupby(["video_id", "frame"]).cumcount()
    return table("boxes", frame.assign(box=number, score=0.5, what="person"))


def taken(boxes: pd.DataFrame, *video_ids: str) -> list[list[object]]:
    """The boxes of a group, out of a file, for clips of 64 x 48 with two frames."""
    size = {"digest": "", "width": 64, "height": 48, "frames": 2, "fps": 30.0}
    videos = table("videos", pd.DataFrame([{"video_id": name, **size} for name in ("wave/a", "wave/b")]))
    compute = from_file(boxes, videos, {"file": "digest"})
    content = computed(compute, dict.fromkeys(video_ids), DETECT)[DETECT]  # type: ignore[arg-type]
    assert content.made_with == {"file": "digest"}
    return content.tables["boxes"][["video_id", "frame", *BOX]].values.tolist()


@pytest.mark.fault(34)
def test_a_files_boxes_are_clipped_to_the_frame():
    assert taken(boxes_at(("wave/a", 0, -5, 10, 70, 50)), "wave/a") == [["wave/a", 0, 0, 10, 64, 48]]


def test_a_files_boxes_wholly_outside_the_frame_are_left_out():
    outside = [(64, 0, 70, 10), (0, 48, 10, 60), (-9, 0, 0, 10), (0, -9, 10, 0)]
    rows = [("wave/a", 0, *box) for box in outside]
    assert taken(boxes_at(*rows, ("wave/a", 0, 1, 2, 3, 4)), "wave/a") == [["wave/a", 0, 1, 2, 3, 4]]


def test_a_files_boxes_on_frames_that_the_clip_lacks_are_kept():
    assert taken(boxes_at(("wave/a", 7, 1, 2, 3, 4)), "wave/a") == [["wave/a", 7, 1, 2, 3, 4]]


def test_a_unit_takes_the_boxes_of_its_own_clips():
    both = boxes_at(("wave/a", 0, 1, 2, 3, 4), ("wave/b", 0, 1, 2, 3, 4))
    assert taken(both, "wave/b") == [["wave/b", 0, 1, 2, 3, 4]]
    assert taken(both) == []


def test_a_file_without_boxes_gives_units_without_boxes():
    assert taken(table("boxes"), "wave/a") == []
