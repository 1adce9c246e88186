"""A fine-tuned detector beside the one that it came from: each gives what it is asked for."""

import numpy as np

from zsstad_core.frozen.detector.frame_boxes import FrameBoxes
from zsstad_core.frozen.detector.persons_and_objects import PersonsAndObjects

FRAMES = [np.zeros((4, 4, 3), np.uint8)] * 2


class Fake:
    """Finds a chair, a person and a ball in each frame, with one score."""

    classes = ("chair", "person", "ball")

    def __init__(self, score: float) -> None:
        self.score, self.weights, self.asked = score, f"digest {score}", 0

    def __call__(self, frames: list[np.ndarray]) -> list[FrameBoxes]:
        self.asked += len(frames)
        return [
            FrameBoxes(np.full((3, 4), i, np.float32), np.full(3, self.score), np.arange(3)) for i in range(len(frames))
        ]


def test_persons_are_the_tuned_ones_and_objects_the_firsts() -> None:
    both = PersonsAndObjects(Fake(0.9), Fake(0.4))  # type: ignore[arg-type]
    for number, found in enumerate(both(FRAMES)):
        assert found.label.tolist() == [1, 0, 2]
        assert found.score.tolist() == [0.9, 0.4, 0.4]
        assert found.xyxy.tolist() == [[number] * 4] * 3
    assert both.weights == "digest 0.9 (persons), digest 0.4 (objects)"


def test_without_a_detector_of_objects_there_are_only_persons() -> None:
    persons = PersonsAndObjects(Fake(0.9), None)  # type: ignore[arg-type]
    assert [found.label.tolist() for found in persons(FRAMES)] == [[1], [1]]
    assert persons.weights == "digest 0.9 (persons)"
