"""A large table of detections is evaluated in one process, in memory that grows with its rows, not with its classes."""

import tracemalloc

import numpy as np
import pandas as pd
import pytest

from zsstad_core.metrics.frame_map import frame_ap
from zsstad_core.tables import BOX, table

ROWS = 300_000


def made(classes: int) -> tuple[pd.DataFrame, pd.DataFrame, list[str]]:
    """A tenth as many annotated boxes as detections."""
    rng = np.random.default_rng(0)
    names = [f"class {number}" for number in range(classes)]
    both = []
    for count in (ROWS // 10, ROWS):
        corner = rng.uniform(0, 200, (count, 2)).astype(np.float32)
        frame = pd.DataFrame(np.hstack([corner, corner + 50]), columns=BOX)
        own = {"video_id": "v", "frame": rng.integers(0, 5000, count), "box": np.arange(count)}
        both.append(frame.assign(**own, class_name=np.array(names)[rng.integers(0, classes, count)]))
    truth, found = both
    scores = {"score": rng.random(ROWS), "probability": 0.5, "box_score": 0.5}
    return table("groundtruth", truth.assign(decoded=True)), table("detections", found.assign(**scores)), names


@pytest.mark.fault(52)
def test_memory_grows_with_the_rows_and_not_with_the_classes() -> None:
    peaks = []
    for classes in (60, 600):
        groundtruth, detections, names = made(classes)
        tracemalloc.start()
        assert len(frame_ap(groundtruth, detections, names)) == classes
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert max(peaks) < 200 * ROWS, peaks  # bytes
    assert peaks[1] < 1.2 * peaks[0], peaks
